"""What one run of a container will do, decided at its start from program, environment and limits.

Pure: everything the kubelet later observes (lines, open ports, memory, the exit) follows from the plan and the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.world.programs.program import Cache, Program
from simulator.world.programs.shell_script import ScriptResult, is_shell_command, read_script

MIB = 1024 * 1024
WARM_UP_STEP_SECONDS = 5.0
OOM_EXIT_CODE = 137


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
class RunPlan:
    """Offsets are seconds after the start of the process."""

    lines: tuple[PlannedLine, ...]
    listens_on: tuple[int, ...] = ()
    listens_after: float = 0.0
    memory_bytes: int = 0
    end: PlannedExit | None = None
    repeats: ScriptResult | None = None


@dataclass(slots=True)
class _Draft:
    lines: list[PlannedLine] = field(default_factory=list)
    at: float = 0.03

    def say(self, text: str, *, level: str = "INFO") -> None:
        self.lines.append(PlannedLine(self.at, text, level))


def plan_run(
    program: Program, *, env: Mapping[str, str], version: str, memory_limit: int, command: Sequence[str] = ()
) -> RunPlan:
    """Decide a run; `memory_limit` is in bytes, 0 for none."""
    if program.is_shell or is_shell_command(command):
        return _plan_script(program, command=command)
    draft = _Draft()
    if program.starting:
        draft.say(program.starting.format(version=version))
    missing = next((name for name in program.required_env if not env.get(name)), None)
    if missing is not None:
        draft.say(f"configuration error: required environment variable {missing} is not set", level="ERROR")
        return _ended(draft, program, code=1, reason="Error", after=0.05)
    memory = program.memory_mib * MIB
    if 0 < memory_limit < memory:
        return _ended(draft, program, code=OOM_EXIT_CODE, reason="OOMKilled", after=0.3)
    if program.cache is not None:
        memory, is_too_large = _fill_cache(draft, program.cache, env=env, memory=memory, memory_limit=memory_limit)
        if is_too_large:
            return _ended(draft, program, code=OOM_EXIT_CODE, reason="OOMKilled", after=0.05, memory=memory_limit)
    _warm_up(draft, program)
    if program.runs_seconds is not None:
        draft.at += program.runs_seconds
        draft.say(program.finished)
        return _ended(draft, program, code=0, reason="Completed", after=0.05, memory=memory)
    ports = listening_ports(program, env=env)
    for port in ports[:1]:
        draft.say(program.listening.format(port=port))
    return RunPlan(tuple(draft.lines), listens_on=ports, listens_after=draft.at, memory_bytes=memory)


def listening_ports(program: Program, *, env: Mapping[str, str]) -> tuple[int, ...]:
    wanted = env.get(program.port_env, "") if program.port_env else ""
    if wanted.isdigit():
        return (int(wanted), *program.ports[1:])
    return program.ports


def _fill_cache(
    draft: _Draft, cache: Cache, *, env: Mapping[str, str], memory: int, memory_limit: int
) -> tuple[int, bool]:
    """Load the cache step by step; the step that does not fit is the last thing the process does."""
    wanted = env.get(cache.size_env, "") if cache.size_env else ""
    size = int(wanted) if wanted.isdigit() else cache.size_mib
    loaded = 0
    while loaded < size:
        draft.at += cache.step_seconds
        step = min(cache.step_mib, size - loaded)
        if 0 < memory_limit < memory + step * MIB:
            return memory, True
        loaded += step
        memory += step * MIB
        draft.say(cache.line.format(loaded=loaded, size=size))
    return memory, False


def _warm_up(draft: _Draft, program: Program) -> None:
    begin = draft.at
    steps = int(program.start_seconds // WARM_UP_STEP_SECONDS) if program.warm_up else 0
    for step in range(steps):
        draft.at = begin + step * WARM_UP_STEP_SECONDS
        draft.say(program.warm_up.format(step=step + 1, steps=steps))
    draft.at = begin + program.start_seconds


def _ended(draft: _Draft, program: Program, *, code: int, reason: str, after: float, memory: int = 0) -> RunPlan:
    end = PlannedExit(draft.at + after, code, reason)
    return RunPlan(tuple(draft.lines), memory_bytes=memory or program.memory_mib * MIB, end=end)


def _plan_script(program: Program, *, command: Sequence[str]) -> RunPlan:
    script = read_script(command)
    lines = tuple(PlannedLine(offset, text) for offset, text in script.lines)
    end = None
    if script.ends_after is not None:
        reason = "Completed" if script.exit_code == 0 else "Error"
        end = PlannedExit(script.ends_after, script.exit_code, reason)
    repeats = script if script.repeats_every else None
    return RunPlan(lines, memory_bytes=program.memory_mib * MIB, end=end, repeats=repeats)
