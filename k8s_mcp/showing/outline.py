"""Writes JSON values as short indented lines, the way people read manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_INDENT = "  "
_MAX_FLAT = 80


def write_outline(value: object, *, indent: int = 0) -> Iterator[str]:
    """YAML-like lines; small maps and lists of plain values stay on one line."""
    pad = _INDENT * indent
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _write_field(f"{pad}{key}:", inner, indent=indent)
    elif isinstance(value, list):
        for item in value:
            yield from _write_item(item, indent=indent)
    else:
        yield f"{pad}{_plain(value)}"


def _write_field(head: str, value: object, *, indent: int) -> Iterator[str]:
    flat = _flat(value)
    if flat is not None:
        yield f"{head} {flat}"
        return
    if isinstance(value, str):
        yield f"{head} |"
        yield from (f"{_INDENT * (indent + 1)}{line}" for line in value.splitlines())
        return
    yield head
    yield from write_outline(value, indent=indent + (0 if isinstance(value, list) else 1))


def _write_item(item: object, *, indent: int) -> Iterator[str]:
    pad = _INDENT * indent
    flat = _flat(item)
    if flat is not None:
        yield f"{pad}- {flat}"
        return
    lines = list(write_outline(item, indent=indent + 1))
    yield f"{pad}- {lines[0].lstrip()}" if lines else f"{pad}-"
    yield from lines[1:]


def _flat(value: object) -> str | None:
    """The value on one line when it is plain or small, else None."""
    if isinstance(value, str):
        return value if "\n" not in value else None
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        parts = [f"{key}: {_plain(inner)}" for key, inner in value.items() if _is_plain(inner)]
        text = "{" + ", ".join(parts) + "}"
        return text if len(parts) == len(value) and len(text) <= _MAX_FLAT else None
    if isinstance(value, list):
        text = "[" + ", ".join(_plain(item) for item in value if _is_plain(item)) + "]"
        return text if all(map(_is_plain, value)) and len(text) <= _MAX_FLAT else None
    return _plain(value)


def _is_plain(value: object) -> bool:
    return not isinstance(value, Mapping | list) and not (isinstance(value, str) and "\n" in value)


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
