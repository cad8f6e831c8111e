"""Brings the different ways of writing a path into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

_LINK_TO_ROOT = re.compile(r"/proc/(?:self|thread-self|\d+|\*|\?)(?:/task/[^/]+)?/root(?=/|$)")


def normalise(path: str, *, directory: str = "") -> str:
    """An absolute path or one below `~` without `.`, `..` and double slashes.

    Relative to a directory nobody knows (""), it stays relative.
    """
    if not path.startswith(("/", "~")):
        if not directory:
            return _resolve(path)
        path = f"{directory}/{path}"
    resolved = _LINK_TO_ROOT.sub("/", _resolve(path))
    return _resolve(resolved)


def locate(path: str, *, directories: Iterable[str], mounts: Mapping[str, str]) -> Iterator[str]:
    """Every place that a path may mean; in a container also the one on the host."""
    for directory in directories:
        place = normalise(path, directory=directory)
        yield place
        for inside, outside in mounts.items():
            if place == inside or place.startswith(inside.rstrip("/") + "/"):
                yield normalise(outside + "/" + place[len(inside) :])


def _resolve(path: str) -> str:
    """Resolve `.` and `..` in the text."""
    is_absolute = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and kept and kept[-1] != "..":
            if kept[-1].startswith("~") and len(kept) == 1:
                # Above somebody's home there is only /home or the root.
                kept, is_absolute = ["home"], True
            else:
                kept.pop()
        elif part != ".." or not is_absolute:
            kept.append(part)
    return ("/" if is_absolute else "") + "/".join(kept)


def covers(pattern: str, path: str) -> bool:
    """Whether a glob names the path; a star stays within one directory."""
    parts, names = pattern.split("/"), path.split("/")
    return len(parts) == len(names) and all(map(fnmatchcase, names, parts))
