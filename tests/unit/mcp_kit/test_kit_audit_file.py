"""The audit of a tool server on disk: whole as written, and every tampering shows."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_chain.chain import Entry, FaultKind, make_entry
from mcp_kit.audit_file import AuditFile

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def entry(subject: str) -> Entry:
    return make_entry(at=NOON, actor="local", action="tool.called", subject=subject, details={"n": 1}, redact=str)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


def test_chain_goes_on_in_a_later_process(path: Path) -> None:
    AuditFile(path).append(entry("first"))

    record = AuditFile(path).append(entry("second"))

    assert record.seq == 2
    assert AuditFile(path).verify().head.seq == 2
    assert AuditFile(path).verify().fault is None


def test_files_are_set_aside_and_checked_as_one_chain(path: Path) -> None:
    audit = AuditFile(path, max_bytes=1000)
    for number in range(12):
        audit.append(entry(f"call {number}"))

    verdict = AuditFile(path).verify()

    assert len(list(path.parent.iterdir())) > 2
    assert (verdict.head.seq, verdict.fault) == (12, None)


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (lambda lines: [lines[0], lines[1].replace("call 1", "call 9"), *lines[2:]], FaultKind.ALTERED),
        (lambda lines: [lines[0], *lines[2:]], FaultKind.MISSING),
        (lambda lines: [lines[0], "nonsense\n", *lines[2:]], FaultKind.ALTERED),
    ],
    ids=["changed", "cut out", "unreadable"],
)
def test_first_bad_record_is_named(path: Path, tamper: object, kind: FaultKind) -> None:
    for number in range(4):
        AuditFile(path).append(entry(f"call {number}"))
    lines = path.read_text().splitlines(keepends=True)
    assert callable(tamper)
    path.write_text("".join(tamper(lines)))

    fault = AuditFile(path).verify().fault

    assert fault is not None
    assert (fault.seq, fault.kind) == (2, kind)


def test_record_that_a_crash_cut_in_two_is_dropped(path: Path) -> None:
    AuditFile(path).append(entry("whole"))
    with path.open("a") as file:
        file.write('{"seq": 2, "at": "2026-')

    record = AuditFile(path).append(entry("next"))

    assert record.seq == 2
    assert AuditFile(path).verify().fault is None


def test_writers_at_the_same_time_share_one_chain(path: Path) -> None:
    def write(number: int) -> None:
        AuditFile(path, max_bytes=2000).append(entry(f"call {number}"), is_durable=False)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))

    assert AuditFile(path).verify().head.seq == 40


def test_command_line_says_whether_the_file_is_whole(path: Path) -> None:
    AuditFile(path).append(entry("call"))
    check = [sys.executable, "-m", "mcp_kit.audit_file", str(path)]

    whole = subprocess.run(check, capture_output=True, text=True, timeout=30, check=False)
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"actor": "nobody"}) + "\n")
    broken = subprocess.run(check, capture_output=True, text=True, timeout=30, check=False)

    assert (whole.returncode, whole.stdout.split(",")[0]) == (0, "1 records")
    assert broken.returncode == 1
    assert "record 1 is altered" in broken.stderr
