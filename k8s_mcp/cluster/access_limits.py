"""Kinds and namespaces the operator keeps out of reach, whatever the cluster's own rights say."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of
from k8s_mcp.cluster.interfaces import NAMESPACES, Resource
from k8s_mcp.cluster.requests import ApiRequest
from k8s_mcp.errors import AccessDenied


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """The settings K8S_DENIED_KINDS and K8S_DENIED_NAMESPACES."""

    kinds: tuple[str, ...] = ()
    """Plural, kind or short name, with or without its group: `secrets`, `Role`, `roles.rbac.authorization.k8s.io`."""
    namespaces: tuple[str, ...] = ()
    """Names or patterns such as `kube-*`."""

    def check(self, request: ApiRequest) -> None:
        """Raise AccessDenied for a request the operator does not allow; the API server is not asked then."""
        outcome = "Nothing was read: do not guess." if request.is_read else "Nothing was changed."
        if self.denies_kind(request.resource, subresource=request.subresource):
            raise AccessDenied(
                f"Not allowed: {request}. This server is set up not to touch {request.resource_text} "
                f"(K8S_DENIED_KINDS), so no Role would help. {outcome}"
            )
        namespace = request.name if request.resource == NAMESPACES else request.namespace
        if namespace is not None and self.denies_namespace(namespace):
            raise AccessDenied(
                f'Not allowed: {request}. This server is set up not to touch namespace "{namespace}" '
                f"(K8S_DENIED_NAMESPACES), so no Role would help. {outcome}"
            )

    def denies_kind(self, resource: Resource, *, subresource: str = "") -> bool:
        if not self.kinds or not resource.plural:
            return False
        words = {resource.plural, resource.kind.lower(), resource.singular, *resource.short_names} - {""}
        names = words | {f"{word}.{resource.group}" for word in words if resource.group}
        if subresource:
            names |= {f"{name}/{subresource}" for name in names}
        return any(kind.lower() in names for kind in self.kinds)

    def denies_namespace(self, namespace: str) -> bool:
        return any(fnmatch.fnmatchcase(namespace, pattern) for pattern in self.namespaces)

    def keep_allowed(self, resource: Resource, objects: Iterable[JsonObject]) -> list[JsonObject]:
        """The objects of a list over all namespaces that may be shown."""
        if not self.namespaces:
            return list(objects)
        place = name_of if resource == NAMESPACES else namespace_of
        return [each for each in objects if not self.denies_namespace(place(each))]
