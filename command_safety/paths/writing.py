"""What it means to write to a path."""

from __future__ import annotations

from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import Text
from command_safety.paths.devices import is_disk, is_network, is_standard
from command_safety.paths.system_files import is_sysrq, is_system_file


def find_write_rule(target: Text, scope: Scope, *, is_appending: bool = False, otherwise: str = "C-file-write") -> str:
    """The reason to ask or refuse before this path is written to; empty for the null device."""
    if is_standard(target):
        return ""
    if is_network(target):
        return "C-network-send"
    if is_disk(target, scope):
        return "B2-disk-write"
    if is_sysrq(target, scope):
        return "B9-sysrq"
    if not is_appending and is_system_file(target, scope):
        return "B9-system-file"
    return otherwise
