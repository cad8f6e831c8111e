"""What may not be read is unknown, with the tool's own words, and never an empty list that looks like health."""

from datetime import UTC, datetime

import pytest

from host_facts.domain import HostFacts
from host_facts.parsing import parse_facts

TAG = "0123456789abcdef"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DENIED = "dmesg: read kernel buffer failed: Operation not permitted\nstatus 1"
EMPTY_JOURNAL = "status 0"
HINT = (
    "Hint: You are currently not seeing messages from other users and the system.\n"
    "      Users in groups 'adm', 'systemd-journal' can see all messages.\nstatus 0"
)
NO_JOURNAL = "No journal files were opened due to insufficient permissions.\nstatus 1"
KILL = (
    f"{NOW.timestamp() - 3600:.6f} db-1 kernel: Out of memory: Killed process 9 (mysqld) total-vm:9kB, "
    "anon-rss:7kB, file-rss:0kB, shmem-rss:0kB, UID:27 pgtables:1kB oom_score_adj:0\nstatus 0"
)


def facts_of(**sections: str) -> HostFacts:
    output = ""
    for name, text in sections.items():
        moved = "".join(f" {line}\n" for line in text.splitlines())
        section = name.replace("_", "-")
        output += f"{TAG} begin {section}\n{moved} =0\n{TAG} end {section}\n"
    return parse_facts(output, host="h", tag=TAG, taken_at=NOW)


@pytest.mark.parametrize("journal", [HINT, NO_JOURNAL])
def test_without_rights_to_either_kernel_log_kills_are_unknown(journal: str) -> None:
    facts = facts_of(kernel_ring=DENIED, kernel_journal=journal)

    assert facts.oom_kills is None
    assert "Operation not permitted" in facts.unknown["oom_kills"]


def test_one_readable_log_is_enough() -> None:
    by_journal = facts_of(kernel_ring=DENIED, kernel_journal=KILL)
    by_ring = facts_of(kernel_ring=EMPTY_JOURNAL, kernel_journal=NO_JOURNAL)

    assert [kill.process for kill in by_journal.oom_kills or ()] == ["mysqld"]
    assert by_ring.oom_kills == ()
    assert "oom_kills" not in by_ring.unknown


def test_a_kernel_message_about_something_denied_is_no_complaint_of_the_tool() -> None:
    facts = facts_of(kernel_ring="[Fri Nov 27 03:12:09 2026] Out of memory: access denied to x\nstatus 0")

    assert facts.oom_kills == ()


def test_a_certificate_that_may_not_be_read_is_named() -> None:
    facts = facts_of(certificates="!/etc/kubernetes/pki/apiserver.crt")

    assert facts.certificates is None
    assert "/etc/kubernetes/pki/apiserver.crt" in facts.unknown["certificates"]


def test_a_folder_that_may_not_be_entered_hides_its_certificates_and_is_named() -> None:
    facts = facts_of(certificates="!/etc/letsencrypt/live")

    assert facts.certificates is None
    assert facts.unknown["certificates"] == "permission denied: /etc/letsencrypt/live"


def test_a_host_without_systemd_has_unknown_units() -> None:
    output = f"{TAG} begin failed-units\n sh: 1: systemctl: not found\n =127\n{TAG} end failed-units\n"

    facts = parse_facts(output, host="h", tag=TAG, taken_at=NOW)

    assert facts.failed_units is None
    assert facts.unknown["failed_units"] == "systemctl: sh: 1: systemctl: not found"


def test_a_disk_that_did_not_answer_makes_the_list_incomplete() -> None:
    facts = facts_of(disks="df: /mnt/dead: Stale file handle\n/dev/sda1 100 60 30 67% /")

    assert [item.mount_point for item in facts.filesystems or ()] == ["/"]
    assert facts.unknown["filesystems"] == "df: /mnt/dead: Stale file handle"
