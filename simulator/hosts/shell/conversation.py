"""An interactive shell: prompt, line, run, again, until its input ends or somebody says exit."""

from __future__ import annotations

import asyncio
import re

from simulator.hosts.shell.interpreter import Shell, Streams
from simulator.hosts.shell.reading import read_script
from simulator.hosts.shell.state import ExitShell
from simulator.hosts.shell.words import ScriptFault

INTERRUPTED = 130
MOST_UNFINISHED = 16 * 1024
_PROMPT_SIGNS = re.compile(r"\\(.)")


class Conversation:
    """One interactive shell on some streams."""

    def __init__(self, shell: Shell, *, streams: Streams) -> None:
        self._shell = shell
        self._streams = streams
        self._running: asyncio.Task[int] | None = None
        self._inner: Conversation | None = None
        """The one that a command of this one has begun, as `bash -i` does."""

    def interrupt(self) -> None:
        """Ctrl-C: end what runs, or begin a fresh line."""
        if self._inner is not None:
            self._inner.interrupt()
        elif self._running is not None:
            self._running.cancel()
        else:
            self._streams.stderr.write(self._prompt())

    async def run(self) -> int:
        """Answers the exit status of the shell."""
        pending = ""
        try:
            while True:
                await self._show_prompt(is_continued=bool(pending))
                line = await self._streams.stdin.read_line()
                if not line:
                    return self._shell.state.status
                pending += line
                if _is_unfinished(pending) and len(pending) < MOST_UNFINISHED:
                    continue
                script, pending = pending, ""
                await self._run_lines(script)
        except ExitShell as leaving:
            return leaving.status

    async def run_inside(self, inner: Conversation) -> int:
        """Let another one have the terminal until it is over."""
        self._inner = inner
        try:
            return await inner.run()
        finally:
            self._inner = None

    async def _run_lines(self, script: str) -> None:
        state = self._shell.state
        self._running = asyncio.ensure_future(self._shell.run_interactively(script, streams=self._streams))
        try:
            state.status = await self._running
        except asyncio.CancelledError:
            if not self._running.cancelled():
                # Not the command but this shell is to end.
                self._running.cancel()
                raise
            state.status = INTERRUPTED
        finally:
            self._running = None

    async def _show_prompt(self, *, is_continued: bool = False) -> None:
        state = self._shell.state
        status = state.status
        if not is_continued and (command := state.variables.get("PROMPT_COMMAND")):
            await self._shell.run_interactively(command, streams=self._streams)
            state.status = status
        self._streams.stderr.write(self._prompt(is_continued=is_continued))

    def _prompt(self, *, is_continued: bool = False) -> str:
        default = "> " if is_continued else r"\u@\h:\w\$ "
        prompt = self._shell.state.variables.get("PS2" if is_continued else "PS1", default)
        return _PROMPT_SIGNS.sub(self._fill_sign, prompt)

    def _fill_sign(self, found: re.Match[str]) -> str:
        state = self._shell.state
        shown = state.directory
        if shown == state.home or shown.startswith(f"{state.home}/"):
            shown = f"~{shown.removeprefix(state.home)}"
        signs = {"u": state.user, "h": state.host.name, "w": shown, "W": shown.rsplit("/", 1)[-1] or "/"}
        signs |= {"$": "#" if state.is_root else "$", "n": "\n", "[": "", "]": "", "e": "\x1b"}
        return signs.get(found[1], found[1])


def _is_unfinished(text: str) -> bool:
    """Whether a shell would wait for more lines: an open quote or compound command."""
    if text.rstrip("\n").endswith("\\"):
        return True
    try:
        read_script(text)
    except ScriptFault:
        opened = len(re.findall(r"\b(?:if|do|case)\b|\{", text)) > len(re.findall(r"\b(?:fi|done|esac)\b|\}", text))
        return opened or text.count('"') % 2 == 1 or text.count("'") % 2 == 1
    return False
