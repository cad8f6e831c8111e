"""Runs scripts: statement by statement, with redirections, pipes, functions and exit codes."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from simulator.hosts.machine.file_tree import FileFault
from simulator.hosts.machine.host import Host
from simulator.hosts.shell.arithmetic import ArithmeticFault
from simulator.hosts.shell.expansion import Expander, UnsetVariable
from simulator.hosts.shell.file_access import FileAccess
from simulator.hosts.shell.reading import read_script
from simulator.hosts.shell.state import ExitShell, LeaveLoop, ReturnFromFunction, ShellState
from simulator.hosts.shell.streams import BrokenPipe, Buffer, Input, Nowhere, Output, TextInput
from simulator.hosts.shell.syntax import (
    AndOr,
    Background,
    Case,
    For,
    Function,
    Group,
    If,
    Negated,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Statement,
    While,
)
from simulator.hosts.shell.words import ScriptFault

if TYPE_CHECKING:
    from simulator.hosts.shell.conversation import Conversation

MOST_ROUNDS = 20_000
"""Of one loop; a simulated host must not keep its process busy for ever."""
DEEPEST = 40
BROKEN_PIPE_STATUS = 141


@dataclass(frozen=True, slots=True)
class Streams:
    stdin: Input
    stdout: Output
    stderr: Output


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it is run."""

    name: str
    arguments: tuple[str, ...]
    shell: Shell
    streams: Streams

    @property
    def host(self) -> Host:
        return self.shell.state.host

    @property
    def state(self) -> ShellState:
        return self.shell.state

    @property
    def files(self) -> FileAccess:
        return FileAccess(self.shell.state)

    def write(self, text: str) -> int:
        """Print and succeed."""
        self.streams.stdout.write(text)
        return 0

    def write_lines(self, *lines: str) -> int:
        return self.write("".join(f"{line}\n" for line in lines))

    def fail(self, message: str, *, status: int = 1) -> int:
        """Complain in the name of the command."""
        self.streams.stderr.write(f"{self.name}: {message}\n")
        return status


Command: TypeAlias = Callable[[Call], "int | Awaitable[int]"]


class Shell:
    """One shell; `commands` is everything there is to call."""

    def __init__(self, state: ShellState, *, commands: Mapping[str, Command]) -> None:
        self.state = state
        self.commands = commands
        self.conversation: Conversation | None = None
        """The interactive shell this is, if it is one."""
        self._ran = 0
        self._background: set[asyncio.Task[int]] = set()

    def fork(self) -> Shell:
        inner = Shell(self.state.fork(), commands=self.commands)
        inner.conversation = self.conversation
        return inner

    async def run_script(self, source: str, *, streams: Streams) -> int:
        """Run a whole script; answers its exit status."""
        self.state.host.look()
        try:
            script = read_script(source)
        except ScriptFault as error:
            streams.stderr.write(f"{self.state.name}: -c: line 1: {error}\n")
            return 2
        try:
            return await self.run(script, streams=streams)
        except ExitShell as leaving:
            return leaving.status
        except (ReturnFromFunction, LeaveLoop):
            return self.state.status
        except BrokenPipe:
            return BROKEN_PIPE_STATUS

    async def run_interactively(self, source: str, *, streams: Streams) -> int:
        """As `run_script`, for a shell that goes on afterwards; raise ExitShell when it is to end."""
        self.state.host.look()
        try:
            return await self.run(read_script(source), streams=streams)
        except ScriptFault as error:
            self.complain(str(error), streams=streams)
            return 2
        except (ReturnFromFunction, LeaveLoop):
            return self.state.status
        except BrokenPipe:
            return BROKEN_PIPE_STATUS

    async def run(self, statement: Statement, *, streams: Streams) -> int:
        runner = _RUNNERS[type(statement)]
        self.state.status = await runner(self, statement, streams)
        return self.state.status

    async def call(self, words: list[str], *, streams: Streams) -> int:
        """Run a command that is already split into words: a function, a builtin, a program."""
        name, *arguments = words
        function = self.state.functions.get(name)
        if function is not None:
            return await self._call_function(function, arguments, streams=streams)
        command = self.find_command(name)
        if command is None:
            return self._miss(name, streams=streams)
        self._ran += 1
        if self._ran % 50 == 0:
            await asyncio.sleep(0)
        shown = name.rsplit("/", 1)[-1]
        result = command(Call(shown, tuple(arguments), self, streams))
        return result if isinstance(result, int) else await result

    def find_command(self, name: str) -> Command | None:
        """By name, or by the path of a program."""
        directory, _, base = name.rpartition("/")
        if directory and directory.lstrip("/") not in {"bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin"}:
            return None
        return self.commands.get(base)

    async def substitute(self, script: Sequence) -> str:
        """What a script prints, in a subshell."""
        buffer = Buffer()
        inner = self.fork()
        streams = Streams(TextInput(), buffer, Nowhere())
        try:
            self.state.status = await inner.run(script, streams=streams)
        except ExitShell as leaving:
            self.state.status = leaving.status
        except BrokenPipe:
            self.state.status = BROKEN_PIPE_STATUS
        return buffer.text

    def expander(self) -> Expander:
        return Expander(self.state, substitute=self.substitute)

    def complain(self, message: str, *, streams: Streams) -> None:
        prefix = f"-{self.state.name}: " if self.state.is_interactive else f"{self.state.name}: line 1: "
        streams.stderr.write(f"{prefix}{message}\n")

    def _miss(self, name: str, *, streams: Streams) -> int:
        if "/" in name:
            entry = self.state.host.files.find(self.state.path(name))
            self.complain(f"{name}: {'Permission denied' if entry else 'No such file or directory'}", streams=streams)
            return 126 if entry else 127
        self.complain(f"{name}: command not found", streams=streams)
        return 127

    async def _call_function(self, body: Statement, arguments: list[str], *, streams: Streams) -> int:
        if self.state.depth >= DEEPEST:
            self.complain("maximum function nesting level exceeded", streams=streams)
            return 1
        before = self.state.arguments
        self.state.arguments = arguments
        self.state.depth += 1
        try:
            return await self.run(body, streams=streams)
        except ReturnFromFunction as returning:
            return returning.status
        finally:
            self.state.arguments = before
            self.state.depth -= 1

    # -- one runner per kind of statement

    async def _run_sequence(self, statement: Sequence, streams: Streams) -> int:
        status = self.state.status if statement.statements else 0
        for item in statement.statements:
            status = await self.run(item, streams=streams)
        return status

    async def _run_simple(self, statement: Simple, streams: Streams) -> int:
        expander = self.expander()
        try:
            words = await expander.fields(statement.words)
            values = [(name, await expander.text(word)) for name, word in statement.assignments]
        except (ArithmeticFault, UnsetVariable, MemoryError) as error:
            self.complain(str(error), streams=streams)
            return 1
        if not words:
            self.state.variables.update(values)
            return self.state.status if values else 0
        if words[0] == "((":
            return 0 if words[1:] not in (["0"], []) else 1
        before = {name: self.state.variables.get(name) for name, _ in values}
        self.state.variables.update(values)
        try:
            return await self.call(words, streams=streams)
        finally:
            for name, value in before.items():
                if value is None:
                    self.state.variables.pop(name, None)
                else:
                    self.state.variables[name] = value

    async def _run_redirected(self, statement: Redirected, streams: Streams) -> int:
        try:
            redirected = await self._redirect(statement.redirects, streams=streams)
        except FileFault as error:
            self.complain(str(error), streams=streams)
            return 1
        return await self.run(statement.body, streams=redirected)

    async def _redirect(self, redirects: tuple[Redirect, ...], *, streams: Streams) -> Streams:
        access = FileAccess(self.state)
        expander = self.expander()
        for redirect in redirects:
            target = await expander.text(redirect.target)
            streams = _apply(redirect, target, streams=streams, access=access)
        return streams

    async def _run_pipeline(self, statement: Pipeline, streams: Streams) -> int:
        status = 0
        stdin = streams.stdin
        for number, stage in enumerate(statement.stages):
            is_last = number == len(statement.stages) - 1
            buffer = Buffer()
            stage_streams = Streams(stdin, streams.stdout if is_last else buffer, streams.stderr)
            try:
                status = await self.fork().run(stage, streams=stage_streams)
            except ExitShell as leaving:
                status = leaving.status
            except BrokenPipe:
                if is_last:
                    raise
                status = BROKEN_PIPE_STATUS
            stdin = TextInput(buffer.text)
        return status

    async def _run_negated(self, statement: Negated, streams: Streams) -> int:
        return int(await self.run(statement.body, streams=streams) == 0)

    async def _run_and_or(self, statement: AndOr, streams: Streams) -> int:
        status = await self.run(statement.left, streams=streams)
        is_wanted = (status == 0) == (statement.operator == "&&")
        return await self.run(statement.right, streams=streams) if is_wanted else status

    async def _run_background(self, statement: Background, streams: Streams) -> int:
        inner = self.fork()
        task = asyncio.ensure_future(inner.run(statement.body, streams=replace(streams, stdin=TextInput())))
        self._background.add(task)
        task.add_done_callback(self._forget)
        return 0

    def _forget(self, task: asyncio.Task[int]) -> None:
        self._background.discard(task)
        if not task.cancelled():
            task.exception()

    async def finish_background(self) -> None:
        """Wait for everything that was started with `&`."""
        if self._background:
            await asyncio.wait(self._background)

    async def _run_group(self, statement: Group, streams: Streams) -> int:
        if not statement.is_subshell:
            return await self.run(statement.body, streams=streams)
        try:
            return await self.fork().run(statement.body, streams=streams)
        except ExitShell as leaving:
            return leaving.status

    async def _run_if(self, statement: If, streams: Streams) -> int:
        for condition, body in statement.branches:
            if await self.run(condition, streams=streams) == 0:
                return await self.run(body, streams=streams)
        return await self.run(statement.otherwise, streams=streams) if statement.otherwise else 0

    async def _run_for(self, statement: For, streams: Streams) -> int:
        words = statement.words
        values = list(self.state.arguments) if words is None else await self.expander().fields(words)
        status = 0
        for value in values[:MOST_ROUNDS]:
            self.state.variables[statement.variable] = value
            try:
                status = await self.run(statement.body, streams=streams)
            except LeaveLoop as leaving:
                if not leaving.goes_on:
                    break
        return status

    async def _run_while(self, statement: While, streams: Streams) -> int:
        status = 0
        for _ in range(MOST_ROUNDS):
            holds = await self.run(statement.condition, streams=streams) == 0
            if holds == statement.is_until:
                break
            try:
                status = await self.run(statement.body, streams=streams)
            except LeaveLoop as leaving:
                if not leaving.goes_on:
                    break
        return status

    async def _run_case(self, statement: Case, streams: Streams) -> int:
        expander = self.expander()
        subject = await expander.text(statement.subject)
        for patterns, body in statement.items:
            for pattern in patterns:
                if fnmatch.fnmatchcase(subject, await expander.pattern(pattern)):
                    return await self.run(body, streams=streams)
        return 0

    async def _run_function(self, statement: Function, _streams: Streams) -> int:
        self.state.functions[statement.name] = statement.body
        return 0


def _apply(redirect: Redirect, target: str, *, streams: Streams, access: FileAccess) -> Streams:
    match redirect.operator:
        case "<<":
            return replace(streams, stdin=TextInput(target))
        case "<<<":
            return replace(streams, stdin=TextInput(target + "\n"))
        case "<":
            return replace(streams, stdin=TextInput(access.read(target)))
        case ">&" | "<&" if target in {"1", "2"}:
            output = streams.stdout if target == "1" else streams.stderr
            return _redirect_output(streams, redirect.descriptor or 1, output)
        case ">&" | "<&" if target in {"0", "-"}:
            return streams
        case "&>" | "&>>" | ">&":
            output = access.open(target, is_appending=redirect.operator == "&>>")
            return replace(streams, stdout=output, stderr=output)
        case _:
            output = access.open(target, is_appending=redirect.operator == ">>")
            return _redirect_output(streams, redirect.descriptor or 1, output)


def _redirect_output(streams: Streams, descriptor: int, output: Output) -> Streams:
    return replace(streams, stderr=output) if descriptor == 2 else replace(streams, stdout=output)


_Runner: TypeAlias = Callable[[Shell, Any, Streams], Awaitable[int]]  # Any: each takes its own kind of statement
_RUNNERS: dict[type[Statement], _Runner] = {
    Sequence: Shell._run_sequence,
    Simple: Shell._run_simple,
    Redirected: Shell._run_redirected,
    Pipeline: Shell._run_pipeline,
    Negated: Shell._run_negated,
    AndOr: Shell._run_and_or,
    Background: Shell._run_background,
    Group: Shell._run_group,
    If: Shell._run_if,
    For: Shell._run_for,
    While: Shell._run_while,
    Case: Shell._run_case,
    Function: Shell._run_function,
}
