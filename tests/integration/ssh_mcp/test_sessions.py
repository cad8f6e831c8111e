"""ssh-session-manager on a real sshd and on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import shutil
import signal
import sys
from pathlib import Path

import pytest
from mcp_types import CallToolResult

from tests.fakes.openssh import KeyPair, SshServer, ssh_server
from tests.integration.ssh_mcp.conftest import (
    Estate,
    Json,
    OpenTools,
    Person,
    Tools,
    find_processes,
    kind_of,
    structured,
    text_of,
)

WHERE = pytest.mark.parametrize("where", ["web", "local"])


@pytest.fixture(autouse=True)
def web(estate: Estate, server: SshServer) -> None:
    estate.add("web", server)


class Session:
    """One open session."""

    def __init__(self, tools: Tools, session_id: str) -> None:
        self._tools = tools
        self.id = session_id

    async def result(self, action: str, **arguments: object) -> CallToolResult:
        return await self._tools.call("ssh-session-manager", action=action, session=self.id, **arguments)

    async def do(self, action: str, **arguments: object) -> Json:
        return structured(await self.result(action, **arguments))

    async def run(self, command: str, **arguments: object) -> Json:
        return await self.do("exec", command=command, **arguments)


async def open_session(tools: Tools, where: str) -> Session:
    opened = structured(await tools.call("ssh-session-manager", action="open", asset=where))
    assert opened["status"] == "idle"
    return Session(tools, opened["session"])


@WHERE
async def test_commands_build_on_each_other(where: str, open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, where)
        await session.run("cd /tmp")
        await session.run("export HISTSIZE=42 && touch .")
        result = await session.run("echo $HISTSIZE; echo '  it'\\''s!  '; false")

    assert result["output"] == "42\n  it's!  "
    assert (result["status"], result["exit_code"], result["directory"]) == ("idle", 1, "/tmp")


@WHERE
async def test_question_of_a_program_is_answered(where: str, open_tools: OpenTools) -> None:
    person = Person()
    async with open_tools(person=person) as tools:
        session = await open_session(tools, where)
        asked = await session.run("read -p 'Continue? [y/N] ' reply; echo \"you said $reply\"", timeout_seconds=60)
        answered = await session.do("input", text="y\n")

    assert (asked["status"], asked["output"]) == ("running", "Continue? [y/N] ")
    assert (answered["status"], answered["output"]) == ("idle", "you said y")
    assert person.questions[-1].splitlines()[0].endswith(f"on {where}: y and Enter")
    assert "Continue? [y/N]" in person.questions[-1]


async def test_program_that_is_talked_to_is_not_waited_for(open_tools: OpenTools) -> None:
    async with open_tools(person=Person()) as tools:
        session = await open_session(tools, "local")
        begun = await session.run(f"{sys.executable} -q -i", timeout_seconds=60)
        answer = await session.do("input", text="6*7")
        ended = await session.do("input", text="exit()")

    assert begun["status"] == "running"
    assert answer["output"].startswith("42\n")
    assert (ended["status"], ended["exit_code"]) == ("idle", 0)


@WHERE
async def test_long_command_is_watched_and_stopped(where: str, open_tools: OpenTools) -> None:
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    person = Person()
    async with open_tools(person=person) as tools:
        session = await open_session(tools, where)
        begun = await session.run(f"echo begun; {mark}", timeout_seconds=1)
        asked_before = len(person.questions)
        stopped = await session.do("signal", signal="INT")
        asked_after = len(person.questions)
        after = await session.run("echo after")

    assert (begun["status"], begun["output"]) == ("running", "begun")
    assert (stopped["status"], stopped["exit_code"]) == ("idle", 130)
    assert asked_after == asked_before
    assert after["output"] == "after"
    assert find_processes(mark) == []


async def test_command_is_stopped_though_the_server_was_started_by_nohup(open_tools: OpenTools) -> None:
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGINT, signal.SIGHUP)]
    try:
        async with open_tools() as tools:
            session = await open_session(tools, "local")
            await session.run("sleep 789", timeout_seconds=1)
            stopped = await session.do("signal", signal="INT", timeout_seconds=5)
    finally:
        for number, handler in before:
            signal.signal(number, handler)

    assert (stopped["status"], stopped["exit_code"]) == ("idle", 130)


@WHERE
async def test_program_that_ignores_ctrl_c_can_be_killed_after_a_question(where: str, open_tools: OpenTools) -> None:
    person = Person()
    async with open_tools(person=person) as tools:
        session = await open_session(tools, where)
        await session.run("sh -c 'trap \"\" INT; sleep 789; sleep 788'", timeout_seconds=1)
        ignored = await session.do("signal", signal="INT", timeout_seconds=1)
        killed = await session.do("signal", signal="KILL")

    assert ignored["status"] == "running"
    assert killed["status"] == "idle"
    assert killed["exit_code"] == 137
    assert "Send KILL" in person.questions[-1]


@WHERE
async def test_forged_prompt_is_output(where: str, open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, where)
        result = await session.run(r"printf '\036abc:0:1:1:/\037'; sleep 0.3; echo done")

    assert result["output"].endswith("done")
    assert result["directory"] != "/"


@WHERE
async def test_flood_of_output_is_cut_in_the_middle(where: str, open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, where)
        result = await session.run("seq 1 400000")
        again = await session.run("echo calm")

    assert result["status"] == "idle"
    assert result["output"].startswith("1\n2\n")
    assert result["output"].endswith("399999\n400000")
    assert result["truncated"]
    assert again["output"] == "calm"


@WHERE
async def test_unread_flood_makes_the_program_wait(where: str, open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, where)
        await session.run("yes", timeout_seconds=1)
        await asyncio.sleep(0.3)
        stopped = await session.do("signal", signal="INT")
        while stopped["status"] == "running":
            stopped = await session.do("read", timeout_seconds=5)

    assert stopped["exit_code"] == 130


@WHERE
async def test_progress_bars_and_colours_are_shown_as_they_ended(where: str, open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, where)
        result = await session.run(r"printf '10%%\r\033[32m100%%\033[0m done\nab\bc\n\033]0;title\007'")

    assert result["output"] == "100% done\nac"


async def test_wrong_moments_are_told_with_the_next_step(open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, "web")
        idle_input = await session.result("input", text="y")
        await session.run("sleep 30", timeout_seconds=1)
        busy_exec = await session.result("exec", command="id")
        missing = await session.result("exec")
        surplus = await session.result("read", command="id")
        unknown = await Session(tools, "nosuch").result("read")
        control = await session.result("input", text="\x03")

    assert "use action=exec" in text_of(idle_input)
    assert "send the signal INT" in text_of(busy_exec)
    assert "action=exec needs command" in text_of(missing)
    assert "action=read does not take command" in text_of(surplus)
    assert kind_of(unknown) == "not_found"
    assert "invisible character U+0003" in text_of(control)


async def test_shell_that_ends_closes_its_session(open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, "web")
        ended = await session.run("echo bye; touch .; exit 3")
        listed = structured(await tools.call("ssh-session-manager", action="list"))

    assert (ended["status"], ended["output"]) == ("closed", "bye\nexit")
    assert listed["sessions"] == []


async def test_only_three_sessions_per_host(open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        first = await open_session(tools, "local")
        await open_session(tools, "local")
        await open_session(tools, "local")
        refused = await tools.call("ssh-session-manager", action="open", asset="local")
        await first.do("close")
        await open_session(tools, "local")

    assert "3 sessions are open on local" in text_of(refused)


@WHERE
async def test_closing_ends_what_runs_in_the_session(where: str, open_tools: OpenTools) -> None:
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    async with open_tools() as tools, asyncio.timeout(20):
        session = await open_session(tools, where)
        await session.run(f"{mark} & {mark}1", timeout_seconds=1)
        await session.do("close")
        while find_processes(mark):
            await asyncio.sleep(0.02)


async def test_recording_can_be_played_and_its_hash_is_in_the_audit(open_tools: OpenTools, tmp_path: Path) -> None:
    async with open_tools() as tools:
        session = await open_session(tools, "web")
        await session.run("echo 'grüße'")
        await session.run("read -s secret; echo got it", timeout_seconds=1)
        await session.do("input", text="hunter2")
        await session.do("close")

    (recording,) = (tmp_path / "data" / "recordings").iterdir()
    header, *events = [json.loads(line) for line in recording.read_text().splitlines()]
    shown = "".join(text for _, kind, text in events if kind == "o")
    audit = (tmp_path / "data" / "audit.jsonl").read_text()
    assert (header["version"], header["width"], header["height"]) == (2, 200, 50)
    assert "$ echo 'grüße'\r\ngrüße\r\n" in shown
    assert "got it" in shown
    assert "hunter2" not in recording.read_text() + audit
    assert [moment for moment, *_ in events] == sorted(moment for moment, *_ in events)
    assert hashlib.sha256(recording.read_bytes()).hexdigest() in audit


async def test_where_only_reading_is_allowed_nothing_is_typed(open_tools: OpenTools, tmp_path: Path) -> None:
    person = Person()
    async with open_tools(person=person, read_only=True) as tools:
        session = await open_session(tools, "web")
        refused = await session.run(f"touch {tmp_path}/ran")

    assert refused["status"] == "blocked"
    assert person.questions == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shell", ["dash", "busybox"])
async def test_hosts_without_bash_have_sessions_too(
    shell: str, estate: Estate, client_key: KeyPair, open_tools: OpenTools, tmp_path: Path
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to(program)
    for tool in ("ls", "cat", "sleep", "env", "stty", "pwd", "printf"):
        (programs / tool).symlink_to(program if shell == "busybox" else shutil.which(tool) or program)
    with ssh_server(tmp_path / "small", client_key=client_key, options=[f"SetEnv PATH={programs}"]) as small:
        estate.add("small", small)
        async with open_tools() as tools:
            session = await open_session(tools, "small")
            await session.run("cd /tmp")
            ran = await session.run("pwd; ls /nowhere")
            begun = await session.run("sleep 777", timeout_seconds=1)
            stopped = await session.do("signal", signal="INT")
            after = await session.run("pwd")
            other = await session.result("exec", command=f"[[ a > {tmp_path}/written ]]")

    assert "no bash on this host" in text_of(other)
    assert not (tmp_path / "written").exists()
    assert ran["output"].startswith("/tmp\n")
    assert ran["exit_code"] not in {0, None}
    assert begun["status"] == "running"
    assert stopped["status"] == "idle"
    assert (after["output"], after["directory"]) == ("/tmp", "/tmp")
