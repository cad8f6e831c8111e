"""What to give an account so that a refused request is allowed: the Role and its binding, ready to apply."""

from __future__ import annotations

import re

from k8s_mcp.cluster.requests import ApiRequest

_USER = re.compile(r'[Uu]ser "([^"\\\n]{1,253})" cannot')
_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def write_role(request: ApiRequest, *, message: str) -> str:
    """YAML of a Role (or ClusterRole) with exactly the missing right, bound to the user the API server named."""
    resource = request.resource
    is_cluster_wide = not resource.is_namespaced or request.namespace is None
    kind = "ClusterRole" if is_cluster_wide else "Role"
    name = f"ding-robot-{request.verb}-{request.resource_text.replace('/', '-')}"
    place = "" if is_cluster_wide else f", namespace: {request.namespace}"
    return "\n".join(
        [
            "apiVersion: rbac.authorization.k8s.io/v1",
            f"kind: {kind}",
            f"metadata: {{name: {name}{place}}}",
            f'rules: [{{apiGroups: ["{resource.group}"], resources: ["{request.resource_text}"], '
            f'verbs: ["{request.verb}"]}}]',
            "---",
            "apiVersion: rbac.authorization.k8s.io/v1",
            f"kind: {kind}Binding",
            f"metadata: {{name: {name}{place}}}",
            f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}",
            f"subjects: [{_subject(message)}]",
        ]
    )


def _subject(message: str) -> str:
    found = _USER.search(message)
    user = found.group(1) if found else "NAME-OF-THE-ACCOUNT"
    account = _SERVICE_ACCOUNT.fullmatch(user)
    if account:
        return f"{{kind: ServiceAccount, namespace: {account.group(1)}, name: {account.group(2)}}}"
    shown = user if _PLAIN.fullmatch(user) else f'"{user}"'
    return f"{{kind: User, apiGroup: rbac.authorization.k8s.io, name: {shown}}}"
