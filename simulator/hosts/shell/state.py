"""What a running shell knows: where it is, its variables, its functions, who it works for."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulator.hosts.machine.host import Host
from simulator.hosts.shell.syntax import Statement

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ExitShell(Exception):
    """`exit`, or `exec` that is over."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ReturnFromFunction(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LeaveLoop(Exception):
    def __init__(self, *, goes_on: bool) -> None:
        super().__init__()
        self.goes_on = goes_on


@dataclass(slots=True)
class ShellState:
    host: Host
    user: str
    pid: int
    directory: str
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    functions: dict[str, Statement] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    name: str = "bash"
    """`$0`, which also begins its complaints."""
    status: int = 0
    depth: int = 0
    is_interactive: bool = False
    terminal: str = "?"
    is_replacing: bool = False
    """`exec` runs a command in the place of this shell: it keeps the process id."""
    set_echo: Callable[[bool], None] | None = None
    """Of the terminal, when there is one."""

    @property
    def is_root(self) -> bool:
        return self.user == "root"

    @property
    def home(self) -> str:
        return "/root" if self.is_root else f"/home/{self.user}"

    def fork(self) -> ShellState:
        """A copy whose changes stay in it, as in a subshell."""
        return replace(
            self,
            variables=dict(self.variables),
            exported=set(self.exported),
            functions=dict(self.functions),
            arguments=list(self.arguments),
        )

    def path(self, name: str) -> str:
        """The absolute, normalised path a name means here."""
        normal = posixpath.normpath(posixpath.join(self.directory, name))
        return "/" + normal.lstrip("/")

    def look_up(self, name: str) -> str | None:
        """A variable or special parameter; None when it is not set."""
        if name in self.variables:
            return self.variables[name]
        special = {
            "?": str(self.status),
            "$": str(self.pid),
            "#": str(len(self.arguments)),
            "0": self.name,
            "@": " ".join(self.arguments),
            "*": " ".join(self.arguments),
            "!": "",
            "-": "",
            "HOSTNAME": self.host.name,
            "PWD": self.directory,
        }
        if name in special:
            return special[name]
        if name.isdecimal():
            number = int(name)
            return self.arguments[number - 1] if 0 < number <= len(self.arguments) else None
        return None


def login_state(host: Host, *, user: str, pid: int) -> ShellState:
    """A shell as sshd starts it."""
    home = "/root" if user == "root" else f"/home/{user}"
    variables = {
        "HOME": home,
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "PATH": DEFAULT_PATH if user == "root" else "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "IFS": " \t\n",
    }
    return ShellState(host, user, pid, home, variables=variables, exported=set(variables) - {"IFS"})
