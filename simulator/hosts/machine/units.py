"""The services of a host, as systemd keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ActiveState = Literal["active", "inactive", "failed", "activating"]


@dataclass(slots=True)
class Unit:
    """One unit; what its process needs is what keeps it from starting."""

    name: str
    description: str
    command: str = ""
    user: str = "root"
    ports: tuple[int, ...] = ()
    protocol: str = "tcp"
    memory_bytes: int = 12 * 1024 * 1024
    cores: float = 0.0
    open_files: int = 24
    kind: Literal["simple", "oneshot"] = "simple"
    restart: Literal["no", "on-failure", "always"] = "no"
    state: ActiveState = "active"
    sub_state: str = "running"
    since: float = 0.0
    main_pid: int = 0
    exit_code: int = 0
    needs_text: dict[str, str] = field(default_factory=dict)
    """Path → text that has to be in that file for the program to start."""
    complaint: str = ""
    """What it writes when a needed text is missing."""
    is_enabled: bool = True

    @property
    def kind_of_unit(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def program(self) -> str:
        """Name of its executable, as in the journal."""
        first = self.command.split(" ", 1)[0]
        return first.rsplit("/", 1)[-1] or self.name.partition(".")[0]
