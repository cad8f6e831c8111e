"""The tool source against a real server over stdio."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from backend.agent.domain import ConfirmationNeeded, Risk, ServerState, ToolStatus
from backend.agent.run_scope import run_scope
from backend.vocabulary.errors import ErrorKind
from tests.integration.backend_mcp.conftest import Entry, OpenSource, call, read_journal, until


async def test_tools_come_with_the_risk_that_a_trusted_server_declares(
    open_source: OpenSource, stdio_entry: Entry
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        specs = {spec.name: spec for spec in source.tools()}

    assert specs["echo"].risk is Risk.READ
    assert specs["change-value"].risk is Risk.CHANGE
    assert specs["change-value"].asks_itself
    assert list(specs) == sorted(specs)


async def test_results_are_cleaned_and_empty_ones_are_said_to_be_empty(
    open_source: OpenSource, stdio_entry: Entry
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        coloured = await call(source, "get-colours")
        empty = await call(source, "get-nothing")
        long = await call(source, "get-long", size=50_000)

    assert coloured.text == "red zerowidth"
    assert "empty" in empty.text
    assert len(long.text) == 40_000
    assert "cut here: 50000 characters" in long.text


async def test_trusted_server_learns_who_asks_and_another_does_not(open_source: OpenSource, stdio_entry: Entry) -> None:
    foreign = {**stdio_entry, "trusted": False, "readTools": ["get-asker"]}
    with run_scope(session_id="s", run_id="r", asked_by="alice"):
        async with open_source(fixture=stdio_entry) as source:
            told = await call(source, "get-asker")
        async with open_source(fixture=foreign) as source:
            hidden = await call(source, "get-asker")
    async with open_source(fixture=stdio_entry) as source:
        outside = await call(source, "get-asker")

    assert (told.text, hidden.text, outside.text) == ('{"user": "alice"}', "null", "null")


async def test_failures_are_outcomes_of_the_fitting_kind(open_source: OpenSource, stdio_entry: Entry) -> None:
    async with open_source(fixture=stdio_entry) as source:
        outcomes = {
            ErrorKind.TOOL_FAILED: await call(source, "fail"),
            ErrorKind.PERMISSION_DENIED: await call(source, "forbid"),
            ErrorKind.TOOL_BAD_ARGUMENTS: await call(source, "echo", text=5),
            ErrorKind.TOOL_NOT_FOUND: await call(source, "no-such-tool"),
        }

    for kind, outcome in outcomes.items():
        assert outcome.status is ToolStatus.ERROR
        assert outcome.failure is not None
        assert outcome.failure.kind is kind
    assert "nearest: web-1" in outcomes[ErrorKind.TOOL_FAILED].text
    assert outcomes[ErrorKind.TOOL_BAD_ARGUMENTS].text.startswith("echo refuses its arguments: text:")


async def test_a_change_waits_for_a_yes_and_then_runs_once(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        asked = await source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        before = read_journal(journal)
        outcome = await source.confirm("change-value", arguments={"value": "new"}, state=asked.state)

    assert asked.question.splitlines()[0] == "Set the value to new?"
    assert before == []
    assert outcome.status is ToolStatus.OK
    assert outcome.structured == {"status": "changed", "value": "new"}
    assert read_journal(journal) == ["changed new"]


async def test_a_yes_is_not_good_for_other_arguments(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        asked = await source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        outcome = await source.confirm("change-value", arguments={"value": "other"}, state=asked.state)

    assert outcome.status is ToolStatus.ERROR
    assert read_journal(journal) == []


async def test_a_yes_survives_a_restart_of_backend_and_server(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        asked = await source.call("change-value", arguments={"value": "new"})
    assert isinstance(asked, ConfirmationNeeded)

    async with open_source(fixture=stdio_entry) as source:
        outcome = await source.confirm("change-value", arguments={"value": "new"}, state=asked.state)

    assert outcome.status is ToolStatus.OK
    assert read_journal(journal) == ["changed new"]


async def test_a_legacy_server_that_asks_in_mid_call_gets_the_same_yes_and_no(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry | {"protocol": "legacy"}) as source:
        asked = await source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        before = read_journal(journal)
        outcome = await source.confirm("change-value", arguments={"value": "new"}, state=asked.state)
        again = await source.call("change-value", arguments={"value": "new"})

    assert before == []
    assert outcome.structured == {"status": "changed", "value": "new"}
    assert isinstance(again, ConfirmationNeeded)
    assert read_journal(journal) == ["changed new"]


@pytest.mark.parametrize("protocol", ["auto", "legacy"])
async def test_what_is_safe_to_remember_is_told_by_trusted_servers_only(
    open_source: OpenSource, stdio_entry: Entry, protocol: str
) -> None:
    trusted = stdio_entry | {"protocol": protocol, "allowTools": ["change-memorably"]}
    foreign = stdio_entry | {"protocol": protocol, "allowTools": ["change-memorably"], "trusted": False}
    async with open_source(fixture=trusted) as source:
        asked = await source.call("change-memorably", arguments={"value": "new"})
    async with open_source(fixture=foreign) as source:
        asked_by_foreign = await source.call("change-memorably", arguments={"value": "new"})

    assert isinstance(asked, ConfirmationNeeded)
    assert asked.remember_key == "value of the fixture"
    assert isinstance(asked_by_foreign, ConfirmationNeeded)
    assert asked_by_foreign.remember_key is None


async def test_a_change_that_dies_with_its_server_has_an_unknown_outcome_and_is_not_repeated(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        outcome = await call(source, "crash")
        await until(lambda: source.servers()[0].state is ServerState.CONNECTED)

    assert outcome.status is ToolStatus.UNKNOWN
    assert read_journal(journal) == ["crashed"]


async def test_a_read_that_dies_with_its_server_is_asked_once_more(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        first = await call(source, "get-pid")
        outcome = await call(source, "crash-once")

    assert outcome.status is ToolStatus.OK
    assert outcome.text.startswith("alive as ")
    assert first.text not in outcome.text
    assert read_journal(journal) == ["crashed"]


async def test_a_killed_server_is_started_again_and_its_tools_stay_listed(
    open_source: OpenSource, stdio_entry: Entry
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        first = int((await call(source, "get-pid")).text)
        os.kill(first, signal.SIGKILL)
        await until(lambda: source.servers()[0].state is not ServerState.CONNECTED)
        listed_meanwhile = len(source.tools())
        second = int((await call(source, "get-pid")).text)

    assert second != first
    assert listed_meanwhile > 0


async def test_a_call_that_is_cancelled_is_cancelled_on_the_server(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry) as source:
        task = asyncio.create_task(source.call("wait-long", arguments={"seconds": 30}))
        await until(lambda: "waiting" in read_journal(journal))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: "cancelled" in read_journal(journal))

    assert task.cancelled()


async def test_a_slow_read_ends_by_time_out_and_a_slow_change_has_an_unknown_outcome(
    open_source: OpenSource, stdio_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=stdio_entry | {"timeoutSeconds": 0.2}) as source:
        read = await call(source, "wait-long", seconds=30)
        change = await call(source, "change-slowly", seconds=30)
        await until(lambda: read_journal(journal).count("cancelled") == 2)

    assert read.status is ToolStatus.ERROR
    assert "did not answer in time" in read.text
    assert change.status is ToolStatus.UNKNOWN


async def test_tools_that_appear_later_are_listed(open_source: OpenSource, stdio_entry: Entry) -> None:
    async with open_source(fixture=stdio_entry) as source:
        await call(source, "add-tool")
        await until(lambda: any(spec.name == "late-tool" for spec in source.tools()))


async def test_a_server_that_cannot_start_is_named_with_its_own_words_and_the_others_run(
    open_source: OpenSource, stdio_entry: Entry
) -> None:
    broken = stdio_entry | {"env": {"FIXTURE_BROKEN": "1"}}
    missing = {"command": "no-such-command-anywhere"}
    wrong = {"command": "x", "denyTool": ["y"]}

    async with open_source(fixture=stdio_entry, broken=broken, missing=missing, wrong=wrong) as source:
        servers = {status.name: status for status in source.servers()}
        outcome = await call(source, "echo", text="hi")

    assert servers["fixture"].state is ServerState.CONNECTED
    assert servers["broken"].state is ServerState.FAILED
    assert "fixture is broken on purpose" in (servers["broken"].error or "")
    assert "no-such-command-anywhere" in (servers["missing"].error or "")
    assert servers["wrong"].state is ServerState.INVALID
    assert "denyTool" in (servers["wrong"].error or "")
    assert outcome.text == "hi"


async def test_two_servers_with_the_same_tool_names_do_not_shadow_each_other(
    open_source: OpenSource, stdio_entry: Entry
) -> None:
    async with open_source(first=stdio_entry, second=stdio_entry) as source:
        owners = {spec.server for spec in source.tools()}
        servers = {status.name: status for status in source.servers()}

    assert owners == {"first"}
    assert "already has a tool of this name" in (servers["second"].error or "")


async def test_nothing_is_left_behind(open_source: OpenSource, stdio_entry: Entry) -> None:
    async with open_source(fixture=stdio_entry) as source:
        child = int((await call(source, "get-pid")).text)

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_calls_are_counted(open_source: OpenSource, stdio_entry: Entry) -> None:
    async with open_source(fixture=stdio_entry) as source:
        await call(source, "echo", text="a")
        await call(source, "fail")
        statistics = source.statistics()

    assert (statistics["echo"].calls, statistics["echo"].errors) == (1, 0)
    assert (statistics["fail"].calls, statistics["fail"].errors) == (1, 1)
    assert statistics["echo"].p50_ms is not None
