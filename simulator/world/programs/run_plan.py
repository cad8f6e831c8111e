"""What one run of a container will do, decided at its start from its program and its surroundings.

Pure: everything the kubelet later observes (lines, open ports, memory, the exit) follows from the plan and the time.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.world.network import Trouble, host_and_port, shown_address
from simulator.world.programs.program import ApiCall, Cache, Dependency, Program
from simulator.world.programs.shell_script import ScriptResult, is_shell_command, read_script
from simulator.world.programs.styles import Failure, style_of

MIB = 1024 * 1024
WARM_UP_STEP_SECONDS = 5.0
ATTEMPT_SECONDS = 2.0
OOM_EXIT_CODE = 137
FORMAT_ERROR_EXIT_CODE = 255


@dataclass(frozen=True, slots=True)
class PlannedLine:
    offset: float
    text: str
    level: str = "INFO"


@dataclass(frozen=True, slots=True)
class PlannedExit:
    offset: float
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory from an offset on."""

    offset: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Offsets are seconds after the start of the process."""

    lines: tuple[PlannedLine, ...]
    listens_on: tuple[int, ...] = ()
    listens_after: float = 0.0
    memory_bytes: int = 0
    growth: tuple[Growth, ...] = ()
    """How it gets there, where that takes time."""
    end: PlannedExit | None = None
    repeats: ScriptResult | None = None
    waits_for: str = ""
    """An address; the run goes on to its end as soon as it answers."""
    touches: tuple[str, ...] = ()
    """Files that are there when the run has ended."""
    is_script: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process finds when it starts."""

    env: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    memory_limit: int = 0
    """Bytes; 0 for none."""
    command: Sequence[str] = ()
    taken_ports: Collection[int] = ()
    """Ports that other containers of the pod listen on."""
    is_read_only: bool = False
    writable_paths: Collection[str] = ()
    """Mounted directories; with a read-only root file system nothing else can be written."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Content of mounted configuration, by file name."""
    paths: Collection[str] = ()
    """Whole paths of files that are there."""
    trouble: Callable[[str], Trouble | None] = lambda _: None
    """Why an address does not answer."""
    address_of: Callable[[str], str] = lambda host: host
    refusal: Callable[[ApiCall], str | None] = lambda _: None
    """What the API server says to a call that is forbidden."""
    is_denied: Callable[[str], bool] = lambda _: False
    """Whether its user may not write a file."""
    room_at: Callable[[str], int | None] = lambda _: None
    """Bytes of the volume that a path lies in; None for no limit."""


@dataclass(slots=True)
class _Draft:
    program: Program
    around: Surroundings
    lines: list[PlannedLine] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    at: float = 0.03

    def say(self, text: str, *, level: str = "INFO") -> None:
        self.lines.append(PlannedLine(self.at, text, level))

    def say_all(self, lines: Sequence[str]) -> None:
        """Errors; what begins with `|` stands as it is."""
        for line in lines:
            self.say(line.removeprefix("|"), level="" if line.startswith("|") else "ERROR")

    def fail(self, failure: Failure, **facts: Any) -> None:  # whatever the words of the style want to know
        for level, text in style_of(self.program.style).lines(failure, **facts):
            self.say(text, level=level)

    def ended(self, *, code: int, reason: str = "Error", after: float = 0.05, memory: int = 0) -> RunPlan:
        end = PlannedExit(self.at + after, code, reason)
        used = memory or self.program.memory_mib * MIB
        return RunPlan(tuple(self.lines), memory_bytes=used, growth=tuple(self.growth), end=end)


def plan_run(program: Program, around: Surroundings) -> RunPlan:
    """Decide a run."""
    if program.is_shell or is_shell_command(around.command):
        return _plan_script(program, around)
    draft = _Draft(program, around)
    if program.starting:
        draft.say(program.starting.format(version=around.version))
    failed = _fail_at_start(draft)
    if failed is not None:
        return failed
    memory = program.memory_mib * MIB
    if 0 < around.memory_limit < memory:
        return draft.ended(code=OOM_EXIT_CODE, reason="OOMKilled", after=0.3)
    if program.cache is not None:
        memory, is_too_large = _fill_cache(draft, program.cache, memory=memory)
        if is_too_large:
            return draft.ended(code=OOM_EXIT_CODE, reason="OOMKilled", memory=around.memory_limit)
    _warm_up(draft)
    return _serve(draft, memory=memory)


def foreign_plan(command: Sequence[str], *, program: Program) -> RunPlan:
    """A binary for another processor: the runtime starts it, and that is its end."""
    name = command[0] if command else f"/usr/local/bin/{program.name}"
    line = PlannedLine(0.02, f"exec {name}: exec format error", "")
    return RunPlan((line,), end=PlannedExit(0.05, FORMAT_ERROR_EXIT_CODE, "Error"), is_script=True)


def _fail_at_start(draft: _Draft) -> RunPlan | None:
    """The first thing that keeps the program from starting."""
    program, around = draft.program, draft.around
    if failed := _fail_of_settings(draft) or _fail_of_files(draft):
        return failed
    for call in program.api_calls:
        if message := around.refusal(call):
            draft.fail("forbidden", message=message, escaped=message.replace('"', '\\"'))
            return draft.ended(code=1, after=0.4)
    for dependency in program.dependencies:
        if dependency.needed_for == "start" and (failed := _try_to_reach(draft, dependency)):
            return failed
    return _fail_of_its_own(draft)


def _fail_of_settings(draft: _Draft) -> RunPlan | None:
    """A variable or a piece of configuration that is missing or wrong."""
    program, around = draft.program, draft.around
    missing = next((name for name in program.required_env if not around.env.get(name)), None)
    if missing is not None:
        draft.fail("missing-env", name=missing)
        return draft.ended(code=1)
    for check in program.config:
        content = around.files.get(check.key)
        if content is None or not re.search(check.must_match, content, re.MULTILINE):
            draft.say(check.complaint, level="ERROR")
            return draft.ended(code=1)
    for wanted in program.env_checks:
        if not re.search(wanted.must_match, around.env.get(wanted.env, "")):
            draft.at += wanted.after_seconds
            draft.say_all(wanted.lines)
            return draft.ended(code=wanted.exit_code)
    return None


def _fail_of_files(draft: _Draft) -> RunPlan | None:
    """A file that is not there, or cannot be written."""
    program, around = draft.program, draft.around
    absent = next((path for path in program.reads if path not in around.paths), None)
    if absent is not None:
        draft.fail("no-file", path=absent)
        return draft.ended(code=1)
    for path in program.writes:
        is_blocked = not _is_writable(path, around)
        if is_blocked or around.is_denied(path):
            draft.fail("read-only" if is_blocked else "denied", path=path)
            return draft.ended(code=1)
    return None


def _is_writable(path: str, around: Surroundings) -> bool:
    return not around.is_read_only or any(
        path == mounted or path.startswith(mounted.rstrip("/") + "/") for mounted in around.writable_paths
    )


def _try_to_reach(draft: _Draft, dependency: Dependency) -> RunPlan | None:
    url = draft.around.env.get(dependency.env, "")
    trouble = draft.around.trouble(url) if url else None
    if trouble is None:
        return None
    host, port = host_and_port(url)
    facts = {"url": shown_address(url), "host": host, "port": port, "address": draft.around.address_of(url)}
    for _ in range(draft.program.start_attempts):
        draft.fail(trouble, **facts)
        draft.at += ATTEMPT_SECONDS
    draft.fail("gave-up", attempts=draft.program.start_attempts, **facts)
    return draft.ended(code=1)


def _fail_of_its_own(draft: _Draft) -> RunPlan | None:
    fault = draft.program.fault
    if fault is None or (fault.unless_env and draft.around.env.get(fault.unless_env)):
        return None
    draft.at += fault.after_seconds
    draft.say_all(fault.lines)
    return draft.ended(code=fault.exit_code)


def _serve(draft: _Draft, *, memory: int) -> RunPlan:
    """The rest of a run that nothing keeps from starting."""
    program, around = draft.program, draft.around
    if program.runs_seconds is not None:
        draft.at += program.runs_seconds
        draft.say(program.finished)
        return draft.ended(code=0, reason="Completed", memory=memory)
    ports = listening_ports(program, env=around.env)
    taken = next((port for port in ports if port in around.taken_ports), None)
    if taken is not None:
        draft.fail("port-in-use", port=taken)
        return draft.ended(code=1)
    for port in ports[:1]:
        draft.say(program.listening.format(port=port))
    listens_after = draft.at
    return RunPlan(
        listens_on=ports,
        listens_after=listens_after,
        memory_bytes=memory,
        growth=tuple(draft.growth),
        end=_fill_volume(draft),
        lines=tuple(draft.lines),
    )


def _fill_volume(draft: _Draft) -> PlannedExit | None:
    """Its files outgrow the volume they lie in: the write that finds no room ends the program."""
    scratch = draft.program.scratch
    room = draft.around.room_at(scratch.path) if scratch is not None else None
    if scratch is None or room is None:
        return None
    if number_in(draft.around.env, scratch.size_env, default=scratch.size_mib) * MIB <= room:
        return None
    draft.at += scratch.after_seconds
    draft.fail("disk-full", path=scratch.path)
    return PlannedExit(draft.at + 0.05, 1, "Error")


def listening_ports(program: Program, *, env: Mapping[str, str]) -> tuple[int, ...]:
    wanted = env.get(program.port_env, "") if program.port_env else ""
    if wanted.isdigit():
        return (int(wanted), *program.ports[1:])
    return program.ports


def _fill_cache(draft: _Draft, cache: Cache, *, memory: int) -> tuple[int, bool]:
    """Load the cache step by step; the step that does not fit is the last thing the process does."""
    size = number_in(draft.around.env, cache.size_env, default=cache.size_mib)
    limit = draft.around.memory_limit
    loaded = 0
    while loaded < size:
        draft.at += cache.step_seconds
        step = min(cache.step_mib, size - loaded)
        if 0 < limit < memory + step * MIB:
            return memory, True
        loaded += step
        memory += step * MIB
        draft.growth.append(Growth(draft.at, memory))
        draft.say(cache.line.format(loaded=loaded, size=size))
    return memory, False


def number_in(env: Mapping[str, str], name: str, *, default: int) -> int:
    """A whole number from a variable, where it holds one."""
    wanted = env.get(name, "") if name else ""
    return int(wanted) if wanted.isdigit() else default


def _warm_up(draft: _Draft) -> None:
    program, begin = draft.program, draft.at
    steps = int(program.start_seconds // WARM_UP_STEP_SECONDS) if program.warm_up else 0
    for step in range(steps):
        draft.at = begin + step * WARM_UP_STEP_SECONDS
        draft.say(program.warm_up.format(step=step + 1, steps=steps))
    draft.at = begin + program.start_seconds


def _plan_script(program: Program, around: Surroundings) -> RunPlan:
    script = read_script(around.command, paths=around.paths)
    lines = tuple(PlannedLine(offset, text) for offset, text in script.lines)
    end = None
    if script.ends_after is not None:
        reason = "Completed" if script.exit_code == 0 else "Error"
        end = PlannedExit(script.ends_after, script.exit_code, reason)
    waits_for = script.waits_for
    if waits_for and around.trouble(waits_for) is None:
        script, waits_for, end = ScriptResult(), "", PlannedExit(0.3, 0, "Completed")
    return RunPlan(
        lines,
        memory_bytes=program.memory_mib * MIB,
        end=end,
        repeats=script if script.repeats_every else None,
        waits_for=waits_for,
        touches=script.touches,
        is_script=True,
    )
