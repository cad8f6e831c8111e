"""The collection script runs in the shells there are, and finds what is real on this very machine."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from host_facts.assembling import assemble_facts
from host_facts.collection import build_script
from host_facts.domain import HostFacts
from host_facts.parsing import parse_facts
from simulator.hosts.commands.certificates import make_certificate
from tests.fakes.psutil_readings import read_with_psutil

TAG = "0123456789abcdef"
BUSYBOX_TOOLS = (
    *("sh", "df", "ps", "grep", "cut", "sed", "head", "tail", "cat", "date", "sleep", "dmesg", "netstat", "timeout"),
    *("true", "echo"),
)


def collect(
    *shell: str, look_seconds: int = 0, path: str | None = None, certificates: tuple[str, ...] = ()
) -> HostFacts:
    script = build_script(tag=TAG, look_seconds=look_seconds, certificate_paths=certificates)
    environment = os.environ | ({"PATH": path} if path else {})
    asked = datetime.now(UTC)
    ran = subprocess.run([*shell, "-c", script], capture_output=True, timeout=30, check=True, env=environment)
    output = ran.stdout.decode(errors="replace")
    return parse_facts(output, host="here", tag=TAG, taken_at=datetime.now(UTC), asked_at=asked)


def assert_main_parts(facts: HostFacts) -> None:
    assert facts.memory is not None
    assert facts.memory.total_bytes == psutil.virtual_memory().total
    assert facts.cpu is not None
    assert facts.cpu.cores == psutil.cpu_count()
    assert facts.filesystems
    assert facts.top_processes
    assert facts.zombies is not None
    assert facts.listeners is not None
    assert facts.clock is not None


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_every_common_shell_gives_the_main_facts(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")

    assert_main_parts(collect(shell))


def test_busybox_alone_gives_the_main_facts(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    for tool in BUSYBOX_TOOLS:
        (tmp_path / tool).symlink_to(busybox)

    facts = collect(str(tmp_path / "sh"), path=str(tmp_path))

    assert_main_parts(facts)
    assert "systemctl" in facts.unknown["failed_units"]


def test_the_script_and_psutil_give_the_same_facts() -> None:
    by_script = collect("sh", look_seconds=0)
    moment = datetime.now(UTC)

    by_library = assemble_facts(read_with_psutil(), host="here", taken_at=moment)

    assert by_library.hostname == by_script.hostname
    assert by_library.boot_at is not None
    assert by_script.boot_at is not None
    assert abs(by_library.boot_at - by_script.boot_at).total_seconds() <= 2
    assert [(item.mount_point, item.type, item.is_read_only) for item in by_library.filesystems or ()] == [
        (item.mount_point, item.type, item.is_read_only) for item in by_script.filesystems or ()
    ]
    for one, other in zip(by_library.filesystems or (), by_script.filesystems or (), strict=True):
        assert one.used_ratio == pytest.approx(other.used_ratio, abs=0.02)
        assert one.inodes_used_ratio == pytest.approx(other.inodes_used_ratio, abs=0.02)
    assert by_library.memory is not None
    assert by_script.memory is not None
    assert by_library.memory.total_bytes == by_script.memory.total_bytes
    assert by_library.memory.swap_total_bytes == by_script.memory.swap_total_bytes


@pytest.fixture
def zombie() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has ended and is not collected, as `poll` would do."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    yield child
    child.wait(timeout=5)


def test_a_narrow_terminal_does_not_cut_command_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    facts = collect("sh")

    assert max(len(item.command) for item in facts.top_processes or ()) > 40


def test_a_real_zombie_is_found_with_its_parent(zombie: subprocess.Popen[bytes]) -> None:
    facts = collect("sh")

    found = next(item for item in facts.zombies or () if item.pid == zombie.pid)
    assert found.parent_pid == os.getpid()
    assert "python" in found.parent_command or "pytest" in found.parent_command


def test_a_real_listener_is_found_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        facts = collect("sh")

    found = next(item for item in facts.listeners or () if item.port == port)
    assert (found.protocol, found.address) == ("tcp", "127.0.0.1")
    assert found.pid in {os.getpid(), None}


def test_only_the_certificate_leaves_a_file_that_also_holds_the_key(tmp_path: Path) -> None:
    file = tmp_path / "both.pem"
    certificate = make_certificate("shop.example.com", at=time.time(), days_left=5)
    file.write_text(
        f"-----BEGIN PRIVATE KEY-----\nsecretsecret\n-----END PRIVATE KEY-----\n{certificate}", encoding="utf-8"
    )
    script = build_script(tag=TAG, look_seconds=0, certificate_paths=(f"{tmp_path}/*.pem",))

    output = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30, check=True).stdout
    facts = parse_facts(output, host="here", tag=TAG, taken_at=datetime.now(UTC))

    assert "secretsecret" not in output
    assert [(item.path, item.subject) for item in facts.certificates or ()] == [(str(file), "CN=shop.example.com")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_a_folder_without_rights_is_named_instead_of_passed_over(tmp_path: Path) -> None:
    locked = tmp_path / "live"
    locked.mkdir(mode=0o700)
    script = build_script(tag=TAG, look_seconds=0, certificate_paths=(f"{locked}/*/cert.pem",))

    without_rights = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", script]
    output = subprocess.run(without_rights, capture_output=True, text=True, timeout=30, check=True).stdout
    facts = parse_facts(output, host="here", tag=TAG, taken_at=datetime.now(UTC))

    assert facts.certificates is None
    assert facts.unknown["certificates"].startswith("permission denied: /")


@pytest.mark.parametrize("path", ["relative.pem", "/etc/$(reboot).pem", "/etc/a b.pem", "/etc/x;id", "/etc/../shadow"])
def test_a_certificate_path_that_a_shell_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        build_script(tag=TAG, certificate_paths=(path,))
