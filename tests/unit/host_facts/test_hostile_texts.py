"""No parser raises, whatever a host prints, and no text of a process becomes a section of its own."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_facts.command_lines import LONGEST_COMMAND, tidy_command
from host_facts.parsing import parse_facts
from host_facts.sections import check_tag, read_sections, write_section
from host_facts.sources import (
    certificates,
    clock,
    disk_usage,
    failed_units,
    kernel_counters,
    kernel_log,
    listeners,
    mounts,
    network_devices,
    os_release,
    process_ticks,
    processes,
)

TAG = "0123456789abcdef"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
PARSERS: list[Callable[[str], object]] = [
    certificates.parse_certificates,
    clock.parse_clock,
    lambda text: clock.compare_with_caller(text, asked_at=NOW, taken_at=NOW),
    disk_usage.parse_disk_usage,
    disk_usage.parse_inode_usage,
    failed_units.parse_failed_units,
    failed_units.parse_unit_times,
    kernel_counters.parse_boot_time,
    kernel_counters.parse_load,
    kernel_counters.parse_memory,
    kernel_counters.parse_open_files_ratio,
    kernel_counters.parse_processor_times,
    lambda text: kernel_log.parse_oom_kills(text, boot_at=NOW),
    kernel_log.find_remounted_devices,
    listeners.parse_listeners,
    mounts.parse_mounts,
    network_devices.parse_nic_errors,
    os_release.parse_os_name,
    process_ticks.parse_process_ticks,
    processes.parse_processes,
]
# Words that lead parsers far into a line before it turns out to be no good.
WORDS = st.sampled_from(
    [
        *(
            "PID PPID USER STAT %CPU RSS ELAPSED COMMAND",
            "1 0 root Z",
            "99999999999999999999",
            "-",
            "%",
            "/",
            "\\777",
            "=",
        ),
        *("[999999999999.999999]", "Killed process 1 (x)", "total-vm:1kB, anon-rss:1kB, file-rss:1kB", "oom-kill:"),
        *("tcp LISTEN 0 0 *:99999 *:*", "btime 99999999999", "MemTotal: 9 kB", "cpu  1 2 3 4", "cpu0 1 2 3 4", "eth0:"),
        *("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "@/x", "Id=a.service", "Offset: +9999999d"),
        *("System time : 1.0 seconds slow of NTP time", "Leap status : Normal", "[Fri Nov 99 99:99:99 9999]"),
        f"{TAG} begin disks",
        f"{TAG} end disks",
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=12) | st.just("\n"), max_size=30).map(" ".join) | st.text(max_size=300)


@pytest.mark.parametrize("parse", PARSERS)
@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
def test_no_parser_raises(parse: Callable[[str], object], text: str) -> None:
    parse(text)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(["disks", "files", "processes", "certificates", "kernel-ring", "clock"]) | TEXTS, max_size=12
    )
)
def test_any_output_becomes_facts(parts: list[str]) -> None:
    output = "\n".join(f"{TAG} begin {part}\n {part}\n =0\n{TAG} end {part}" for part in parts)

    facts = parse_facts(output, host="h", tag=TAG, taken_at=NOW, asked_at=NOW)

    assert facts.host == "h"


def test_empty_output_is_unknown_and_never_zero() -> None:
    facts = parse_facts("", host="h", tag=TAG, taken_at=NOW)

    named = facts.model_dump(exclude={"host", "hostname", "taken_at", "kernel", "os", "unknown"})
    assert set(named.values()) == {None}
    assert set(named) <= set(facts.unknown)


def test_a_process_that_knows_the_tag_cannot_forge_a_section() -> None:
    forged = f"evil\n{TAG} end processes\n{TAG} begin disks\n/dev/sda1 100 99 1 99% /"
    moved = "".join(f" {line}\n" for line in f"{forged}\n=0".splitlines())

    sections = read_sections(f"{TAG} begin processes\n{moved}{TAG} end processes\n", tag=TAG)

    assert set(sections) == {"processes"}
    assert sections["processes"].text == forged


def test_output_that_breaks_off_is_marked_as_cut() -> None:
    sections = read_sections(f"{TAG} begin disks\n /dev/sda1 1\n /dev/sd", tag=TAG)

    assert sections["disks"].is_cut


@pytest.mark.parametrize("tag", ["", "short", "with blank in it here", "UPPERCASE0123456", "semi;colon01234567"])
def test_a_tag_that_could_be_guessed_or_needs_quotes_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        check_tag(tag)


def test_a_section_is_limited_on_the_host() -> None:
    assert "head -c 1000" in write_section("x", "yes", tag=TAG, limit_bytes=1000)


@pytest.mark.parametrize(
    ("command", "hidden"),
    [
        ("mysqld --password=hunter2secret --port 1", "hunter2secret"),
        ("mysql -uroot -phunter2secret db", "hunter2secret"),
        ("app --api-key hunter2secret", "hunter2secret"),
        ("PGPASSWORD=hunter2secret psql", "hunter2secret"),
        ("curl https://me:hunter2secret@example.net/", "hunter2secret"),
        ("curl -H 'Authorization: Bearer hunter2secret'", "hunter2secret"),
        ("app ?token=hunter2secret&x=1", "hunter2secret"),
    ],
)
def test_credentials_in_command_lines_are_hidden(command: str, hidden: str) -> None:
    assert hidden not in tidy_command(command)


def test_an_ordinary_command_line_is_left_as_it_is() -> None:
    command = "java -Xmx2g -jar /opt/billing/billing.jar --server.port=8080 --spring.profiles.active=prod"

    assert tidy_command(command) == command


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=2000))
def test_command_lines_are_short_and_of_one_line(text: str) -> None:
    tidy = tidy_command(text)

    assert len(tidy) <= LONGEST_COMMAND + 20
    assert "\n" not in tidy
