"""One line per tool call, without argument values."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from mcp import Client

from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from mcp_kit.audit import AuditLog
from mcp_kit.audit_file import AuditFile
from tests.fakes.recorded_cluster import cluster_of, read_case

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def test_calls_are_recorded_with_outcome_and_without_values(tmp_path: Path) -> None:
    case, file = read_case("oom-own-limit"), tmp_path / "audit.jsonl"
    settings = K8sSettings(audit_file=file)
    server = make_server(settings, open_cluster=lambda _: cluster_of(case), now=lambda: case.recorded_at)

    async with Client(server, read_timeout_seconds=10) as client:
        await client.list_tools()
        await client.call_tool("k8s-get-pods", {"namespace": "pricing"})
        await client.call_tool("k8s-get-logs", {"pod": "no-such-pod", "contains": "hunter2"})

    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    details = [json.loads(record["details"]) for record in records]
    assert [(record["subject"], detail["outcome"]) for record, detail in zip(records, details, strict=True)] == [
        ("k8s-get-pods", "ok"),
        ("k8s-get-logs", "error"),
    ]
    assert AuditFile(file).verify().fault is None
    assert details[1]["arguments"] == ["contains", "pod"]
    assert "hunter2" not in file.read_text(encoding="utf-8")
    assert len(details[0]["arguments_sha256"]) == 64


def test_record_is_one_line_whatever_it_holds() -> None:
    stream = io.StringIO()

    AuditLog(server="k8s", stream=stream, now=lambda: NOON).write({"tool": "a\nb", "note": "好"})

    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "server": "k8s",
        "time": "2026-11-21T12:00:00.000+00:00",
        "tool": "a\nb",
        "note": "好",
    }
