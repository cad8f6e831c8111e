"""ssh-execute on real OpenSSH servers."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import pytest

from tests.fakes.openssh import USER, KeyPair, SshServer, make_key, ssh_server
from tests.integration.ssh_mcp.conftest import (
    Estate,
    Mode,
    OpenTools,
    Person,
    find_processes,
    kind_of,
    structured,
    text_of,
)


async def test_each_host_answers_for_itself(
    estate: Estate, server: SshServer, client_key: KeyPair, tmp_path: Path, open_tools: OpenTools
) -> None:
    with ssh_server(tmp_path / "second", client_key=client_key) as second:
        estate.add("web-1", server)
        estate.add("web-2", second)
        estate.add("gone", server, port=1, is_known=False)
        async with open_tools() as tools:
            web_1, web_2, gone, local = await tools.execute(
                "web-1", "web-2", "gone", "local", command="echo to-$((6 * 7)); echo warned >&2; exit 3"
            )

    for host in (web_1, web_2, local):
        assert (host["status"], host["exit_code"]) == ("done", 3)
        assert (host["stdout"], host["stderr"]) == ("to-42", "warned")
        assert host["account"] == USER
        assert isinstance(host["audit_id"], int)
    assert gone["status"] == "unreachable"
    assert "127.0.0.1:1 cannot be connected" in gone["note"]


async def test_a_call_that_reaches_nobody_is_an_error_that_says_why(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("gone", server, port=1)
    async with open_tools() as tools:
        result = await tools.call("ssh-execute", assets=["gone"], command="uptime")

    assert result.is_error
    assert "gone: 127.0.0.1:1 cannot be connected" in text_of(result)
    assert kind_of(result) == "unreachable"


@pytest.mark.parametrize("where", ["web", "local"])
async def test_time_limit_leaves_no_process_behind(
    where: str, estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    command = f"echo begun; setsid {mark} & {mark}0 & {mark}1"
    async with open_tools() as tools:
        (host,) = await tools.execute(where, command=command, timeout_seconds=1)

    assert host["status"] == "timed_out"
    assert host["stdout"] == "begun"
    assert "everything the command started was ended" in host["note"]
    assert find_processes(mark) == []


@pytest.mark.parametrize("where", ["web", "local"])
async def test_process_that_ignores_the_polite_signal_is_killed(
    where: str, estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    async with open_tools() as tools:
        (host,) = await tools.execute(where, command=f"trap '' TERM; {mark}; {mark}1", timeout_seconds=1)

    assert host["status"] == "timed_out"
    assert find_processes(mark) == []


@pytest.mark.parametrize("where", ["web", "local"])
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_cancelled_call_leaves_no_process_behind(
    where: str, mode: Mode, estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    async with open_tools(mode=mode) as tools, asyncio.timeout(20):
        call = asyncio.create_task(tools.execute(where, command=f"{mark} & wait"))
        while not find_processes(mark):
            await asyncio.sleep(0.02)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        while find_processes(mark):
            await asyncio.sleep(0.02)

    assert call.cancelled()


async def test_fifty_commands_on_one_host_at_once(estate: Estate, server: SshServer, open_tools: OpenTools) -> None:
    estate.add("web", server)
    async with open_tools() as tools:
        answers = await asyncio.gather(*(tools.execute("web", command=f"echo {number}") for number in range(50)))

    assert [host["stdout"] for (host,) in answers] == [str(number) for number in range(50)]


async def test_host_that_allows_few_sessions_serves_many_commands(
    estate: Estate, client_key: KeyPair, tmp_path: Path, open_tools: OpenTools
) -> None:
    with ssh_server(tmp_path / "narrow", client_key=client_key, options=["MaxSessions 2"]) as narrow:
        estate.add("narrow", narrow)
        async with open_tools() as tools:
            answers = await asyncio.gather(*(tools.execute("narrow", command=f"echo {number}") for number in range(12)))

    assert [host["stdout"] for (host,) in answers] == [str(number) for number in range(12)]


@pytest.mark.parametrize("where", ["web", "local"])
async def test_endless_output_is_stopped_and_what_is_kept_can_be_read(
    where: str, estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    async with open_tools() as tools:
        (host,) = await tools.execute(where, command="seq 1 100000000", timeout_seconds=30)
        passage = structured(await tools.call("ssh-read-output", output_id=host["output_id"], offset=2_000_000))

    assert host["status"] == "output_limit"
    assert host["stdout"].startswith("1\n2\n")
    assert "of 4194304 bytes left out" in host["stdout"]
    assert host["truncated"]
    assert passage["total_bytes"] == 4_194_304
    assert passage["offset"] == 2_000_000
    assert passage["next_offset"] > 2_010_000


async def test_talkative_host_leaves_room_for_the_others(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    for number in range(19):
        estate.add(f"web-{number}", server)
    names = [f"web-{number}" for number in range(19)]
    async with open_tools() as tools:
        hosts = await tools.execute("local", *names, command='if [ -n "$SSH_CONNECTION" ]; then pwd; else seq 9999; fi')

    assert hosts[0]["truncated"]
    assert all(not host["truncated"] and host["stdout"] for host in hosts[1:])


async def test_background_process_does_not_hold_the_answer_back(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    async with open_tools() as tools:
        (host,) = await tools.execute("web", command=f"{mark} & echo begun", timeout_seconds=30)
        survivors = find_processes(mark)
        await tools.execute("local", command=f"pkill -f '{mark}'")

    assert (host["exit_code"], host["stdout"]) == (0, "begun")
    assert "still holds the output open" in host["note"]
    assert host["milliseconds"] < 10_000
    assert len(survivors) == 1


async def test_end_by_a_signal_is_told(estate: Estate, server: SshServer, open_tools: OpenTools) -> None:
    estate.add("web", server)
    async with open_tools() as tools:
        hosts = await tools.execute("web", "local", command="kill -SEGV $$")

    assert [(host["exit_code"], host["signal"]) for host in hosts] == [(None, "SEGV"), (None, "SEGV")]


async def test_start_up_files_and_exported_functions_of_the_account_have_no_say(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    home = server.folder / "home"
    (home / ".bashrc").write_text("df() { echo hijacked; }\nexport -f df\nexport BASH_ENV=$HOME/evil\necho noise >&2\n")
    (home / "evil").write_text("df() { echo hijacked; }\n")
    async with open_tools() as tools:
        (host,) = await tools.execute("web", command="df /")
    (home / ".bashrc").unlink()

    assert "Mounted on" in host["stdout"]


async def test_output_is_cleaned_and_credentials_in_it_are_hidden(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    command = r"printf '10%%\r100%%\r\n\033[31mred\033[0m\nDB_PASSWORD=hunter2\n\xff\n'"
    async with open_tools() as tools:
        (host,) = await tools.execute("web", command=command)

    assert host["stdout"] == "100%\nred\nDB_PASSWORD=[redacted]\n�"


async def test_local_commands_do_not_see_the_servers_secrets(
    open_tools: OpenTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-commands")
    async with open_tools() as tools:
        (host,) = await tools.execute("local", command="env | grep -c not-for-commands")

    assert host["stdout"] == "0"


async def test_question_shows_command_hosts_and_account_and_a_no_runs_nothing(
    estate: Estate, server: SshServer, open_tools: OpenTools, tmp_path: Path
) -> None:
    estate.add("web", server, tier="staging")
    person = Person(says_yes=False)
    async with open_tools(person=person) as tools:
        result = await tools.call(
            "ssh-execute", assets=["web", "local"], command=f"touch {tmp_path}/ran", reason="to try it"
        )

    (question,) = person.questions
    assert question.splitlines()[:3] == [
        f"Run on 2 hosts: touch {tmp_path}/ran",
        f"  web (staging): {USER} at 127.0.0.1:{server.port}",
        f"  local (prod): {USER}",
    ]
    assert "to try it" in question
    assert structured(result)["status"] == "declined"
    assert not (tmp_path / "ran").exists()


async def test_hidden_characters_are_refused(open_tools: OpenTools) -> None:
    person = Person()
    async with open_tools(person=person) as tools:
        result = await tools.call("ssh-execute", assets=["local"], command="echo \u202eevil")

    assert result.is_error
    assert "U+202E" in text_of(result)
    assert person.questions == []


async def test_command_too_long_to_be_shown_is_refused(open_tools: OpenTools) -> None:
    person = Person()
    async with open_tools(person=person) as tools:
        result = await tools.call("ssh-execute", assets=["local"], command=f"touch /nowhere/{'x' * 4000}")

    assert structured(result)["status"] == "blocked"
    assert structured(result)["reasons"][0]["rule"] == "too-long-to-ask"
    assert person.questions == []


@pytest.mark.parametrize("how", ["everywhere", "tier", "asset"])
async def test_where_only_reading_is_allowed_nobody_is_asked(
    how: str, estate: Estate, server: SshServer, open_tools: OpenTools, tmp_path: Path
) -> None:
    estate.add("web", server, read_only=how == "asset")
    tiers = ("prod",) if how == "tier" else ()
    person = Person()
    async with open_tools(person=person, read_only=how == "everywhere", read_only_tiers=tiers) as tools:
        result = await tools.call("ssh-execute", assets=["web"], command=f"touch {tmp_path}/ran")

    assert structured(result)["status"] == "blocked"
    assert structured(result)["reasons"][0]["rule"] == "read-only"
    assert person.questions == []
    assert not (tmp_path / "ran").exists()


async def test_key_with_a_passphrase_from_the_environment(
    estate: Estate, server: SshServer, tmp_path: Path, open_tools: OpenTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(tmp_path / "locked", passphrase="open sesame")
    (server.folder / "authorized_keys").open("a").write(f"{key.public_key}\n")
    login = {"name": USER, "keys": [str(key.path)], "passphrase_env": "TEST_PASSPHRASE"}
    estate.add("web", server, accounts=[login])
    async with open_tools() as tools:
        without = await tools.call("ssh-execute", assets=["web"], command="id")
        monkeypatch.setenv("TEST_PASSPHRASE", "open sesame")
        (host,) = await tools.execute("web", command="echo in")

    assert "TEST_PASSPHRASE, which the inventory names, is not set" in text_of(without)
    assert host["stdout"] == "in"


async def test_refused_login_says_what_was_tried(
    estate: Estate, server: SshServer, tmp_path: Path, open_tools: OpenTools
) -> None:
    stranger = make_key(tmp_path / "stranger")
    estate.add("web", server, accounts=[{"name": USER, "keys": [str(stranger.path)]}])
    async with open_tools() as tools:
        result = await tools.call("ssh-execute", assets=["web"], command="id")

    assert "does not let" in text_of(result)
    assert "tried 1 key" in text_of(result)
    assert kind_of(result) == "forbidden"
