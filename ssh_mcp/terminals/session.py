"""One shell session: a command runs until its prompt comes back; until then its program can be answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ssh_mcp.commands.wrapping import find_bash_syntax, make_tag
from ssh_mcp.errors import HostUnreachable, SessionRefused
from ssh_mcp.terminals.interfaces import Terminal, TerminalHost
from ssh_mcp.terminals.recording import Recorder
from ssh_mcp.terminals.screen import Screen, show
from ssh_mcp.terminals.shell import Prompt, PromptFilter, find_unsendable, is_bash, write_command, write_setup

OPEN_SECONDS = 15.0
MAX_SHOWN_CHARACTERS = 15_000

# Unread output beyond this makes the programs wait.
_PAUSE_BYTES = 256 * 1024
# How long a program that runs is watched for what it says to an input or a signal.
_REACTION_SECONDS = 0.2
# A line that nobody ended, and nothing after it for so long, is taken for a question.
_QUESTION_SECONDS = 1.0
_SHOWN_LINES = 5
_KEYS = {"INT": b"\x03", "QUIT": b"\x1c", "TSTP": b"\x1a", "EOF": b"\x04"}
_KILL_FOREGROUND = (
    r"""exec sh -c 'read -r line </proc/$1/stat; p=$1; s=$2; set -- ${line##*) }; """
    r"""[ "$6" -gt 1 ] && [ "$6" != "$p" ] && kill -s "$s" -- "-$6"' sh """
)


class SessionState(StrEnum):
    IDLE = "idle"
    """The shell waits for a command."""
    RUNNING = "running"
    """A program runs; it may be waiting for input."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class View:
    """What a session shows at one moment."""

    state: SessionState
    output: str
    is_cut: bool
    exit_code: int | None
    """Of the newest finished command."""
    directory: str


class ShellSession:
    """Drives the shell on one terminal. Calls of one session follow each other."""

    def __init__(self, *, recorder: Recorder, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tag = make_tag()
        self._filter = PromptFilter(self._tag)
        self._screen = Screen()
        self._recorder = recorder
        self._monotonic = monotonic
        self._terminal: Terminal | None = None
        self._changed = asyncio.Event()
        self._prompt: Prompt | None = None
        self._is_watched = False
        self._is_paused = False
        self._turn = asyncio.Lock()
        self._number = 0
        self._shown = ""
        self.command = ""
        """The newest one that was run."""
        self.state = SessionState.RUNNING
        self.used_at = monotonic()
        self.opened_at = monotonic()
        self.has_changed_shell = False
        """An approved command ran in it, so harmless words may mean anything by now."""

    @property
    def open_seconds(self) -> int:
        return round(self._monotonic() - self.opened_at)

    def check_command(self, text: str) -> None:
        """Raise SessionRefused while a program runs, and for what the shell would read otherwise than the rules."""
        terminal = self._require(SessionState.IDLE)
        syntax = None if is_bash(terminal.shell) else find_bash_syntax(text)
        if syntax is not None:
            raise SessionRefused(
                f"There is no bash on this host, and its shell reads {syntax!r} otherwise. Nothing ran. Write it for "
                "POSIX sh."
            )

    def check_running(self) -> None:
        """Raise SessionRefused when nothing runs."""
        self._require(SessionState.RUNNING)

    def last_lines(self) -> list[str]:
        """What the program showed last, for somebody who has to answer it."""
        return self._shown.splitlines()[-_SHOWN_LINES:]

    async def open(self, host: TerminalHost) -> None:
        """Start the shell; raise HostUnreachable."""
        self._terminal = await host.open_terminal(self)
        try:
            self._terminal.write(write_setup(self._terminal.shell, tag=self._tag))
            await self._wait_until_ready(OPEN_SECONDS)
            if self.state is not SessionState.IDLE:
                raise HostUnreachable(f"The shell did not become ready within {OPEN_SECONDS:g} s.")
        except BaseException:
            self.close()
            raise
        # Greeting and first prompts are nothing anybody asked for.
        self._screen.take()

    async def execute(self, text: str, *, keeps_effects: bool, seconds: float) -> View:
        """Run a command; when it takes longer or asks for something, the view says that it is running."""
        async with self._turn:
            terminal = self._require(SessionState.IDLE)
            line = write_command(text, tag=self._tag, number=self._number + 1, keeps_effects=keeps_effects)
            _check_sendable(line)
            self._number += 1
            self._recorder.command(text)
            self.command, self._shown = text, ""
            self.state = SessionState.RUNNING
            terminal.write(line)
            await self._wait_for_end_or_question(seconds)
            return self.look()

    async def input(self, text: str, *, has_enter: bool, seconds: float) -> View:
        """Type into the program that runs."""
        async with self._turn:
            terminal = self._require(SessionState.RUNNING)
            line = text.encode() + (b"\n" if has_enter else b"")
            _check_sendable(line)
            self._recorder.input(text)
            terminal.write(line)
            await self._wait_for_reaction(seconds)
            return self.look()

    async def read(self, *, seconds: float) -> View:
        """What came since; waits for something new, or for the end of what runs."""
        async with self._turn:
            if self.state is SessionState.RUNNING:
                await self._wait_for_reaction(seconds)
            return self.look()

    async def signal(self, name: str, *, seconds: float) -> View:
        async with self._turn:
            terminal = self._require(SessionState.RUNNING)
            if name in _KEYS:
                terminal.write(_KEYS[name])
            elif self._prompt is not None:
                await terminal.run_beside(f"{_KILL_FOREGROUND}{self._prompt.pid} {name}")
            await self._wait_for_reaction(seconds)
            return self.look()

    def close(self) -> None:
        if self._terminal is not None:
            self._terminal.close()
        self.end()

    def feed(self, data: bytes) -> None:
        """Called with what the terminal shows."""
        if self.state is SessionState.CLOSED:
            return
        for part in self._filter.feed(data):
            if isinstance(part, Prompt):
                self._take_prompt(part)
            else:
                self._screen.feed(part)
                if self._prompt is not None:
                    self._recorder.output(part)
        if self._screen.total_bytes > _PAUSE_BYTES and not self._is_watched and self._terminal is not None:
            self._is_paused = True
            self._terminal.pause()
        self._changed.set()

    def _take_prompt(self, prompt: Prompt) -> None:
        self._prompt = prompt
        if prompt.number == self._number and self.state is SessionState.RUNNING:
            self.state = SessionState.IDLE

    def end(self) -> None:
        """Called when the terminal is gone."""
        if self.state is not SessionState.CLOSED:
            self._screen.feed(self._filter.end())
            self.state = SessionState.CLOSED
        self._changed.set()

    def _require(self, state: SessionState) -> Terminal:
        if self.state is SessionState.CLOSED or self._terminal is None:
            raise SessionRefused("The session is over: its shell has ended. Open a new one.")
        if self.state is not state:
            raise SessionRefused(
                "A program is running in the session: read its output, give it input, or send the signal INT."
                if state is SessionState.IDLE
                else "Nothing runs in the session; use action=exec for a command."
            )
        self.used_at = self._monotonic()
        return self._terminal

    async def _wait_until_ready(self, seconds: float) -> None:
        await self._watch(lambda: self.state is not SessionState.RUNNING, seconds=seconds)

    async def _wait_for_end_or_question(self, seconds: float) -> None:
        """A wrong guess costs a look more; waiting for a program that waits for us costs the whole time."""
        clock = asyncio.get_running_loop()
        until = clock.time() + seconds
        shown = -1
        while self.state is SessionState.RUNNING and shown != self._screen.total_bytes:
            shown = self._screen.total_bytes
            patience = _QUESTION_SECONDS if self._screen.has_open_line else seconds
            await self._wait_for_change(shown, seconds=min(patience, until - clock.time()))

    async def _wait_for_change(self, shown: int, *, seconds: float) -> None:
        await self._watch(
            lambda: self.state is not SessionState.RUNNING or self._screen.total_bytes != shown, seconds=seconds
        )

    async def _wait_for_reaction(self, seconds: float) -> None:
        """Until the prompt is back, or something new was shown and nothing more follows for a moment."""
        before = self._screen.total_bytes
        has_begun = before > 0
        await self._watch(
            lambda: self.state is not SessionState.RUNNING or has_begun or self._screen.total_bytes > before,
            seconds=seconds,
        )
        await self._watch(lambda: self.state is not SessionState.RUNNING, seconds=min(seconds, _REACTION_SECONDS))

    async def _watch(self, is_enough: Callable[[], bool], *, seconds: float) -> None:
        self._is_watched = True
        if self._is_paused and self._terminal is not None:
            self._is_paused = False
            self._terminal.resume()
        try:
            async with asyncio.timeout(seconds):
                while not is_enough():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._is_watched = False

    def look(self) -> View:
        """What came since the last look."""
        self.used_at = self._monotonic()
        head, tail, total = self._screen.take()
        output, is_cut = show(head, tail, total_bytes=total, max_characters=MAX_SHOWN_CHARACTERS)
        self._shown = output or self._shown
        prompt = self._prompt if self.state is SessionState.IDLE else None
        return View(
            state=self.state,
            output=output,
            is_cut=is_cut,
            exit_code=prompt.exit_code if prompt else None,
            directory=self._prompt.directory if self._prompt else "",
        )


def _check_sendable(line: bytes) -> None:
    reason = find_unsendable(line)
    if reason is not None:
        raise SessionRefused(f"Nothing was sent: {reason}.")
