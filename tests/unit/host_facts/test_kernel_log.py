"""Out-of-memory kills and remounts in the wordings of several kernels and log readers.

Sources of the wordings: mm/oom_kill.c of Linux 3.10 (CentOS 7), 4.19, 5.15, 6.1; fs/ext4/super.c; journalctl(1).
"""

from datetime import UTC, datetime

import pytest

from host_facts.sources.kernel_log import find_remounted_devices, merge_oom_kills, parse_oom_kills

BOOT = datetime(2026, 11, 20, 0, 0, 0, tzinfo=UTC)
MODERN_CGROUP = """\
[Fri Nov 27 03:12:09 2026] python invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=996
[Fri Nov 27 03:12:09 2026] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-1.scope,\
mems_allowed=0,oom_memcg=/kubepods/burstable/pod1234,task_memcg=/kubepods/burstable/pod1234/cri-1,task=python,pid=4711,uid=0
[Fri Nov 27 03:12:09 2026] Memory cgroup out of memory: Killed process 4711 (python) total-vm:512000kB, \
anon-rss:262000kB, file-rss:1024kB, shmem-rss:0kB, UID:0 pgtables:640kB oom_score_adj:996
[Fri Nov 27 03:12:09 2026] oom_reaper: reaped process 4711 (python), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
"""
CENTOS_7 = """\
[604800.500000] Task in /docker/0a1b killed as a result of limit of /docker/0a1b
[604800.500100] Memory cgroup out of memory: Kill process 2345 (java) score 1001 or sacrifice child
[604800.500200] Killed process 2345 (java) total-vm:4194304kB, anon-rss:2000000kB, file-rss:48kB, shmem-rss:0kB
"""
RHEL_8_WITH_UID = """\
1764212400.123456 db-1 kernel: Out of memory: Killed process 900 (mysqld) total-vm:9000000kB, anon-rss:7000000kB, \
file-rss:0kB, shmem-rss:64kB, UID:27 pgtables:14000kB oom_score_adj:0
"""
ISO = (
    "2026-11-27T03:12:09,500000+00:00 Out of memory: Killed process 7 (a (b) c) total-vm:10kB, anon-rss:5kB, "
    "file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0"
)


def test_a_kill_at_a_container_limit_names_its_cgroup_and_size() -> None:
    kills = parse_oom_kills(MODERN_CGROUP, boot_at=None)

    assert len(kills) == 1
    assert (kills[0].process, kills[0].pid) == ("python", 4711)
    assert kills[0].cgroup == "/kubepods/burstable/pod1234/cri-1"
    assert kills[0].memory_bytes == (262000 + 1024) * 1024
    assert kills[0].at == datetime(2026, 11, 27, 3, 12, 9, tzinfo=UTC)


def test_the_two_line_wording_of_old_kernels_is_one_kill_counted_from_boot() -> None:
    kills = parse_oom_kills(CENTOS_7, boot_at=BOOT)

    assert [(kill.process, kill.cgroup) for kill in kills] == [("java", "/docker/0a1b")]
    assert kills[0].at == datetime(2026, 11, 27, 0, 0, 0, 500200, tzinfo=UTC)


def test_without_a_boot_time_a_stamp_since_boot_is_no_time() -> None:
    assert parse_oom_kills(CENTOS_7, boot_at=None)[0].at is None


def test_a_kill_for_the_whole_host_has_no_cgroup() -> None:
    kills = parse_oom_kills(RHEL_8_WITH_UID, boot_at=None)

    assert [(kill.process, kill.pid, kill.cgroup) for kill in kills] == [("mysqld", 900, "")]
    assert kills[0].at == datetime.fromtimestamp(1764212400.123456, UTC)


def test_a_process_name_with_brackets_is_kept_whole() -> None:
    assert parse_oom_kills(ISO, boot_at=None)[0].process == "a (b) c"


def test_the_same_kill_in_two_logs_counts_once_and_two_kills_of_one_name_count_twice() -> None:
    ring = parse_oom_kills(MODERN_CGROUP, boot_at=None)
    journal = [kill.model_copy(update={"at": datetime(2026, 11, 27, 3, 12, 40, tzinfo=UTC)}) for kill in ring]
    later = [kill.model_copy(update={"pid": 5000}) for kill in ring]

    merged = merge_oom_kills(ring, journal, later)

    assert sorted(kill.pid or 0 for kill in merged) == [4711, 5000]


@pytest.mark.parametrize(
    ("line", "device"),
    [
        ("[ 12.5] EXT4-fs (sda1): Remounting filesystem read-only", "sda1"),
        ("[Fri Nov 27 03:12:09 2026] EXT4-fs (dm-0): Remounting filesystem read-only", "dm-0"),
        ("[ 12.5] BTRFS info (device sdb1): forced readonly", "sdb1"),
        ("[ 12.5] BTRFS info (device sdb1: state EA): forced readonly", "sdb1"),
        ("[ 12.5] XFS (vdb1): Corruption of in-memory data detected.  Shutting down filesystem", "vdb1"),
    ],
)
def test_a_remount_after_an_error_names_its_device(line: str, device: str) -> None:
    assert find_remounted_devices(line) == {device}
