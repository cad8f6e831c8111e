"""The values of Kubernetes Secrets in a server's raw output: their keys' names need not tell of a secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.agent.guarding.secret_shapes import Span

_KIND_IN_JSON = re.compile(r"\\*[\"']kind\\*[\"']\s{0,8}:\s{0,8}\\*[\"']Secret\\*[\"']")
_DATA_IN_JSON = re.compile(r"\\*[\"'](?:data|stringData)\\*[\"']\s{0,8}:\s{0,8}\{([^{}]*)\}")
_VALUE_IN_JSON = re.compile(r":\s{0,8}\\*[\"']([^\"'\\\[][^\"'\\]*)")

_KIND_IN_YAML = re.compile(r"^[ \t-]{0,40}kind:[ \t]{0,8}[\"']?Secret[\"']?[ \t]*$", re.MULTILINE)
_DATA_IN_YAML = re.compile(r"^(?P<indent>[ \t]*)(?:- )?(?:data|stringData):[ \t]*$")
_VALUE_IN_YAML = re.compile(r"^(?P<indent>[ \t]*)[\w.-]+:[ \t]+(?P<value>[^\s|>\[].*)$")


def is_secret_manifest(value: Mapping[str, Any]) -> bool:  # Any: JSON of no fixed shape
    return value.get("kind") == "Secret"


def find_manifest_values(text: str) -> Iterator[Span]:
    """Where values of Secrets stand. In a text that mixes kinds, the data of the others is hidden with them."""
    if "Secret" not in text:
        return
    if _KIND_IN_JSON.search(text):
        for data in _DATA_IN_JSON.finditer(text):
            for match in _VALUE_IN_JSON.finditer(text, data.start(1), data.end(1)):
                yield match.span(1)
    if _KIND_IN_YAML.search(text):
        yield from _find_yaml_values(text)


def _find_yaml_values(text: str) -> Iterator[Span]:
    position, indent = 0, -1
    for line in text.splitlines(keepends=True):
        content = line.rstrip("\r\n")
        depth = len(content) - len(content.lstrip())
        if indent >= 0 and content.strip() and depth <= indent:
            indent = -1
        opening = _DATA_IN_YAML.match(content)
        if opening is not None:
            indent = len(opening["indent"])
        elif indent >= 0:
            yield from _line_value(content, offset=position)
        position += len(line)


def _line_value(content: str, *, offset: int) -> Iterator[Span]:
    """A value after its key, or a whole line of a block value."""
    stripped = content.strip()
    match = _VALUE_IN_YAML.match(content)
    if match is not None:
        yield offset + match.start("value"), offset + match.end("value")
    elif stripped and ":" not in stripped and not stripped.startswith("["):
        start = content.index(stripped)
        yield offset + start, offset + start + len(stripped)
