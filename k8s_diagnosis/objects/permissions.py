"""Roles and bindings: what a service account may do, going by what was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject, namespace_of, object_path, read_maps, read_text, read_texts


@dataclass(frozen=True, slots=True)
class Binding:
    """A RoleBinding or ClusterRoleBinding with the role it names, when that was read."""

    path: str
    object: JsonObject
    role_path: str
    role: JsonObject | None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do with a kind of object."""

    verb: str
    resource: str
    group: str


def list_bindings(index: ClusterIndex, *, namespace: str) -> Iterator[Binding]:
    """Bindings that count in the namespace: its own and those of the whole cluster."""
    for each in index.in_namespace("RoleBinding", namespace):
        yield _read_binding(index, each, kind="RoleBinding")
    for each in index.all("ClusterRoleBinding"):
        yield _read_binding(index, each, kind="ClusterRoleBinding")


def binds(binding: Binding, *, namespace: str, account: str) -> bool:
    """Whether the service account is among the subjects, by itself or through its groups."""
    groups = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"}
    for subject in read_maps(binding.object, "subjects"):
        kind, name = read_text(subject, "kind"), read_text(subject, "name")
        place = read_text(subject, "namespace") or namespace_of(binding.object)
        is_account = kind == "ServiceAccount" and (place, name) == (namespace, account)
        is_user = kind == "User" and name == f"system:serviceaccount:{namespace}:{account}"
        if is_account or is_user or (kind == "Group" and name in groups):
            return True
    return False


def permits(role: JsonObject | None, request: Request) -> bool:
    """Whether any rule of the role covers the request; names of single objects are not compared."""
    return any(
        {"*", request.verb} & set(read_texts(rule, "verbs"))
        and {"*", request.resource} & set(read_texts(rule, "resources"))
        and {"*", request.group} & set(read_texts(rule, "apiGroups"))
        for rule in read_maps(role, "rules")
    )


def find_permitting_roles(index: ClusterIndex, request: Request, *, namespace: str) -> list[JsonObject]:
    """Roles of the namespace that would allow the request if they were bound."""
    return [role for role in index.in_namespace("Role", namespace) if permits(role, request)]


def _read_binding(index: ClusterIndex, source: JsonObject, *, kind: str) -> Binding:
    role_kind, role_name = read_text(source, "roleRef", "kind"), read_text(source, "roleRef", "name")
    place = namespace_of(source) if role_kind == "Role" else ""
    return Binding(
        path=object_path(kind, source),
        object=source,
        role_path=f"{role_kind}/{place}/{role_name}",
        role=index.find(role_kind, place, role_name),
    )
