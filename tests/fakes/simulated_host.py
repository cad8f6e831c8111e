"""Commands and facts of simulated hosts for tests, without a network."""

import asyncio
from datetime import UTC, datetime

from host_facts.collection import build_script
from host_facts.domain import HostFacts
from host_facts.parsing import parse_facts
from simulator.hosts.commands.catalogue import COMMANDS
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.shell.interpreter import Shell, Streams
from simulator.hosts.shell.state import login_state
from simulator.hosts.shell.streams import Buffer, TextInput

TAG = "0123456789abcdef"


class Ran:
    """What one command did."""

    def __init__(self, *, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


async def run_on(host: Host, script: str, *, user: str = "root", stdin: str = "") -> Ran:
    """Run a script as a login shell of the host does."""
    process = host.start_process(Process(host.processes.next_pid(), 1, "bash", "bash -c …", user=user))
    stdout, stderr = Buffer(), Buffer()
    shell = Shell(login_state(host, user=user, pid=process.pid), commands=COMMANDS)
    try:
        status = await shell.run_script(script, streams=Streams(TextInput(stdin), stdout, stderr))
    finally:
        host.processes.end(process)
    return Ran(status=status, stdout=stdout.text, stderr=stderr.text)


def run_now(host: Host, script: str, *, user: str = "root", stdin: str = "") -> Ran:
    return asyncio.run(run_on(host, script, user=user, stdin=stdin))


def look_at(host: Host, *, user: str = "root") -> HostFacts:
    """The facts that the collection script finds on a host."""
    script = build_script(tag=TAG, look_seconds=0)
    moment = datetime.fromtimestamp(host.now(), UTC)
    output = run_now(host, script, user=user).stdout
    return parse_facts(output, host=host.name, tag=TAG, taken_at=moment, asked_at=moment)
