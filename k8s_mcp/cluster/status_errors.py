"""Turns the API's refusals and network faults into errors a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from k8s_mcp.errors import (
    AccessDenied,
    ChangeConflict,
    ClusterError,
    ClusterUnreachable,
    CredentialsRejected,
    ObjectNotFound,
    RequestRefused,
)
from mcp_kit.sanitising import sanitise_line

_NOTHING_READ = "Nothing was read: do not guess."


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What was asked of the API, in words for an error message."""

    verb: str
    resource: str
    namespace: str | None
    is_namespaced: bool = True

    def __str__(self) -> str:
        if not self.is_namespaced:
            return f"{self.verb} {self.resource}"
        place = f'namespace "{self.namespace}"' if self.namespace else "all namespaces"
        return f"{self.verb} {self.resource} in {place}"


def unreachable(server: str, *, reason: str, advice: str) -> ClusterUnreachable:
    return ClusterUnreachable(
        f"Cannot reach the Kubernetes API at {shown_url(server)} ({reason}). {_NOTHING_READ} {advice}"
    )


def not_configured(reason: str) -> ClusterUnreachable:
    return ClusterUnreachable(f"No Kubernetes cluster is configured: {reason}. {_NOTHING_READ} Set KUBECONFIG_PATH.")


def shown_url(url: str) -> str:
    """The address without user name and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def refusal(status: int, body: bytes, *, request: RequestFacts, server: str) -> ClusterError:
    """The error for an answer of 400 or more."""
    message = _message_of(body)
    match status:
        case 401:
            return CredentialsRejected(
                f"The Kubernetes API at {shown_url(server)} does not accept the credentials (401) for {request}. "
                f"{_NOTHING_READ} Renew the login of this kubeconfig context."
            )
        case 403:
            return AccessDenied(
                f"Not allowed (403): {request}. {message} {_NOTHING_READ} "
                f'Ask for a Role with verb "{request.verb}" on "{request.resource}", or name a namespace you may read.'
            )
        case 404:
            return ObjectNotFound(message or f"Not found: {request}")
        case 409:
            return ChangeConflict(message or "The object changed since it was read")
        case 400 | 405 | 406 | 415 | 422:
            return RequestRefused(f"The Kubernetes API refused to {request} ({status}): {message}")
        case _:
            return ClusterUnreachable(
                f"The Kubernetes API at {shown_url(server)} failed to {request} ({status}): "
                f"{message or 'no reason given'}. {_NOTHING_READ} Try again shortly."
            )


def _message_of(body: bytes) -> str:
    try:
        status = orjson.loads(body)
    except orjson.JSONDecodeError:
        return sanitise_line(body[:300].decode(errors="replace"), max_characters=300)
    message = status.get("message") if isinstance(status, dict) else None
    return sanitise_line(str(message or ""), max_characters=500)
