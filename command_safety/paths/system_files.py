"""Single files without which nobody can log in or the machine does not start."""

from __future__ import annotations

from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import Text
from command_safety.paths.normalising import covers, locate

_ACCOUNTS = tuple(f"/etc/{name}" for name in ("passwd", "shadow", "group", "gshadow", "sudoers", "fstab"))
_SYSRQ = "/proc/sysrq-trigger"


def is_system_file(path: Text, scope: Scope) -> bool:
    """One of the account files, the mount table or anything below /boot."""
    return any(
        place.startswith("/boot/") or any(place == account or covers(place, account) for account in _ACCOUNTS)
        for place in locate(path.when_empty, directories=scope.directories, mounts=scope.mounts)
    )


def is_sysrq(path: Text, scope: Scope) -> bool:
    return any(place == _SYSRQ for place in locate(path.when_empty, directories=scope.directories, mounts=scope.mounts))
