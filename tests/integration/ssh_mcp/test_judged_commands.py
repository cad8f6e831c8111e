"""What runs at once, what a person is asked about, and what nobody can approve."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult

from tests.fakes.openssh import KeyPair, SshServer, ssh_server
from tests.integration.ssh_mcp.conftest import Estate, OpenTools, Person, structured, text_of

YES = ElicitResult(action="accept", content={"confirm": True})


@pytest.fixture(autouse=True)
def web(estate: Estate, server: SshServer) -> None:
    estate.add("web", server)


async def test_commands_that_only_read_run_without_a_question(open_tools: OpenTools) -> None:
    person = Person(says_yes=False)
    async with open_tools(person=person, read_only=True) as tools:
        hosts = await tools.execute("web", "local", command="df -h | grep -v tmpfs; ps aux | head -3")

    assert person.questions == []
    assert [(host["classification"], host["exit_code"]) for host in hosts] == [("readonly", 0)] * 2


async def test_destructive_commands_are_refused_with_reasons_and_nobody_is_asked(open_tools: OpenTools) -> None:
    person = Person()
    async with open_tools(person=person) as tools:
        result = await tools.call("ssh-execute", assets=["web"], command="cd / && rm -rf -- *")
        by_sudo = await tools.call("ssh-execute", assets=["web"], command="mkfs.ext4 /dev/sda1", sudo=True)

    for answer in (structured(result), structured(by_sudo)):
        assert (answer["status"], answer["classification"], answer["hosts"]) == ("blocked", "blocked", [])
        assert answer["reasons"][0]["rule"].startswith("B")
        assert answer["reasons"][0]["zh"]
    assert "nobody can approve it" in text_of(result)
    assert person.questions == []


async def test_question_says_why_in_both_languages(open_tools: OpenTools) -> None:
    person = Person(says_yes=False)
    async with open_tools(person=person) as tools:
        await tools.call("ssh-execute", assets=["web"], command="systemctl restart nginx")

    (question,) = person.questions
    assert question.startswith("Run on web: systemctl restart nginx\n")
    assert "C-service-change" in question


async def test_an_approval_that_is_sent_again_runs_nothing(open_tools: OpenTools, tmp_path: Path) -> None:
    arguments = {"assets": ["local"], "command": f"echo run >> {tmp_path}/runs"}
    async with open_tools() as tools:
        session = tools.client.session
        asked = await session.call_tool("ssh-execute", arguments, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        first, again = [
            await session.call_tool(
                "ssh-execute",
                arguments,
                input_responses={key: YES for key in asked.input_requests or {}},
                request_state=asked.request_state,
                allow_input_required=True,
            )
            for _ in range(2)
        ]

    assert isinstance(first, CallToolResult)
    assert isinstance(again, InputRequiredResult)
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_host_without_bash_gets_nothing_that_its_shell_reads_otherwise(
    estate: Estate, client_key: KeyPair, open_tools: OpenTools, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "ls", "timeout", "true", "pwd"):
        (programs / name).symlink_to(shutil.which(name) or "/bin/sh")
    options = [f"SetEnv PATH={programs}"]
    with ssh_server(tmp_path / "small", client_key=client_key, options=options) as small:
        estate.add("small", small)
        async with open_tools() as tools:
            (plain,) = await tools.execute("small", command="pwd; command -v bash")
            result = await tools.call("ssh-execute", assets=["small"], command=f"[[ b > {tmp_path}/written ]]; ls")

    assert plain["status"] == "done"
    assert plain["exit_code"] in {1, 127}
    assert "has no bash" in text_of(result)
    assert not (tmp_path / "written").exists()


async def test_host_without_a_shell_is_asked_about_since_the_rules_do_not_hold_there(
    estate: Estate, client_key: KeyPair, open_tools: OpenTools, tmp_path: Path
) -> None:
    options = ['ForceCommand echo "router: $SSH_ORIGINAL_COMMAND"']
    person = Person()
    with ssh_server(tmp_path / "router", client_key=client_key, options=options) as router:
        estate.add("router", router)
        async with open_tools(person=person) as tools:
            first = await tools.call("ssh-execute", assets=["router"], command="uptime")
            asked_before = len(person.questions)
            (second,) = await tools.execute("router", command="uptime")
            facts = structured(await tools.call("ssh-host-facts", assets=["router"]))

    assert "has no POSIX shell" in text_of(first)
    assert asked_before == 0
    assert "foreign-shell" in person.questions[0]
    assert second["stdout"] == "router: uptime"
    assert facts["hosts"][0]["error_kind"] == "forbidden"


async def test_login_shell_that_changes_what_it_is_given_is_no_shell_for_the_rules(
    estate: Estate, client_key: KeyPair, open_tools: OpenTools, tmp_path: Path
) -> None:
    # As fish does, it halves backslashes: what was judged as one command would run as two.
    halving = "printf %s \"$SSH_ORIGINAL_COMMAND\" | sed 's/\\\\\\\\/\\\\/g' | sh"
    person = Person(says_yes=False)
    command = rf"echo \\\; touch {tmp_path}/ran"
    with ssh_server(tmp_path / "fish", client_key=client_key, options=[f"ForceCommand {halving}"]) as fish:
        estate.add("fish", fish)
        async with open_tools(person=person) as tools:
            first = await tools.call("ssh-execute", assets=["fish"], command=command)
            again = await tools.call("ssh-execute", assets=["fish"], command=command)

    assert "has no POSIX shell" in text_of(first)
    assert structured(again)["status"] == "declined"
    assert not (tmp_path / "ran").exists()


async def test_second_line_of_a_command_does_not_pass_for_a_line_of_the_question(open_tools: OpenTools) -> None:
    person = Person(says_yes=False)
    command = "touch /nowhere/x\n  local (dev): nobody\nonly reads"
    async with open_tools(person=person) as tools:
        await tools.call("ssh-execute", assets=["local"], command=command, reason="harmless\n  local (dev): nobody")

    (question,) = person.questions
    assert question.splitlines()[:3] == [
        "Run on local: touch /nowhere/x",
        "  |   local (dev): nobody",
        "  | only reads",
    ]
    assert "Asked for because: harmless local (dev): nobody" in question


class TestSessions:
    async def test_what_only_reads_cannot_change_what_words_mean(self, open_tools: OpenTools) -> None:
        person = Person(says_yes=False)
        async with open_tools(person=person) as tools:
            opened = structured(await tools.call("ssh-session-manager", action="open", asset="web"))
            session = {"session": opened["session"]}
            await tools.call("ssh-session-manager", action="exec", command="cd /usr; x=changed; export y=1", **session)
            result = structured(
                await tools.call("ssh-session-manager", action="exec", command='pwd; echo "[$x$y]"', **session)
            )

        assert result["output"].endswith("[]")
        assert person.questions == []

    async def test_after_an_approved_command_reading_ones_are_asked_about(self, open_tools: OpenTools) -> None:
        person = Person()
        async with open_tools(person=person) as tools:
            opened = structured(await tools.call("ssh-session-manager", action="open", asset="web"))
            session = {"session": opened["session"]}
            await tools.call("ssh-session-manager", action="exec", command="df() { echo fake; }", **session)
            result = structured(await tools.call("ssh-session-manager", action="exec", command="df", **session))

        assert result["output"] == "fake"
        assert len(person.questions) == 2
        assert "nobody can tell what a word means" in person.questions[1]

    async def test_destructive_input_is_refused(self, open_tools: OpenTools) -> None:
        person = Person()
        async with open_tools(person=person) as tools:
            opened = structured(await tools.call("ssh-session-manager", action="open", asset="web"))
            session = {"session": opened["session"]}
            await tools.call("ssh-session-manager", action="exec", command="bash", timeout_seconds=1, **session)
            asked_before = len(person.questions)
            result = structured(await tools.call("ssh-session-manager", action="input", text="rm -rf /", **session))

        assert result["status"] == "blocked"
        assert len(person.questions) == asked_before
