"""The open sessions: who may use which, how many there are, and when they end by themselves."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ssh_mcp.commands.fleet import Target
from ssh_mcp.errors import SessionRefused, UnknownSession
from ssh_mcp.terminals.interfaces import TerminalHost
from ssh_mcp.terminals.recording import Recorded, Recorder
from ssh_mcp.terminals.session import SessionState, ShellSession

_SWEEP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SessionLimits:
    per_asset: int = 3
    in_all: int = 30
    idle_seconds: float = 600.0
    total_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with what belongs to it."""

    id: str
    owner: str
    target: Target
    shell: ShellSession
    recorder: Recorder


OnClosed = Callable[[OpenSession, Recorded, str], None]
"""Called once per session with its recording and the reason of its end."""


class OpenSessions:
    """Keeps sessions between calls."""

    def __init__(
        self,
        folder: Path,
        *,
        on_closed: OnClosed,
        limits: SessionLimits | None = None,
        records_input: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._on_closed = on_closed
        self._limits = limits or SessionLimits()
        self._records_input = records_input
        self._monotonic = monotonic
        self._sessions: dict[str, OpenSession] = {}
        self._opening = 0
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, target: Target, host: TerminalHost, *, owner: str) -> OpenSession:
        """Raise SessionRefused when there are too many, HostUnreachable when there is no shell."""
        self._check_room(target)
        session_id = secrets.token_hex(6)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        recorder = Recorder(
            self._folder / f"{stamp}-{session_id}.cast",
            title=f"{target.account.name}@{target.asset.id}",
            has_input=self._records_input,
        )
        shell = ShellSession(recorder=recorder, monotonic=self._monotonic)
        opened = OpenSession(session_id, owner, target, shell, recorder)
        # Counted from now on, since several may be opened at once.
        self._sessions[session_id] = opened
        try:
            await shell.open(host)
        except BaseException:
            self.close(opened, reason="it could not be opened")
            raise
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        return opened

    def find(self, session_id: str, *, owner: str) -> OpenSession:
        """Raise UnknownSession, also for a session of somebody else."""
        session = self._sessions.get(session_id)
        if session is None or session.owner != owner:
            raise UnknownSession(
                f"No open session {session_id[:40]!r}; action=list names yours, action=open makes one."
            )
        return session

    def of(self, owner: str) -> list[OpenSession]:
        return [session for session in self._sessions.values() if session.owner == owner]

    def close(self, session: OpenSession, *, reason: str) -> Recorded | None:
        """Hang up and finish the recording; None when it was closed before."""
        if self._sessions.pop(session.id, None) is None:
            return None
        session.shell.close()
        recorded = session.recorder.close()
        self._on_closed(session, recorded, reason)
        return recorded

    def close_expired(self) -> None:
        now = self._monotonic()
        for session in list(self._sessions.values()):
            if now - session.shell.opened_at > self._limits.total_seconds:
                self.close(session, reason=f"it was open for {self._limits.total_seconds / 60:g} minutes")
            elif now - session.shell.used_at > self._limits.idle_seconds:
                self.close(session, reason=f"nobody used it for {self._limits.idle_seconds / 60:g} minutes")

    def close_all(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for session in list(self._sessions.values()):
            self.close(session, reason="the server stops")

    def _check_room(self, target: Target) -> None:
        # A session whose shell has ended makes room; it was kept so that its last output can be read.
        for session in list(self._sessions.values()):
            if session.shell.state is SessionState.CLOSED:
                self.close(session, reason="its shell ended")
        there = sum(session.target.asset.id == target.asset.id for session in self._sessions.values())
        if there >= self._limits.per_asset or len(self._sessions) >= self._limits.in_all:
            raise SessionRefused(
                f"{there} sessions are open on {target.asset.id} and {len(self._sessions)} in all; at most "
                f"{self._limits.per_asset} and {self._limits.in_all}. Close one with action=close."
            )

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.close_expired()
