"""What may not be changed at all, whoever approves. Everything here fails closed: a refusal names its reason."""

from __future__ import annotations

from dataclasses import dataclass

from k8s_mcp.changes.targets import Target
from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.interfaces import Resource
from k8s_mcp.errors import ChangeBlocked

PROTECTED_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")

DENIED_KINDS = (
    # A value of a Secret would have to travel through the model and stay in the transcript.
    "Secret",
    # Rights: whoever may write these can give themselves all others.
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "CertificateSigningRequest",
    # These decide about, or serve, the requests of everybody else; a mistake stops the whole cluster.
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "APIService",
    "CustomResourceDefinition",
)

_NEVER_DELETED = {
    "Node": "its pods would be lost without being moved; drain it with k8s-cordon-node instead",
    "PersistentVolume": "the data behind it may go with it",
    "CustomResourceDefinition": "every object of that kind goes with it",
    "APIService": "the API behind it ends for everybody",
    "StorageClass": "no volume of that class could be made any more",
    "PriorityClass": "pods that name it could not be made any more",
}
_BUILT_IN_NAMESPACES = {"default", *PROTECTED_NAMESPACES}
_NOBODY = "Nobody can approve this."


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """What the operator allows; see the settings of the same names."""

    protected_namespaces: tuple[str, ...] = PROTECTED_NAMESPACES
    """Names or patterns such as `kube-*`."""
    denied_kinds: tuple[str, ...] = DENIED_KINDS
    allows_destructive: bool = True

    def check(self, target: Target, *, verb: str) -> None:
        """Raise ChangeBlocked for what may not be changed; `verb` is patch or delete, as RBAC says it."""
        reason = self._find_reason(target.resource, namespace=target.namespace, name=target.name, verb=verb)
        if reason is not None:
            raise ChangeBlocked(f"Blocked: {target.title} may not be changed: {reason}. {_NOBODY} Nothing was changed.")

    def check_destructive(self, title: str) -> None:
        """Raise ChangeBlocked for a call that destroys something where the operator allows none."""
        if not self.allows_destructive:
            raise ChangeBlocked(
                f"Blocked: {title}: this takes something away, and the server runs with K8S_NO_DESTRUCTIVE. "
                f"{_NOBODY} Nothing was changed."
            )

    def _find_reason(self, resource: Resource, *, namespace: str | None, name: str, verb: str) -> str | None:
        limits = AccessLimits(kinds=self.denied_kinds, namespaces=self.protected_namespaces)
        place = name if _is_namespace(resource) else namespace
        if place is not None and limits.denies_namespace(place):
            return f'namespace "{place}" is protected (K8S_PROTECTED_NAMESPACES)'
        if limits.denies_kind(resource):
            return f"changes of {resource.qualified_name} are denied (K8S_CHANGE_DENIED_KINDS)"
        if verb not in resource.verbs:
            return f"the API server does not let anybody {verb} {resource.qualified_name}"
        if verb != "delete":
            return None
        if _is_namespace(resource) and name in _BUILT_IN_NAMESPACES:
            return "the cluster needs this namespace"
        return _NEVER_DELETED.get(resource.kind)


def _is_namespace(resource: Resource) -> bool:
    return resource.kind == "Namespace" and not resource.group
