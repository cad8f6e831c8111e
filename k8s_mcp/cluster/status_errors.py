"""Turns the API's refusals and network faults into errors a person can act on."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import orjson

from k8s_diagnosis.objects.access import JsonObject, read_maps, read_text
from k8s_mcp.cluster.requests import ApiRequest
from k8s_mcp.cluster.role_advice import write_role
from k8s_mcp.errors import (
    AccessDenied,
    ChangeConflict,
    ClusterError,
    ClusterUnreachable,
    CredentialsRejected,
    EvictionRefused,
    FieldsOwned,
    NothingConfigured,
    ObjectNotFound,
    OutcomeUnknown,
    OwnedField,
    RequestRefused,
)
from mcp_kit.sanitising import sanitise_line

_DENIED_VERB = re.compile(r"cannot (create|update|patch|delete) resource")
_NOTHING_READ = "Nothing was read: do not guess."


def unreachable(server: str, *, reason: str, advice: str) -> ClusterUnreachable:
    return ClusterUnreachable(
        f"Cannot reach the Kubernetes API at {shown_url(server)} ({reason}). {_NOTHING_READ} {advice}"
    )


def unknown_outcome(request: ApiRequest, *, reason: str) -> OutcomeUnknown:
    """A fault after a change was sent."""
    return OutcomeUnknown(f"The answer to {request} was lost ({reason}), so it may have taken effect or not.")


def not_configured(reason: str) -> ClusterUnreachable:
    return ClusterUnreachable(f"No Kubernetes cluster is configured: {reason}. {_NOTHING_READ} Set KUBECONFIG_PATH.")


def login_failed(plugin: str, *, reason: str, advice: str = "") -> ClusterUnreachable:
    return ClusterUnreachable(
        f"The login plugin {plugin!r} of this kubeconfig context failed: {reason}. {_NOTHING_READ} {advice}".rstrip()
    )


def no_api(request: ApiRequest, *, server: str, reason: str) -> RequestRefused:
    """An answer that no Kubernetes API gives."""
    return RequestRefused(
        f"The answer of {shown_url(server)} to {request} {reason}. {_outcome(request)} Is the server address of this "
        "kubeconfig context that of a Kubernetes API, and no login page or proxy before it?"
    )


def nothing_configured() -> NothingConfigured:
    return NothingConfigured(
        "No Kubernetes cluster is configured: there is no KUBECONFIG_PATH, no KUBECONFIG, no ~/.kube/config, and this"
        f" is not a pod. {_NOTHING_READ} Set KUBECONFIG_PATH."
    )


def shown_url(url: str) -> str:
    """The address without user name and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def refusal(status: int, body: bytes, *, request: ApiRequest, server: str) -> ClusterError:
    """The error for an answer of 400 or more."""
    message = _message_of(body)
    match status:
        case 401:
            return CredentialsRejected(
                f"The Kubernetes API at {shown_url(server)} does not accept the credentials (401) for {request}. "
                f"{_outcome(request)} Renew the login of this kubeconfig context."
            )
        case 403:
            return AccessDenied(_explain_forbidden(request, message))
        case 404:
            return ObjectNotFound(message or f"Not found: {request}")
        case 409:
            owned = _find_owned_fields(body)
            return FieldsOwned(message, owned) if owned else ChangeConflict(message or "The object changed meanwhile")
        case 400 | 405 | 406 | 415 | 422:
            return RequestRefused(f"The Kubernetes API refused to {request} ({status}): {message}")
        case 429 if request.subresource == "eviction":
            return EvictionRefused(_first_cause(body) or message)
        case _ if status >= 500 and request.may_change:
            return unknown_outcome(request, reason=f"{status}: {message or 'no reason given'}")
        case _:
            return ClusterUnreachable(
                f"The Kubernetes API at {shown_url(server)} failed to {request} ({status}): "
                f"{message or 'no reason given'}. {_outcome(request)} Try again shortly."
            )


def _causes(body: bytes) -> list[JsonObject]:
    try:
        return read_maps(orjson.loads(body), "details", "causes")
    except orjson.JSONDecodeError:
        return []


def _first_cause(body: bytes) -> str:
    return next((sanitise_line(read_text(each, "message"), max_characters=300) for each in _causes(body)), "")


def _find_owned_fields(body: bytes) -> tuple[OwnedField, ...]:
    """The causes of a refused apply: `conflict with "kubectl-create" using v1` and the field."""
    return tuple(
        OwnedField(
            manager=sanitise_line(read_text(each, "message").partition('"')[2].partition('"')[0], max_characters=100),
            field=sanitise_line(read_text(each, "field"), max_characters=200),
        )
        for each in _causes(body)
        if read_text(each, "reason") == "FieldManagerConflict"
    )


def _outcome(request: ApiRequest) -> str:
    """What an answer with a status means: the API server decided, so a change was not made."""
    return _NOTHING_READ if request.is_read else "Nothing was changed."


def _explain_forbidden(request: ApiRequest, message: str) -> str:
    if request.document:
        return f"Not allowed (403): {request}. {message} {_NOTHING_READ}"
    denied = _DENIED_VERB.search(message)
    if denied and not request.is_read:
        # An apply may lack the right to create, although it is a patch.
        request = replace(request, verb=denied.group(1))
    narrower = (
        " Or name a namespace you may read."
        if request.is_read and request.resource.is_namespaced and request.namespace is None
        else ""
    )
    return (
        f'Not allowed (403): {request}. {message} {_outcome(request)} Missing: verb "{request.verb}" on '
        f'"{request.resource_text}" of API group "{request.resource.group}".{narrower} An administrator can grant it '
        f"with kubectl apply:\n{write_role(request, message=message)}"
    )


def _message_of(body: bytes) -> str:
    try:
        status = orjson.loads(body)
    except orjson.JSONDecodeError:
        return sanitise_line(body[:300].decode(errors="replace"), max_characters=300)
    message = status.get("message") if isinstance(status, dict) else None
    return sanitise_line(str(message or ""), max_characters=500)
