"""One request to the API server: what it does in the words of RBAC, and the path that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from k8s_mcp.cluster.interfaces import Resource
from k8s_mcp.errors import RequestRefused

JSON = "application/json"
NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"

_METHODS = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}
_NO_RESOURCE = Resource("", "", "", is_namespaced=False)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What is asked of the API server. Path and RBAC facts come from the same fields, so they cannot disagree."""

    verb: str
    """As RBAC says it: get, list, watch, create, update, patch, delete."""
    resource: Resource = _NO_RESOURCE
    namespace: str | None = None
    """None for all namespaces, and for objects without one."""
    name: str | None = None
    subresource: str = ""
    below: str = ""
    """A path of ours that a proxy subresource passes on; it takes no part in RBAC."""
    document: str = ""
    """A path that serves no resource, such as /apis; the other fields are empty then."""
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    content_type: str = JSON
    accept: str = JSON
    keep_bytes: int | None = None
    """Keep only this many bytes from the end of the answer."""

    @property
    def method(self) -> str:
        return _METHODS[self.verb]

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def may_change(self) -> bool:
        """Whether it writes something; a dry run does not."""
        return not self.is_read and ("dryRun", "All") not in self.query

    @property
    def path(self) -> str:
        if self.document:
            return self.document
        parts = [self.resource.prefix]
        if self.resource.is_namespaced and self.namespace is not None:
            parts += ["namespaces", _segment(self.namespace)]
        parts.append(self.resource.plural)
        if self.name is not None:
            parts.append(_segment(self.name))
        if self.subresource:
            parts.append(self.subresource)
        if self.below:
            parts.append(self.below)
        return "/".join(parts)

    @property
    def resource_text(self) -> str:
        """As RBAC rules name it: `pods`, `pods/log`."""
        return f"{self.resource.plural}/{self.subresource}" if self.subresource else self.resource.plural

    def __str__(self) -> str:
        """In words for an error message: `list pods in namespace "shop"`."""
        if self.document:
            return f"{self.verb} {self.document}"
        if not self.resource.is_namespaced:
            return f"{self.verb} {self.resource_text}"
        place = f'namespace "{self.namespace}"' if self.namespace else "all namespaces"
        return f"{self.verb} {self.resource_text} in {place}"


def _segment(name: str) -> str:
    """A name can never become another path: tools check names, and this holds when one forgets."""
    if name in {"", ".", ".."}:
        raise RequestRefused(f"{name!r} is no name of an object")
    return quote(name, safe="")
