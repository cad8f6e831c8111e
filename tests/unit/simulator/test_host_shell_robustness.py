"""Nothing that is typed breaks a simulated host: odd scripts, odd options, odd files."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.hosts.commands.catalogue import COMMANDS
from simulator.hosts.estate.fleet import Fleet
from tests.fakes.simulated_host import run_now, run_on

# They end the shell, wait for time to pass, or run what follows them for ever.
_NOT_ALONE = {"sleep", "watch", "wait"}
_ODD_ARGUMENTS = [
    *([], ["-"], ["--"], ["-x"], ["--nosuch"], ["-Z", "1"], [""], ["/nosuch"], ["/"], ["-n"], ["-c"], ["-o", "%"]),
    *(["999999999999999999999"], ["-1"], ["$("], ["*"], ["/etc/passwd"], ["-p", "x"], ["/proc"], ["\x00"], ["é漢字"]),
    *(["start", "nosuch"], ["status"], ["show", "*"], ["renew"], ["x509", "-in", "/etc/passwd"], ["-u", "nosuch"]),
    *(
        ["--since", "nonsense"],
        ["s/(/x/"],
        ["{print $9999}"],
        ["a", "b", "c", "d"],
        ["-f", "/nosuch"],
        ["-e"],
        ["-d", "/etc"],
    ),
]
_PIECES = st.sampled_from(
    [
        *(
            "echo",
            "cat",
            "ls",
            "if",
            "then",
            "fi",
            "for",
            "in",
            "do",
            "done",
            "while",
            "case",
            "esac",
            "{",
            "}",
            "(",
            ")",
        ),
        *(
            "|",
            "||",
            "&&",
            ";",
            ";;",
            "&",
            ">",
            "<",
            ">>",
            "2>&1",
            "<<E",
            "\n",
            "'",
            '"',
            "`",
            "$(",
            "$((",
            "))",
            "${",
            "}",
        ),
        *(
            "$x",
            "${x:-y}",
            "x=1",
            "!",
            "[",
            "]",
            "[[",
            "]]",
            "*",
            "?",
            "~",
            "\\",
            "#",
            "/etc/passwd",
            "E",
            "true",
            "false",
        ),
    ]
)
SCRIPTS = st.lists(_PIECES | st.text(max_size=6), max_size=14).map(" ".join)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return Fleet(now=time.time)


@settings(max_examples=150, deadline=None)
@given(script=SCRIPTS)
def test_any_text_is_run_or_refused_with_an_exit_code(fleet: Fleet, script: str) -> None:
    async def run() -> int:
        ran = await asyncio.wait_for(run_on(fleet.get("db-1"), script), timeout=10)
        return ran.status

    assert 0 <= asyncio.run(run()) <= 255


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - _NOT_ALONE))
def test_no_command_is_broken_by_odd_arguments(name: str) -> None:
    host = Fleet(now=time.time).get("db-1")

    for words in _ODD_ARGUMENTS:
        if name == "journalctl" and "-f" in words:
            continue
        script = " ".join([name, *(f"'{word}'" for word in words)])
        ran = run_now(host, script, stdin="one\ntwo\n")
        assert 0 <= ran.status <= 255, script


def test_a_loop_without_end_ends() -> None:
    ran = run_now(Fleet(now=time.time).get("db-1"), "while true; do :; done; echo over")

    assert ran.stdout == "over\n"


def test_a_function_that_calls_itself_is_stopped() -> None:
    ran = run_now(Fleet(now=time.time).get("db-1"), "f() { f; }; f; echo $?")

    assert "maximum function nesting level" in ran.stderr


def test_what_one_user_may_not_do_is_refused_as_the_kernel_does() -> None:
    host = Fleet(now=time.time).get("db-1")

    refused = run_now(
        host, "kill 1; rm /etc/fstab; echo x > /etc/hosts; systemctl stop ssh; mount -o remount,ro /", user="ops"
    )

    assert "Operation not permitted" in refused.stderr
    assert refused.stderr.count("Permission denied") == 2
    assert "Access denied" in refused.stderr
    assert "must be superuser" in refused.stderr
    assert host.units["ssh.service"].state == "active"


def test_nothing_can_be_written_to_a_full_or_a_read_only_disk() -> None:
    host = Fleet(now=time.time).get("app-1")
    mount = host.disks.mount_of("/srv")
    mount.base_bytes = mount.size_bytes
    full = run_now(host, "touch /srv/new; echo $?")
    mount.base_bytes = 0
    run_now(host, "mount -o remount,ro /srv")

    read_only = run_now(host, "touch /srv/new; rm -rf /srv/invoices")

    assert "No space left on device" in full.stderr
    assert read_only.stderr.count("Read-only file system") == 2
