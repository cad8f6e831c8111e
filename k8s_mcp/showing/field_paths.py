"""Reads one part of an object by a path such as `spec.template.spec.containers[0].env`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mcp_kit.errors import ErrorKind, KindedToolError

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]|\[[\"']?([^\]\"']+)[\"']?\]")
_PATH = re.compile(r"\.?[A-Za-z_][\w/-]*(?:\.[A-Za-z_][\w/-]*|\[[^\[\]]{1,253}\])*", re.ASCII)
_MAX_NAMES = 30


def check_field_path(path: str) -> str:
    """Return the path; raise ValueError for text that cannot be one."""
    if not _PATH.fullmatch(path):
        raise ValueError(
            f'{path[:80]!r} is no field; examples: spec, spec.template.spec.containers[0], data["app.conf"]'
        )
    return path


def read_field(source: object, path: str) -> object:
    """The part at a checked path; `["key.with.dots"]` reads a key with dots.

    Raises a ToolError that names what is there instead.
    """
    at, done = source, ""
    for name, index, quoted in _STEP.findall(path.lstrip(".")):
        at = _step(at, name or quoted, index, done=done)
        done = f"{done}[{index}]" if index else f"{done}.{name or quoted}".lstrip(".")
    return at


def _step(at: object, name: str, index: str, *, done: str) -> object:
    if index:
        if isinstance(at, list) and int(index) < len(at):
            return at[int(index)]
        size = f"{len(at)} entries" if isinstance(at, list) else "no list"
        raise KindedToolError(f"{done or 'The object'} has {size}.", kind=ErrorKind.NOT_FOUND)
    if isinstance(at, Mapping) and name in at:
        return at[name]
    names = ", ".join(map(str, [*at][:_MAX_NAMES])) if isinstance(at, Mapping) else "no fields"
    raise KindedToolError(f'{done or "The object"} has no field "{name}"; it has: {names}.', kind=ErrorKind.NOT_FOUND)
