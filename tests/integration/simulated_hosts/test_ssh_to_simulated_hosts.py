"""The OpenSSH client and asyncssh enter simulated hosts, and what is done there stays done."""

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime

import asyncssh
import pytest

from host_facts.collection import build_script
from host_facts.parsing import parse_facts
from tests.integration.simulated_hosts.conftest import ServedFleet

TAG = "0123456789abcdef"
WAIT_SECONDS = 15

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="the OpenSSH client is not installed")


def run_ssh(
    fleet: ServedFleet, host: str, *words: str, stdin: str = "", user: str = "root"
) -> subprocess.CompletedProcess[str]:
    command = fleet.ssh(host, *words, user=user)
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


async def connect(fleet: ServedFleet, host: str, *, user: str = "root") -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1",
        fleet.hosts[host]["port"],
        username=user,
        client_keys=[str(fleet.key)],
        known_hosts=str(fleet.known_hosts),
        agent_path=None,
        config=None,
    )


@needs_ssh
def test_the_openssh_client_gets_both_outputs_and_the_exit_code(fleet: ServedFleet) -> None:
    ran = run_ssh(fleet, "db-1", "hostname; echo trouble >&2; exit 3")

    assert (ran.stdout, ran.returncode) == ("db-1\n", 3)
    assert ran.stderr == "trouble\n"


@needs_ssh
def test_standard_input_reaches_the_command(fleet: ServedFleet) -> None:
    ran = run_ssh(fleet, "db-1", "tr a-z A-Z", stdin="from the client\n")

    assert ran.stdout == "FROM THE CLIENT\n"


@needs_ssh
def test_the_node_of_a_pod_is_a_host_too(fleet: ServedFleet) -> None:
    ran = run_ssh(fleet, "node-1", "systemctl is-active kubelet && crictl ps -q | wc -l")

    state, count = ran.stdout.split()
    assert state == "active"
    assert int(count) > 3


@needs_ssh
def test_an_unknown_user_and_a_wrong_key_are_refused(fleet: ServedFleet) -> None:
    stranger = run_ssh(fleet, "db-1", "true", user="mallory")

    assert stranger.returncode == 255


@needs_ssh
def test_a_user_without_rights_is_told_so_and_sudo_helps(fleet: ServedFleet) -> None:
    refused = run_ssh(fleet, "db-1", "dmesg", user="ops")
    helped = run_ssh(fleet, "db-1", "sudo -n dmesg | head -n 1", user="ops")

    assert "Operation not permitted" in refused.stderr
    assert "Linux version" in helped.stdout


@needs_ssh
def test_a_repair_by_one_client_is_seen_by_the_next(fleet: ServedFleet) -> None:
    before = run_ssh(fleet, "app-1", "ps -eo stat | grep -c Z")
    repaired = run_ssh(fleet, "app-1", "systemctl restart worker")
    after = run_ssh(fleet, "app-1", "ps -eo stat | grep -c Z")

    assert int(before.stdout) > 5
    assert repaired.returncode == 0
    assert int(after.stdout) == 0


async def test_the_collection_script_runs_over_ssh(fleet: ServedFleet) -> None:
    async with await connect(fleet, "gateway-1") as connection:
        asked = datetime.now(UTC)
        ran = await asyncio.wait_for(connection.run(build_script(tag=TAG, look_seconds=0)), WAIT_SECONDS)

    facts = parse_facts(str(ran.stdout), host="gateway-1", tag=TAG, taken_at=datetime.now(UTC), asked_at=asked)
    assert facts.hostname == "gateway-1"
    assert facts.unknown == {}


async def test_many_sessions_share_one_connection_up_to_the_limit(fleet: ServedFleet) -> None:
    async with await connect(fleet, "db-1") as connection:
        ran = await asyncio.gather(*(connection.run(f"echo {number}") for number in range(10)))
        hanging = [await connection.create_process("sleep 30") for _ in range(10)]

        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("true")

        for process in hanging:
            process.terminate()

    assert [str(item.stdout).strip() for item in ran] == [str(number) for number in range(10)]


async def test_a_killed_command_ends_with_its_signal_and_leaves_no_process(fleet: ServedFleet) -> None:
    async with await connect(fleet, "db-1") as connection:
        running = await connection.create_process("exec sh -c 'echo $$; exec sleep 60'")
        group = (await asyncio.wait_for(running.stdout.readline(), WAIT_SECONDS)).strip()

        await connection.run(f"kill -s TERM -- -{group}", check=True)

        done = await asyncio.wait_for(running.wait(), WAIT_SECONDS)
        left = await connection.run(f"kill -0 {group}")
    assert done.exit_signal is not None
    assert done.exit_signal[0] == "TERM"
    assert left.exit_status == 1


async def test_a_terminal_session_has_prompt_echo_and_interrupt(fleet: ServedFleet) -> None:
    async with await connect(fleet, "db-1") as connection:
        terminal = await connection.create_process(term_type="xterm", term_size=(120, 40))

        await read_until(terminal, "root@db-1:~# ")
        terminal.stdin.write("cd /var/log\r")
        moved = await read_until(terminal, "/var/log# ")
        terminal.stdin.write("sleep 60\r")
        await read_until(terminal, "sleep 60")
        terminal.stdin.write("\x03")
        await read_until(terminal, "/var/log# ")
        terminal.stdin.write("echo $?; exit 5\r")
        done = await asyncio.wait_for(terminal.wait(), WAIT_SECONDS)

    assert "cd /var/log\r\n" in moved
    assert "130\r\n" in str(done.stdout)
    assert done.exit_status == 5


async def test_a_program_can_drive_the_shell_by_markers(fleet: ServedFleet) -> None:
    async with await connect(fleet, "db-1") as connection:
        terminal = await connection.create_process("bash --noprofile --norc -i", term_type="dumb")
        await read_until(terminal, "# ")

        marker = "printf '\\036%s:%s:%s\\037' tag $? $PWD"
        terminal.stdin.write(f'stty -echo; PS1=; PS2=; PROMPT_COMMAND="{marker.replace("$", chr(92) + "$")}"\r')
        await read_until(terminal, "\x1etag:0:/root\x1f")
        terminal.stdin.write("cd /etc; false\r")
        answered = await read_until(terminal, "\x1f")
        terminal.stdin.write("read -p 'Really? ' answer; echo \"got $answer\"\r")
        await read_until(terminal, "Really? ")
        terminal.stdin.write("yes\r")
        replied = await read_until(terminal, "\x1f")

    assert answered == "\x1etag:1:/etc\x1f"
    assert replied.startswith("got yes\r\n")


async def read_until(terminal: asyncssh.SSHClientProcess[str], text: str) -> str:
    """Everything up to and with a text, in bounded time."""
    return await asyncio.wait_for(terminal.stdout.readuntil(text), WAIT_SECONDS)
