"""`/etc/os-release` and the one-line files of older systems."""

from __future__ import annotations

import re

_PRETTY_NAME = re.compile(r"^PRETTY_NAME=[\"']?([^\"'\n]{1,100})", re.MULTILINE)
_NAME = re.compile(r"^NAME=[\"']?([^\"'\n]{1,60})", re.MULTILINE)
_VERSION = re.compile(r"^VERSION(?:_ID)?=[\"']?([^\"'\n]{1,40})", re.MULTILINE)


def parse_os_name(text: str) -> str:
    """As people say it, such as `Debian GNU/Linux 12 (bookworm)`; empty when unknown."""
    if found := _PRETTY_NAME.search(text):
        return found[1].strip()
    name, version = _NAME.search(text), _VERSION.search(text)
    if name:
        return f"{name[1]} {version[1] if version else ''}".strip()
    return ""
