"""What a container's image can execute, and what the runtime says when it cannot."""

from collections.abc import Sequence

from simulator.world.programs.program import Program
from simulator.world.programs.shell_script import KNOWN, SHELLS

RUN_PREFIX = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: "
)
TOOLS = KNOWN | {"sleep", "echo", "cat", "touch", "tail", "exit", "test", "kill"}


def start_error(program: Program, command: Sequence[str]) -> str | None:
    """Why the runtime cannot start a command; None when it can, or when the image's own is taken."""
    if not command:
        return None
    name = command[0]
    if name in program.not_executable:
        return f'{RUN_PREFIX}exec: "{name}": permission denied: unknown'
    return None if can_execute(program, name) else missing_executable(name, prefix=RUN_PREFIX)


def can_execute(program: Program, name: str) -> bool:
    """Whether the image has a command: the program itself, what is listed, and a shell with its tools."""
    bare = name.rpartition("/")[2]
    if bare in SHELLS or bare in TOOLS:
        return program.has_shell
    return name in program.executables or bare in {program.name, *program.executables}


def missing_executable(name: str, *, prefix: str) -> str:
    if "/" in name:
        return f'{prefix}exec: "{name}": stat {name}: no such file or directory: unknown'
    return f'{prefix}exec: "{name}": executable file not found in $PATH: unknown'
