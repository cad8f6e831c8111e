"""What outlives a restart: which tools a person switched off, and how foreign tools described themselves."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_PINS_PER_SERVER = 500
"""A server that invents names without end must not fill the disk."""


class ToolMemory(Protocol):
    """Remembers per server and tool. Writes are finished when the methods return."""

    def is_disabled(self, server: str, tool: str) -> bool: ...

    def set_disabled(self, server: str, tool: str, *, is_disabled: bool) -> None: ...

    def pin_new(self, server: str, fingerprints: Mapping[str, str]) -> Mapping[str, str]:
        """Remember those tools that were never seen; the remembered fingerprints of all of them."""
        ...

    def pin(self, server: str, tool: str, fingerprint: str) -> None:
        """Replace what is remembered of one tool."""
        ...


class MemoryDamaged(Exception):
    """The file exists and cannot be understood. Going on without it would trust what was switched off."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    disabled: dict[str, list[str]] = {}
    pins: dict[str, dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]] = {}


class TransientToolMemory:
    """Implements ToolMemory; forgets everything with the process."""

    def __init__(self) -> None:
        self._document = _Document()

    def is_disabled(self, server: str, tool: str) -> bool:
        return tool in self._document.disabled.get(server, ())

    def set_disabled(self, server: str, tool: str, *, is_disabled: bool) -> None:
        names = set(self._document.disabled.get(server, ()))
        names = names | {tool} if is_disabled else names - {tool}
        self._document.disabled[server] = sorted(names)
        self._save()

    def pin_new(self, server: str, fingerprints: Mapping[str, str]) -> Mapping[str, str]:
        pins = self._document.pins.setdefault(server, {})
        unseen = [tool for tool in fingerprints if tool not in pins][: max(0, MAX_PINS_PER_SERVER - len(pins))]
        pins |= {tool: fingerprints[tool] for tool in unseen}
        if unseen:
            self._save()
        return {tool: pins[tool] for tool in fingerprints if tool in pins}

    def pin(self, server: str, tool: str, fingerprint: str) -> None:
        self._document.pins.setdefault(server, {})[tool] = fingerprint
        self._save()

    def _save(self) -> None:
        """Nothing to write to."""


class FileToolMemory(TransientToolMemory):
    """Implements ToolMemory in one JSON file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        """Raise MemoryDamaged."""
        super().__init__()
        self._path = path
        if path.exists():
            self._document = _read(path)

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._document.model_dump(), ensure_ascii=False, indent=1, sort_keys=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _read(path: Path) -> _Document:
    try:
        return _Document.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise MemoryDamaged(
            f"{path} cannot be read ({type(error).__name__}). It holds which tools are switched off and how foreign"
            " tools described themselves; removing it switches all tools on and trusts them as they are now."
        ) from error
