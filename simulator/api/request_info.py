"""What a request wants, read from its method and path alone, before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request for resources; `plural` may name something the server does not know."""

    verb: str
    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    proxied: str = ""
    """What is asked of the thing behind a proxy subresource."""

    @property
    def described_resource(self) -> str:
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def parse_request(method: str, path: str, query: Mapping[str, str]) -> RequestInfo | None:
    """Understand /api/v1/… and /apis/GROUP/VERSION/…; None for paths of another kind (discovery, health, …)."""
    steps = [step for step in path.split("/") if step]
    if len(steps) >= 3 and steps[0] == "api":
        group, version, rest = "", steps[1], steps[2:]
    elif len(steps) >= 4 and steps[0] == "apis":
        group, version, rest = steps[1], steps[2], steps[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and not _is_namespace_subresource(rest):
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) >= 2:
        namespace = rest[1]
    plural, name, subresource = (*rest, "", "")[:3]
    verb = _find_verb(method, has_name=bool(name), is_watch=query.get("watch", "") in {"1", "true", "True"})
    if subresource == "proxy":
        return RequestInfo(verb, group, version, plural, namespace, name, subresource, "/".join(rest[3:]))
    return RequestInfo(verb, group, version, plural, namespace, name, "/".join([subresource, *rest[3:]]))


def _is_namespace_subresource(rest: list[str]) -> bool:
    return len(rest) == 3 and rest[2] in {"status", "finalize"}


def _find_verb(method: str, *, has_name: bool, is_watch: bool) -> str:
    if method in {"GET", "HEAD"}:
        if is_watch:
            return "watch"
        return "get" if has_name else "list"
    if method == "DELETE":
        return "delete" if has_name else "deletecollection"
    return _VERBS.get(method, method.lower())
