"""Settings of the Kubernetes server, read from the environment only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from k8s_mcp.changes.protection import DENIED_KINDS, PROTECTED_NAMESPACES

_ENVIRONMENT = {
    "kubeconfig_path": "KUBECONFIG_PATH",
    "kubeconfig": "KUBECONFIG",
    "context": "K8S_CONTEXT",
    "contexts": "K8S_CONTEXTS",
    "namespace": "K8S_NAMESPACE",
    "read_only": "READ_ONLY",
    "no_destructive": "K8S_NO_DESTRUCTIVE",
    "protected_namespaces": "K8S_PROTECTED_NAMESPACES",
    "change_denied_kinds": "K8S_CHANGE_DENIED_KINDS",
    "change_wait_seconds": "K8S_CHANGE_WAIT_SECONDS",
    "denied_kinds": "K8S_DENIED_KINDS",
    "denied_namespaces": "K8S_DENIED_NAMESPACES",
    "impersonate": "K8S_IMPERSONATE",
    "cache_megabytes": "K8S_CACHE_MEGABYTES",
    "host": "K8S_MCP_HOST",
    "port": "K8S_MCP_PORT",
    "allowed_hosts": "K8S_MCP_ALLOWED_HOSTS",
    "request_timeout_seconds": "K8S_MCP_REQUEST_TIMEOUT_SECONDS",
    "audit_file": "K8S_MCP_AUDIT_FILE",
    "allow_unconfirmed": "K8S_MCP_ALLOW_UNCONFIRMED",
    "request_state_key": "MCP_REQUEST_STATE_KEY",
    "auth_token": "MCP_AUTH_TOKEN",
}


_LISTS = (
    "contexts",
    "denied_kinds",
    "denied_namespaces",
    "allowed_hosts",
    "protected_namespaces",
    "change_denied_kinds",
)
_KIND = r"^[A-Za-z][A-Za-z0-9.-]*(/[a-z]+)?$"
_NAMESPACE_PATTERN = r"^[a-z0-9*][a-z0-9*-]*$"


class SettingsInvalid(ValueError):
    """A setting cannot be used; the text names the environment variable."""


class K8sSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kubeconfig_path: Path | None = None
    """This product's own choice of kubeconfig; wins over KUBECONFIG and must exist."""

    kubeconfig: str | None = None
    """The usual KUBECONFIG: one path, or several joined by the path separator."""

    context: str | None = None
    """Context meant when a call names none; empty means the kubeconfig's current one. Set without `contexts` it is
    the only one that can be reached."""

    contexts: tuple[str, ...] = ()
    """Contexts a call may name, comma separated; `*` means every one of the kubeconfig. Empty: every one, or only
    `context` where that is set."""

    namespace: str | None = None
    """Namespace used when a call names none; empty means the context's, else `default`."""

    read_only: bool = False
    """True removes every tool that changes the cluster from the list."""

    no_destructive: bool = False
    """True removes what can only destroy and refuses every call that takes something away, approved or not."""

    protected_namespaces: tuple[Annotated[str, Field(pattern=_NAMESPACE_PATTERN)], ...] = PROTECTED_NAMESPACES
    """Namespaces in which nothing may be changed, comma separated, `*` for any letters; `none` protects none."""

    change_denied_kinds: tuple[Annotated[str, Field(pattern=_KIND)], ...] = DENIED_KINDS
    """Kinds that may be read and not changed, written as those below; `none` denies none."""

    change_wait_seconds: Annotated[float, Field(ge=0, le=300)] = 30.0
    """How long a change tool watches what comes of a change. Half a minute shows most rollouts and most crashes,
    and leaves room below the minute after which many clients give up on a call."""

    denied_kinds: tuple[Annotated[str, Field(pattern=_KIND)], ...] = ()
    """Kinds no tool may touch, comma separated: plural, kind or short name, with or without group, e.g. `secrets`,
    `roles.rbac.authorization.k8s.io`, `pods/log`."""

    denied_namespaces: tuple[Annotated[str, Field(pattern=_NAMESPACE_PATTERN)], ...] = ()
    """Namespaces no tool may touch, comma separated, `*` for any letters: `kube-*`."""

    impersonate: bool = False
    """True acts with the rights of the person who asks, whom the caller names in each call. Whoever can call names
    the person, so over HTTP a token is required."""

    cache_megabytes: Annotated[int, Field(ge=0, le=8192)] = 192
    """Memory for watched copies of lists per cluster; 0 reads every list anew. The default holds about 20 000 pods."""

    host: str = "127.0.0.1"
    """Address of the HTTP transport. Anything but loopback needs a token."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8766

    allowed_hosts: tuple[str, ...] = ()
    """Further Host header values the HTTP transport accepts, comma separated, e.g. `k8s-mcp:*`."""

    request_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Limit for one request to the API server. A healthy server answers in well under a second."""

    audit_file: Path | None = None
    """Append one record per tool call here, bound to the one before it, beside standard error."""

    allow_unconfirmed: bool = False
    """Operator's permission to change the cluster for clients that cannot show a question to a person."""

    request_state_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    """Secret that seals open questions, shared by all replicas. Unset: a random one, questions end with the process."""

    auth_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Bearer token of the HTTP transport."""


def read_settings(environment: Mapping[str, str]) -> K8sSettings:
    """Build the settings; raise SettingsInvalid naming the variable, never its value."""
    given: dict[str, Any] = {  # Any: strings that pydantic converts
        field: environment[variable].strip()
        for field, variable in _ENVIRONMENT.items()
        if environment.get(variable, "").strip()
    }
    for field in _LISTS:
        if field in given:
            parts = [part.strip() for part in given[field].split(",") if part.strip()]
            given[field] = () if parts == ["none"] else tuple(parts)
    if "kubeconfig_path" in given:
        given["kubeconfig_path"] = Path(given["kubeconfig_path"]).expanduser()
    try:
        return K8sSettings(**given)
    except ValidationError as error:
        faults = [f"{_ENVIRONMENT[str(fault['loc'][0])]}: {fault['msg']}" for fault in error.errors()]
        raise SettingsInvalid("; ".join(faults)) from error
