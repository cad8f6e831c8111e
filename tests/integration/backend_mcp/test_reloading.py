"""The configuration file is edited while calls are under way."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.agent.domain import ConfirmationNeeded, Json, ServerState, ToolOutcome, ToolStatus
from backend.features.operations.domain import HiddenReason
from backend.integrations.mcp_servers.source import McpToolSource
from backend.vocabulary.errors import ErrorKind
from tests.integration.backend_mcp.conftest import Entry, call, read_journal, until


class EditedSource:
    """A source, and the file it reads."""

    def __init__(self, source: McpToolSource, path: Path, edits: list[Json]) -> None:
        self.source = source
        self.edits = edits
        self._path = path

    def write(self, **entries: Entry) -> None:
        self._path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")

    def write_text(self, text: str) -> None:
        self._path.write_text(text, encoding="utf-8")

    def replace(self, **entries: Entry) -> None:
        """Save like an editor: write a new file, then rename it over the old one."""
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        draft.replace(self._path)

    def state(self, name: str) -> ServerState | None:
        return next((status.state for status in self.source.servers() if status.name == name), None)

    def error(self, name: str) -> str:
        return next((status.error or "" for status in self.source.servers() if status.name == name), "")

    def names(self) -> set[str]:
        return {spec.name for spec in self.source.tools()}


@asynccontextmanager
async def edit(tmp_path: Path, **entries: Entry) -> AsyncIterator[EditedSource]:
    path = tmp_path / "config" / "mcp_config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    edits: list[Json] = []

    async def note(edit: Json) -> None:
        edits.append(edit)

    async with McpToolSource(config_path=path, environment=dict(os.environ), on_reload=note) as source:
        yield EditedSource(source, path, edits)


async def test_no_call_under_way_is_dropped_while_the_file_is_edited(
    tmp_path: Path, stdio_entry: Entry, journal: Path
) -> None:
    other = stdio_entry | {"allowTools": ["get-pid"]}
    main = stdio_entry | {"denyTools": ["get-pid"]}
    changed = main | {"env": main["env"] | {"EDITION": "2"}}
    async with edit(tmp_path, other=other, fixture=main) as edited:
        pid = await call(edited.source, "get-pid")
        calls = [
            asyncio.create_task(edited.source.call(name, arguments={"seconds": 8}))
            for name in ["wait-long"] * 15 + ["change-slowly"] * 5
        ]
        await until(lambda: read_journal(journal).count("waiting") == 20)
        edited.write(other=other, fixture=changed)
        await until(lambda: edited.source.server_details()[1].calls_draining == 20)
        edited.replace(other=other)
        await until(lambda: edited.state("fixture") is None)
        edited.write(other=other, fixture=main | {"timeoutSeconds": 50})
        await until(lambda: edited.state("fixture") is not None)
        edited.write_text('{"mcpServers": {')
        await until(lambda: "stays in force" in edited.error("mcp_config.json"))
        under_way = sum(not task.done() for task in calls)
        outcomes = await asyncio.wait_for(asyncio.gather(*calls), 30)
        same_pid = await call(edited.source, "get-pid")

    assert under_way == 20
    assert [outcome.text for outcome in outcomes if isinstance(outcome, ToolOutcome)] == ["waited"] * 20
    assert "cancelled" not in read_journal(journal)
    assert same_pid.text == pid.text


async def test_a_server_is_added_changed_and_removed(tmp_path: Path, stdio_entry: Entry) -> None:
    async with edit(tmp_path) as edited:
        edited.write(fixture=stdio_entry)
        await until(lambda: edited.state("fixture") is ServerState.CONNECTED)
        first = int((await call(edited.source, "get-pid")).text)
        edited.replace(fixture=stdio_entry | {"env": stdio_entry["env"] | {"EDITION": "2"}})
        await until(lambda: edited.source.server_details()[0].replicas[0].state is ServerState.CONNECTED)
        second = int((await call(edited.source, "get-pid")).text)
        await until(lambda: not _is_alive(first))
        edited.write()
        await until(lambda: edited.names() == set())
        await until(lambda: not _is_alive(second))
        gone = await call(edited.source, "get-pid")

    assert gone.failure is not None
    assert gone.failure.kind is ErrorKind.TOOL_NOT_FOUND
    assert [next(kind for kind, names in edit.items() if names == ["fixture"]) for edit in edited.edits] == [
        "added",
        "changed",
        "removed",
    ]


async def test_a_rule_about_a_tool_holds_at_once_and_keeps_the_connection(tmp_path: Path, stdio_entry: Entry) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        pid = await call(edited.source, "get-pid")
        edited.write(fixture=stdio_entry | {"denyTools": ["echo"], "riskOverrides": {"get-pid": "change"}})
        await until(lambda: "echo" not in edited.names())
        denied = await call(edited.source, "echo", text="hi")
        risks = {spec.name: (spec.risk.value, spec.asks_itself) for spec in edited.source.tools()}
        same = await call(edited.source, "get-pid")
        edited.write(fixture=stdio_entry | {"enabled": False})
        await until(lambda: edited.state("fixture") is ServerState.DISABLED)

    assert denied.failure is not None
    assert denied.failure.kind is ErrorKind.PERMISSION_DENIED
    assert risks["get-pid"] == ("change", False)
    assert same.text == pid.text


@pytest.mark.parametrize(
    ("text", "part"),
    [('{"mcpServers": {', "line 1"), ("[]", "mcpServers"), ('{"mcpServers": {"a": {}, "a": {}}}', "twice")],
)
async def test_a_broken_file_changes_nothing_and_says_why(
    tmp_path: Path, stdio_entry: Entry, text: str, part: str
) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        pid = await call(edited.source, "get-pid")
        edited.write_text(text)
        await until(lambda: part in edited.error("mcp_config.json"))
        same = await call(edited.source, "get-pid")
        edited.write(fixture=stdio_entry)
        await until(lambda: edited.state("mcp_config.json") is None)

    assert same.text == pid.text


async def test_a_wrong_entry_leaves_the_running_server_as_it_was(tmp_path: Path, stdio_entry: Entry) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        pid = await call(edited.source, "get-pid")
        edited.write(fixture=stdio_entry | {"denyTool": ["get-pid"]}, other=stdio_entry | {"allowTools": ["fail"]})
        await until(lambda: "earlier entry stays in force" in edited.error("fixture"))
        same = await call(edited.source, "get-pid")
        statuses = [status.name for status in edited.source.servers()]

    assert same.text == pid.text
    assert statuses == ["other", "fixture"]


async def test_a_loosening_override_is_refused_with_the_reason(tmp_path: Path, stdio_entry: Entry) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        edited.write(fixture=stdio_entry | {"riskOverrides": {"crash": "read"}})
        await until(lambda: "can only raise" in edited.error("fixture"))
        edited.write(fixture=stdio_entry | {"riskOverrides": {"no-such": "change"}})
        await until(lambda: "does not offer" in edited.error("fixture"))
        risks = {spec.name: spec.risk.value for spec in edited.source.tools()}

    assert risks["crash"] == "change"


async def test_reconnecting_replaces_the_process_and_finishes_its_calls(
    tmp_path: Path, stdio_entry: Entry, journal: Path
) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        first = await call(edited.source, "get-pid")
        slow = asyncio.create_task(call(edited.source, "wait-long", seconds=2))
        await until(lambda: "waiting" in read_journal(journal))
        detail = await edited.source.reconnect("fixture")
        second = await call(edited.source, "get-pid")
        outcome = await slow

    assert detail.calls_draining == 1
    assert first.text != second.text
    assert outcome.status is ToolStatus.OK


async def test_a_yes_given_before_an_edit_is_good_after_it(tmp_path: Path, stdio_entry: Entry, journal: Path) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        asked = await edited.source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        edited.write(fixture=stdio_entry | {"env": stdio_entry["env"] | {"EDITION": "2"}})
        await until(lambda: edited.source.server_details()[0].replicas[0].state is ServerState.CONNECTING)
        outcome = await edited.source.confirm("change-value", arguments={"value": "new"}, state=asked.state)

    assert outcome.status is ToolStatus.OK
    assert read_journal(journal) == ["changed new"]


async def test_switched_off_tools_stay_hidden_with_the_reason(tmp_path: Path, stdio_entry: Entry) -> None:
    async with edit(tmp_path, fixture=stdio_entry) as edited:
        entry = await edited.source.set_enabled("echo", is_enabled=False)
        refused = await call(edited.source, "echo", text="hi")
        await edited.source.set_enabled("echo", is_enabled=True)
        answered = await call(edited.source, "echo", text="hi")

    assert entry.hidden is not None
    assert entry.hidden.reason is HiddenReason.DISABLED
    assert refused.status is ToolStatus.ERROR
    assert answered.text == "hi"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
