"""Each check on hosts: what it finds, what it leaves alone, and that what is unknown is never a finding."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from backend.features.hosts.domain import HostLook, LookState, Point
from backend.features.patrol.checks.catalogue import HOST_CHECKS, look_at_host
from backend.features.patrol.checks.reachability import find_unreachable
from backend.features.patrol.checks.view import HostView
from backend.features.patrol.domain import Grade, Reading
from backend.features.patrol.settings import CheckSettings
from command_safety import CommandClass, classify
from host_facts.domain import (
    CertificateFacts,
    ClockFacts,
    CpuFacts,
    FailedUnitFacts,
    HostFacts,
    ListenerFacts,
    MemoryFacts,
    OomKillFacts,
    ProcessFacts,
    ZombieFacts,
)
from tests.fakes.watching import GIB, NOW, make_disk, make_facts

ALARMS = {Grade.WARNING, Grade.CRITICAL}


def look(
    facts: HostFacts,
    *,
    previous: HostFacts | None = None,
    disk_history: Mapping[str, Sequence[Point]] | None = None,
    **settings: object,
) -> list[Reading]:
    """What is wrong with a host that we have known for a month."""
    view = HostView(
        facts=facts,
        now=NOW,
        settings=CheckSettings.model_validate(settings),
        repeat=2,
        previous=previous,
        first_seen_at=NOW - timedelta(days=30),
        disk_history=disk_history or {},
    )
    return [reading for result in look_at_host(view) for reading in result.readings if reading.grade in ALARMS]


def summarise(readings: list[Reading]) -> list[tuple[str, str, str]]:
    return [(reading.check, reading.subject, reading.grade.value) for reading in readings]


def test_host_that_is_well_has_no_findings() -> None:
    assert look(make_facts()) == []


def test_host_of_which_nothing_could_be_read_has_no_findings() -> None:
    parts = ["cpu", "memory", "filesystems", "zombies", "oom_kills", "failed_units", "certificates", "nic_errors"]
    parts.append("listeners")
    blind = make_facts(**dict.fromkeys([*parts, "open_files_ratio", "boot_at"], None), unknown={})  # type: ignore[arg-type]  # parts by name

    view = HostView(facts=blind, now=NOW, settings=CheckSettings(), repeat=2)
    results = look_at_host(view)

    assert [reading for result in results for reading in result.readings] == []
    assert [result.check for result in results if result.unknown is None] == []


@pytest.mark.parametrize(
    ("used", "total_gib", "grade"),
    [
        (0.80, 50, "clear"),
        (0.83, 50, "hold"),
        (0.85, 50, "warning"),
        (0.95, 50, "critical"),
        (1.0, 50, "critical"),
        (0.96, 10_000, "clear"),
        (0.99, 10_000, "clear"),
        (0.997, 10_000, "warning"),
        (0.999, 10_000, "critical"),
    ],
)
def test_disks_are_judged_by_share_and_by_what_is_left(used: float, total_gib: int, grade: str) -> None:
    facts = make_facts(filesystems=(make_disk("/data", used=used, total=total_gib * GIB),))
    view = HostView(facts=facts, now=NOW, settings=CheckSettings(), repeat=2)

    [reading] = [
        reading for result in look_at_host(view) for reading in result.readings if reading.check == "disk-usage"
    ]

    assert reading.grade.value == grade


def test_images_that_are_full_by_nature_are_left_alone() -> None:
    assert look(make_facts(filesystems=(make_disk("/snap/core", used=1.0, type="squashfs", is_read_only=True),))) == []


def test_full_tmpfs_says_that_it_takes_memory() -> None:
    [reading] = look(make_facts(filesystems=(make_disk("/run/x", used=0.99, total=GIB, type="tmpfs"),)))

    assert "memory" in reading.cause.en


def test_mount_points_are_quoted_in_commands() -> None:
    [reading] = look(make_facts(filesystems=(make_disk("/mnt/a b; rm -rf ~", used=0.99),)))

    assert "du -xh --max-depth=2 '/mnt/a b; rm -rf ~' " in reading.fixes[0].command


def test_inodes_run_out_though_there_is_room() -> None:
    facts = make_facts(filesystems=(make_disk("/var", used=0.2, inodes_used_ratio=0.97),))

    assert summarise(look(facts)) == [("inode-usage", "/var", "critical")]


def rise(*shares: float, minutes: int = 10) -> list[Point]:
    """Values up to now, so many minutes apart."""
    first = NOW - timedelta(minutes=minutes * (len(shares) - 1))
    return [Point(first + timedelta(minutes=minutes * number), share) for number, share in enumerate(shares)]


def evenly(start: float, end: float, *, count: int = 36) -> list[float]:
    return [start + (end - start) * number / (count - 1) for number in range(count)]


@pytest.mark.parametrize(
    ("shares", "grade"),
    [
        (evenly(0.50, 0.70), "warning"),
        (evenly(0.20, 0.75), "warning"),
        (evenly(0.10, 0.80, count=13), "critical"),
        (evenly(0.60, 0.61), None),
        (evenly(0.70, 0.50), None),
        ([*evenly(0.4, 0.4, count=30), *evenly(0.7, 0.7, count=6)], None),
        (evenly(0.5, 0.7, count=5), None),
        ([0.5, 0.7] * 18, None),
    ],
    ids=["slowly", "faster", "fast", "hardly", "falling", "one step", "too short", "up and down"],
)
def test_disks_that_grow_evenly_are_told_before_they_are_full(shares: list[float], grade: str | None) -> None:
    facts = make_facts(filesystems=(make_disk("/data", used=shares[-1]),))

    readings = look(facts, disk_history={"/data": rise(*shares)})

    assert [reading.grade.value for reading in readings if reading.check == "disk-filling"] == (
        [] if grade is None else [grade]
    )


def test_prediction_says_the_hours() -> None:
    facts = make_facts(filesystems=(make_disk("/data", used=0.6),))

    [reading] = look(facts, disk_history={"/data": rise(*evenly(0.30, 0.60, count=37))})

    assert reading.title.en == "/data will be full in 8.0 hours at this pace (now 60%)"


def test_steady_swapping_both_ways_is_critical_and_one_way_is_not() -> None:
    def swap(*, inward: float, outward: float) -> HostFacts:
        memory = MemoryFacts(
            total_bytes=8 * GIB,
            available_bytes=4 * GIB,
            swap_total_bytes=GIB,
            swap_used_bytes=GIB // 4,
            swapped_in_bytes_per_second=inward,
            swapped_out_bytes_per_second=outward,
        )
        return make_facts(memory=memory)

    assert summarise(look(swap(inward=2e7, outward=3e7))) == [("swap", "", "critical")]
    assert look(swap(inward=2e7, outward=0.0)) == []


def test_high_load_names_the_busiest_and_needs_a_second_look() -> None:
    busy = ProcessFacts(
        pid=77, parent_pid=1, user="app", state="R", cpu_percent=390, memory_bytes=GIB, command="java -jar shop.jar"
    )
    facts = make_facts(cpu=CpuFacts(cores=2, used_ratio=0.99, load_1m=9, load_5m=9, load_15m=5), top_processes=(busy,))

    [reading] = look(facts)

    assert (reading.check, reading.grade, reading.needs_looks) == ("load", Grade.CRITICAL, 2)
    assert "java -jar shop.jar" in reading.evidence[0]


def test_load_of_idle_processors_points_at_disks() -> None:
    [reading] = look(make_facts(cpu=CpuFacts(cores=2, used_ratio=0.1, load_1m=9, load_5m=9, load_15m=5)))

    assert "disks" in reading.cause.en


def test_memory_and_swap_run_short() -> None:
    memory = MemoryFacts(
        total_bytes=8 * GIB, available_bytes=GIB // 10, swap_total_bytes=GIB, swap_used_bytes=int(0.9 * GIB)
    )

    assert summarise(look(make_facts(memory=memory))) == [("memory", "", "critical"), ("swap", "", "warning")]


def kill(process: str, *, minutes_ago: float | None, cgroup: str = "/kubepods/pod1") -> OomKillFacts:
    at = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    line = f"Out of memory: Killed process 42 ({process})"
    return OomKillFacts(at=at, process=process, pid=42, memory_bytes=GIB, cgroup=cgroup, line=line)


def test_oom_kills_are_told_per_program_with_the_limit_they_met() -> None:
    kills = (kill("java", minutes_ago=5), kill("node", minutes_ago=9, cgroup=""), kill("old", minutes_ago=1000))

    readings = look(make_facts(oom_kills=kills))

    assert summarise(readings) == [("oom-kills", "java", "warning"), ("oom-kills", "node", "critical")]
    assert "limit of pod1" in readings[0].cause.en
    assert "whole host" in readings[1].cause.en


@pytest.mark.parametrize(
    ("cgroup", "name"),
    [
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod611a245e_2bcd_45d2_804d_ffe88b80fd3a.slice/"
            f"cri-containerd-{'c3' * 32}.scope",
            "a container of pod 611a245e-2bcd-45d2-804d-ffe88b80fd3a",
        ),
        (f"/docker/{'ab' * 32}", "container abababababab"),
        ("/system.slice/billing.service", "billing.service"),
    ],
)
def test_limit_that_a_killed_process_met_is_named_as_people_call_it(cgroup: str, name: str) -> None:
    [reading] = look(make_facts(oom_kills=(kill("java", minutes_ago=10, cgroup=cgroup),)))

    assert reading.cause.en.startswith(f"The memory limit of {name} was reached")
    assert any("611a245e-2bcd" in fix.command for fix in reading.fixes) is ("611a245e" in cgroup)


def test_oom_kill_without_a_time_counts_only_when_it_is_new() -> None:
    old, new = make_facts(oom_kills=(kill("java", minutes_ago=None),)), kill("node", minutes_ago=None)
    both = make_facts(oom_kills=(new, kill("java", minutes_ago=None)))

    assert look(old) == []
    assert summarise(look(both, previous=old)) == [("oom-kills", "node", "warning")]


def zombie(pid: int, *, age: float | None, parent: int = 900) -> ZombieFacts:
    return ZombieFacts(
        pid=pid, command="worker", parent_pid=parent, parent_command="gunicorn", parent_user="app", age_seconds=age
    )


def test_zombies_are_laid_at_their_parents_door() -> None:
    readings = look(make_facts(zombies=(zombie(1, age=300), zombie(2, age=5), zombie(3, age=5, parent=901))))

    assert summarise(readings) == [
        ("zombies", "gunicorn (900)", "warning"),
        ("zombies", "gunicorn (901)", "warning"),
    ]
    assert [reading.needs_looks for reading in readings] == [2, 2]
    assert "cannot be killed" in readings[0].cause.en
    assert [fix.command for fix in readings[0].fixes if fix.is_change] == ["kill -s CHLD 900", "kill 900"]


def test_failed_units_and_read_only_mounts_are_found() -> None:
    facts = make_facts(
        failed_units=(FailedUnitFacts(name="nginx.service", description="web server"),),
        filesystems=(
            make_disk("/data", is_read_only=True, was_remounted_read_only=True),
            make_disk("/mnt/iso", is_read_only=True),
        ),
    )

    assert summarise(look(facts)) == [
        ("read-only-mounts", "/data", "critical"),
        ("failed-units", "nginx.service", "warning"),
    ]


def test_zombies_of_process_1_give_no_advice_to_end_it() -> None:
    [reading] = look(make_facts(zombies=(zombie(7, age=300, parent=1),)))

    assert [fix.command for fix in reading.fixes if fix.is_change] == []
    assert any("init" in fix.text.zh for fix in reading.fixes)


def listener(command: str, *, port: int = 8080, address: str = "0.0.0.0", pid: int | None = 700) -> ListenerFacts:
    process = command.split(maxsplit=1)[0].rpartition("/")[2][:15]
    return ListenerFacts(
        protocol="tcp", address=address, port=port, pid=pid, process=process, user="dev", command=command
    )


@pytest.mark.parametrize(
    ("last_line", "cause"),
    [
        ("bind() to 0.0.0.0:8080 failed (98: Address already in use)", "8080 is taken by PID 700 (java -jar test.jar)"),
        ("Web server failed to start. Port 8080 was already in use.", "8080 is taken by PID 700"),
        ("listen EADDRINUSE: address already in use :::8080", "8080 is taken by PID 700"),
        ("listen tcp :9090: bind: address already in use", "its log says why"),
        ("app[8080]: address already in use", "its log says why"),
        ("connected to 10.0.0.1:8080", "its log says why"),
    ],
)
def test_failed_unit_names_who_has_the_port_it_wanted(last_line: str, cause: str) -> None:
    unit = FailedUnitFacts(name="billing.service", description="Billing", last_lines=("starting", last_line))

    [reading] = look(make_facts(failed_units=(unit,), listeners=(listener("java -jar test.jar"),)))

    assert cause in reading.cause.en
    assert reading.evidence == ("Billing", "starting", last_line)
    assert ("kill 700" in [fix.command for fix in reading.fixes]) is ("700" in cause)


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("/usr/bin/python3 -m http.server 8080 --bind 0.0.0.0", "folder"),
        ("python -u -m SimpleHTTPServer", "folder"),
        ("php -S 0.0.0.0:8080", "folder"),
        ("nc -lk 8080", "forgotten"),
        ("socat TCP-LISTEN:8080,fork EXEC:/bin/sh", "forgotten"),
        ("python3 -c import socket; s = socket.socket()", "command line"),
        ("perl -e use IO::Socket", "command line"),
        ("node --eval require('http')", "command line"),
        ("/tmp/.x/agent --port 8080", "temporary"),
        ("python3 /dev/shm/a.py", "temporary"),
    ],
)
def test_servers_of_the_moment_are_found(command: str, cause: str) -> None:
    facts = make_facts(listeners=(listener(command), listener(command, address="::")))

    [reading] = look(facts)

    assert (reading.check, reading.subject, reading.needs_looks) == ("makeshift-servers", "tcp 8080", 2)
    assert cause in reading.cause.en
    assert "0.0.0.0:8080, [::]:8080" in reading.title.zh


@pytest.mark.parametrize(
    "command",
    [
        "",
        "/usr/sbin/sshd -D",
        "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        "python3 -m uvicorn app:app --port 8080",
        "/srv/app/.venv/bin/python -B -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=8)",
        "python3 /srv/app/main.py /tmp/socket -c x",
        "node /opt/app/server.js",
        "java -Djava.io.tmpdir=/tmp/x -jar app.jar",
        "php-fpm: pool www",
        "postgres -D /var/lib/postgresql -c config_file=x",
    ],
)
def test_servers_that_are_meant_to_be_there_are_left_alone(command: str) -> None:
    named = listener(command or "x").model_copy(update={"command": command})

    assert look(make_facts(listeners=(named,))) == []


def test_makeshift_server_says_who_can_reach_it_and_a_hidden_owner_is_no_finding() -> None:
    command = "python3 -m http.server"
    local = look(make_facts(listeners=(listener(command, address="127.0.0.1"), listener(command, address="::1"))))
    hidden = look(make_facts(listeners=(listener(command, pid=None),)))

    assert "Only this host itself reaches it" in local[0].cause.en
    assert hidden == []


@pytest.mark.parametrize(
    ("clock", "grade"),
    [
        (ClockFacts(is_synchronised=True, offset_seconds=0.1, source="chronyc"), None),
        (ClockFacts(is_synchronised=False, offset_seconds=0.1, source="timedatectl"), "warning"),
        (ClockFacts(is_synchronised=None, offset_seconds=-5, source="caller"), "warning"),
        (ClockFacts(is_synchronised=True, offset_seconds=45, source="chronyc"), "critical"),
        (ClockFacts(is_synchronised=None, offset_seconds=None, source="caller"), None),
    ],
)
def test_clocks_are_judged_by_offset_and_by_being_kept_right(clock: ClockFacts, grade: str | None) -> None:
    assert [reading.grade.value for reading in look(make_facts(clock=clock))] == ([] if grade is None else [grade])


@pytest.mark.parametrize(("days", "grade"), [(60, None), (20, "warning"), (6, "critical"), (-1, "critical")])
def test_certificates_are_judged_by_the_days_they_have_left(days: int, grade: str | None) -> None:
    certificate = CertificateFacts(path="/etc/ssl/web.pem", subject="CN=web", expires_at=NOW + timedelta(days=days))

    readings = look(make_facts(certificates=(certificate,)))

    assert [reading.grade.value for reading in readings] == ([] if grade is None else [grade])
    assert not readings or ("expired" in readings[0].title.en) == (days < 0)


def test_file_handles_run_out() -> None:
    assert summarise(look(make_facts(open_files_ratio=0.96))) == [("open-files", "", "critical")]


def test_reboot_is_told_for_a_while_of_a_host_that_was_known_before() -> None:
    fresh = make_facts(boot_at=NOW - timedelta(minutes=10))
    unknown_host = HostView(facts=fresh, now=NOW, settings=CheckSettings(), repeat=2)

    assert summarise(look(fresh)) == [("reboot", "", "warning")]
    assert look(make_facts(boot_at=NOW - timedelta(minutes=90))) == []
    assert [
        reading for result in look_at_host(unknown_host) for reading in result.readings if reading.check == "reboot"
    ] == []


def test_network_errors_count_since_the_last_look() -> None:
    before = make_facts(taken_at=NOW - timedelta(minutes=5), nic_errors={"eth0": 1_000_000, "eth1": 0})
    now = make_facts(nic_errors={"eth0": 1_000_010, "eth1": 700, "eth2": 99})

    assert summarise(look(now, previous=before)) == [("network-errors", "eth1", "critical")]
    assert look(now) == []


def test_counters_that_began_again_with_a_boot_are_no_errors() -> None:
    before = make_facts(taken_at=NOW - timedelta(minutes=5), nic_errors={"eth0": 0})
    after = make_facts(boot_at=NOW - timedelta(hours=2), nic_errors={"eth0": 5000})

    assert look(after, previous=before) == []


def test_silence_of_a_host_needs_several_looks_and_our_own_trouble_is_none_of_its() -> None:
    silent = find_unreachable(HostLook("web-1", LookState.UNREACHABLE, reason="timed out"), repeat=2)
    refused = find_unreachable(HostLook("web-1", LookState.UNKNOWN, reason="host key changed"), repeat=2)

    assert [(reading.grade, reading.needs_looks) for reading in silent.readings] == [(Grade.CRITICAL, 2)]
    assert (refused.readings, refused.unknown) == ((), "host key changed")


def test_checks_can_be_switched_off() -> None:
    facts = make_facts(filesystems=(make_disk("/var", used=0.99),))

    assert look(facts, off="disk-usage, load") == []


@pytest.mark.parametrize("wrong", [{"disk_warning": 0.99}, {"certificate_critical_days": 30}, {"load_critical": 1}])
def test_critical_mark_must_be_the_worse_one(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="critical mark must be the worse one"):
        CheckSettings.model_validate(wrong)


def read_everything_wrong() -> list[Reading]:
    """A host on which every check finds something, with names that try to get out of their commands."""
    facts = make_facts(
        cpu=CpuFacts(cores=1, used_ratio=1, load_1m=9, load_5m=9, load_15m=9),
        memory=MemoryFacts(total_bytes=GIB, available_bytes=0, swap_total_bytes=GIB, swap_used_bytes=GIB),
        filesystems=(
            make_disk(
                "/mnt/it's; reboot", used=1.0, inodes_used_ratio=1.0, is_read_only=True, was_remounted_read_only=True
            ),
        ),
        zombies=(zombie(1, age=999),),
        oom_kills=(kill("java", minutes_ago=1),),
        failed_units=(
            FailedUnitFacts(name="a;reboot.service", description="", last_lines=("bind: address already in use: 80",)),
        ),
        listeners=(listener("nc -l 80; reboot", port=80),),
        certificates=(CertificateFacts(path="/c $(reboot).pem", subject="", expires_at=NOW),),
        clock=ClockFacts(is_synchronised=False, offset_seconds=99, source="caller"),
        open_files_ratio=1.0,
        boot_at=NOW - timedelta(minutes=1),
        nic_errors={"eth0;reboot": 9999},
    )
    before = make_facts(
        taken_at=NOW - timedelta(minutes=1), boot_at=NOW - timedelta(minutes=1), nic_errors={"eth0;reboot": 0}
    )

    history = {"/mnt/it's; reboot": rise(*evenly(0.5, 1.0))}
    return look(facts, previous=before, disk_history=history)


def test_every_check_speaks_both_languages() -> None:
    readings = read_everything_wrong()

    assert {reading.check for reading in readings} == {check.id for check in HOST_CHECKS}
    for reading in readings:
        texts = [reading.title, reading.cause, *(fix.text for fix in reading.fixes)]
        assert reading.fixes, reading.check
        assert all(text.en and any("\u4e00" <= sign <= "\u9fff" for sign in text.zh) for text in texts), reading.check


def test_commands_are_as_harmless_as_they_are_said_to_be() -> None:
    fixes = [fix for reading in read_everything_wrong() for fix in reading.fixes if fix.command]

    judged = {fix.command: (fix.is_change, classify(fix.command).command_class) for fix in fixes}

    assert len(judged) > 15
    wrong = {
        command: judged_class.value
        for command, (is_change, judged_class) in judged.items()
        if judged_class is not (CommandClass.CONFIRM if is_change else CommandClass.READONLY)
    }
    assert wrong == {}
