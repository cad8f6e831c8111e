"""Acting with the rights of the person who asks: the cluster's own RBAC decides then, and its audit log names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from k8s_diagnosis.objects.access import read_map, read_texts
from k8s_mcp.errors import AccessDenied

ASKED_BY = "ding-robot/asked-by"
"""Where a call says who asks: `_meta` of the call, as {"user": "alice", "groups": ["sre"]}."""

_MAX_GROUPS = 32
_NAME = re.compile(r"[^\s\x00-\x1f\x7f:][^\x00-\x1f\x7f]{0,252}")
_RESERVED = "system:"


@dataclass(frozen=True, slots=True)
class AskingUser:
    name: str
    groups: tuple[str, ...] = ()

    def headers(self) -> list[tuple[str, str]]:
        """The headers by which the API server acts for somebody else; the account needs the verb `impersonate`."""
        return [("Impersonate-User", self.name), *(("Impersonate-Group", group) for group in self.groups)]


def read_asking_user(meta: Mapping[str, object] | None) -> AskingUser:
    """Who asks, by the metadata of the call; raises AccessDenied when nobody is named or the name is not allowed.

    Names of Kubernetes itself are refused: nobody becomes `system:masters` by asking for it.
    """
    told = read_map(meta, ASKED_BY)
    name, groups = told.get("user"), read_texts(told, "groups")
    if not isinstance(name, str) or not name:
        raise AccessDenied(
            "This server acts with the rights of the person who asks (K8S_IMPERSONATE), and the call does not say who "
            f'that is (_meta "{ASKED_BY}"). Nothing was read: do not guess.'
        )
    if len(groups) > _MAX_GROUPS or not all(map(_is_allowed, [name, *groups])):
        raise AccessDenied("The person who asks has a name or group that must not be acted for. Nothing was read.")
    return AskingUser(name, tuple(groups))


def _is_allowed(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not name.lower().startswith(_RESERVED)
