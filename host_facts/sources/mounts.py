"""`/proc/mounts` and `/etc/fstab`, which share their columns."""

from __future__ import annotations

import re

from host_facts.readings import Mount

_OCTAL = re.compile(r"\\([0-7]{3})")


def parse_mounts(text: str) -> list[Mount]:
    """In the order of the file; a later mount on the same place hides an earlier one."""
    mounts: list[Mount] = []
    for line in text.splitlines():
        columns = line.split()
        if len(columns) < 4 or columns[0].startswith("#") or not columns[1].startswith("/"):
            continue
        device, mount_point, kind, options = columns[:4]
        mounts.append(
            Mount(
                device=_unescape(device),
                mount_point=_unescape(mount_point),
                type=kind,
                options=frozenset(options.split(",")),
            )
        )
    return mounts


def _unescape(word: str) -> str:
    r"""The kernel writes blanks, tabs, line ends and backslashes as \040, \011, \012 and \134."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8) & 0x7F), word)
