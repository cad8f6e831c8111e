"""Every command a simulated host knows, with the faults of option reading caught in one place."""

from __future__ import annotations

from collections.abc import Awaitable

from simulator.hosts.commands import (
    certificates,
    containers,
    disk,
    files,
    finding,
    identity,
    journal_reading,
    kernel,
    memory,
    network,
    process_listing,
    process_overview,
    searching,
    services,
    signals,
    sockets,
    stream_editing,
    text,
    wrappers,
)
from simulator.hosts.machine.file_tree import FileFault
from simulator.hosts.shell.builtins import BUILTINS
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import UnknownOption

_FAMILIES = (
    *(
        certificates,
        containers,
        disk,
        files,
        finding,
        identity,
        journal_reading,
        kernel,
        memory,
        network,
        process_listing,
        process_overview,
    ),
    *(searching, services, signals, sockets, stream_editing, text, wrappers),
)
_USAGE_STATUS = {"ls": 2, "grep": 2, "egrep": 2, "sort": 2, "timeout": 125, "journalctl": 1, "ss": 255, "netstat": 3}


def _guarded(command: Command) -> Command:
    """The command, with what it was called wrongly with told as programs tell it."""

    async def run(call: Call) -> int:
        try:
            result = command(call)
            return await result if isinstance(result, Awaitable) else result
        except UnknownOption as error:
            call.fail(f"{error}\nTry '{call.name} --help' for more information.")
            return _USAGE_STATUS.get(call.name, 1)
        except FileFault as error:
            return call.fail(str(error))

    return run


COMMANDS: dict[str, Command] = {
    **BUILTINS,
    **{name: _guarded(command) for family in _FAMILIES for name, command in family.COMMANDS.items()},
}
