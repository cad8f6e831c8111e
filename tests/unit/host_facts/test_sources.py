"""What the tools of several distributions print, and what is read from it.

Recorded on Debian 12 (coreutils 9.1, procps 4.0.2, iproute2 6.1, busybox 1.35, openssl 3.0) where nothing else is said;
CentOS 7 (systemd 219, net-tools 2.0), Alpine (busybox 1.36), chrony, ntpq and timedatectl texts are written after the
tools' manuals.
"""

from datetime import UTC, datetime

import pytest

from host_facts.sources.clock import compare_with_caller, parse_clock
from host_facts.sources.disk_usage import parse_disk_usage, parse_inode_usage
from host_facts.sources.failed_units import parse_failed_units, parse_unit_logs, parse_unit_times
from host_facts.sources.kernel_counters import parse_memory
from host_facts.sources.listeners import parse_listeners
from host_facts.sources.mounts import parse_mounts
from host_facts.sources.network_devices import parse_nic_errors
from host_facts.sources.processes import parse_processes

DF_GNU = """\
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda         264212084 30116904  76274008      29% /
tmpfs             24684092        0  24684092       0% /dev/shm
df: /run/user/1000/doc: Operation not permitted
"""
DF_BUSYBOX = """\
Filesystem           1024-blocks    Used Available Capacity Mounted on
/dev/vda             264212084  30864292  75526620  29% /
//nas/our files            4         4         0 100% /mnt/our files
"""


def test_df_of_coreutils_and_complaints_in_it() -> None:
    usages = parse_disk_usage(DF_GNU)

    assert [(usage.device, usage.mount_point) for usage in usages] == [("/dev/vda", "/"), ("tmpfs", "/dev/shm")]
    assert usages[0].size_bytes == 264212084 * 1024


def test_df_of_busybox_and_blanks_in_names() -> None:
    assert parse_disk_usage(DF_BUSYBOX)[1].mount_point == "/mnt/our files"
    assert parse_disk_usage(DF_BUSYBOX)[1].device == "//nas/our files"


def test_a_filesystem_without_a_fixed_number_of_inodes_is_left_out() -> None:
    text = "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 100 99 1 99% /a\n/dev/b 0 0 0 - /b\n"

    assert [usage.mount_point for usage in parse_inode_usage(text)] == ["/a"]


def test_escapes_in_mount_points_are_undone() -> None:
    mounts = parse_mounts("/dev/sdb1 /mnt/our\\040files ext4 ro,relatime 0 0\n# comment\nnot a mount\n")

    assert [(mount.mount_point, "ro" in mount.options) for mount in mounts] == [("/mnt/our files", True)]


def test_a_kernel_that_does_not_estimate_available_memory() -> None:
    memory = parse_memory("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n")

    assert memory is not None
    assert memory.available_bytes == 400 * 1024


PS_PROCPS = """\
    PID    PPID USER                             STAT %CPU   RSS     ELAPSED COMMAND
      1       0 root                             Ss    0.2 22980    12-01:57:03 /sbin/init splash
    999       1 app                              Zl    0.0     0       00:07 [worker] <defunct>
"""
PS_ALPINE = """\
PID   PPID  USER     STAT RSS  ELAPSED COMMAND
    1     0 root     S     980  3h04 /sbin/init
   77     1 nginx    Z       0 120d  [nginx]
  123     1 mysql    S    1.2g 2:33 mysqld
"""
PS_SMALL_BUSYBOX = """\
ps: bad -o argument 'etime', supported arguments: user,group,comm,args,pid,ppid,pgid,nice,rgroup,ruser,tty,vsz
PID   PPID  USER     STAT RSS  COMMAND
    1     0 root     S    22m  /sbin/init
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PS_PROCPS, [(1, "S", 22980 * 1024, 1043823.0), (999, "Z", 0, 7.0)]),
        (PS_ALPINE, [(1, "S", 980 * 1024, 11040.0), (77, "Z", 0, 10368000.0), (123, "S", 0, 153.0)]),
        (PS_SMALL_BUSYBOX, [(1, "S", 22 * 1024**2, None)]),
    ],
    ids=["procps", "alpine", "small busybox"],
)
def test_processes_by_every_ps(text: str, expected: list[tuple[int, str, int, float | None]]) -> None:
    processes = parse_processes(text)

    assert [(item.pid, item.state, item.memory_bytes, item.age_seconds) for item in processes] == expected


SS = """\
Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=511,fd=13))
tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=901,fd=6),("nginx",pid=900,fd=6))
tcp   LISTEN 0      128             [::]:22            [::]:*
tcp   LISTEN 0      100                *:8080             *:*    users:(("java",pid=12345,fd=44))
"""
NETSTAT = """\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      900/nginx: master p
tcp6       0      0 :::22                   :::*                    LISTEN      -
udp        0      0 127.0.0.1:323           0.0.0.0:*                           611/chronyd
"""
TABLE = """\
/proc/net/tcp:  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
/proc/net/tcp:   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0
/proc/net/tcp:   1: 0100007F:1F91 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0
/proc/net/tcp6:   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_listeners_by_ss() -> None:
    found = [(item.protocol, item.address, item.port, item.process, item.pid) for item in parse_listeners(SS)]

    assert found == [
        ("tcp", "::", 22, "", None),
        ("udp", "127.0.0.53%lo", 53, "systemd-resolve", 511),
        ("tcp", "0.0.0.0", 80, "nginx", 901),
        ("tcp", "::", 8080, "java", 12345),
    ]


def test_columns_of_ss_that_touch_each_other_are_told_apart() -> None:
    touching = 'tcp   LISTEN 0      511    0.0.0.0:80    0.0.0.0:*users:(("nginx",pid=901,fd=6))'

    assert [(item.port, item.process) for item in parse_listeners(touching)] == [(80, "nginx")]


def test_listeners_by_netstat() -> None:
    found = [(item.protocol, item.address, item.port, item.process) for item in parse_listeners(NETSTAT)]

    assert found == [
        ("tcp", "::", 22, ""),
        ("tcp", "0.0.0.0", 80, "nginx: master p"),
        ("udp", "127.0.0.1", 323, "chronyd"),
    ]


def test_listeners_by_the_tables_of_the_kernel() -> None:
    found = [(item.address, item.port) for item in parse_listeners(TABLE)]

    assert found == [("::1", 22), ("127.0.0.1", 8080)]


def test_failed_units_plain_with_dots_and_in_json() -> None:
    plain = "backup.service loaded failed failed Nightly backup of the orders database\n"
    dotted = "● backup.service loaded failed failed Nightly backup of the orders database\n"
    in_json = (
        '[{"unit":"backup.service","load":"loaded","active":"failed","sub":"failed",'
        '"description":"Nightly backup of the orders database"}]'
    )

    for text in (plain, dotted, in_json):
        units = parse_failed_units(text)
        assert [(unit.name, unit.description) for unit in units] == [
            ("backup.service", "Nightly backup of the orders database")
        ]
    assert parse_failed_units("0 loaded units listed.\n") == []


def test_since_when_a_unit_is_failed() -> None:
    times = parse_unit_times(
        "Id=a.service\nStateChangeTimestamp=Fri 2026-11-27 03:00:01 UTC\n\nId=b.mount\nStateChangeTimestamp=\n"
    )

    assert times == {"a.service": datetime(2026, 11, 27, 3, 0, 1, tzinfo=UTC)}


UNIT_STATUS = """\
x billing.service - Billing service
     Loaded: loaded (/lib/systemd/system/billing.service; enabled; preset: enabled)
     Active: failed (Result: exit-code) since Fri 2026-11-27 03:00:01 UTC; 2h ago
    Process: 411 ExecStart=/usr/bin/java --password=hunter2 (code=exited, status=1/FAILURE)

Nov 27 03:00:00 app-1 systemd[1]: Starting billing.service - Billing service...
Nov 27 03:00:01 app-1 java[411]: token=abc Web server failed to start.
                                x forged.service - not a head
Nov 27 03:00:01 app-1 java[411]: Port 8080 was already in use.
Nov 27 03:00:01 app-1 systemd[1]: Failed to start billing.service - Billing service.

* mnt-nfs.mount - /mnt/nfs
     Active: failed (Result: timeout)

Nov  7 02:00:01 app-1 systemd[1]: mnt-nfs.mount: Mounting timed out. Terminating.
Warning: some journal files were not opened due to insufficient permissions.
"""


def test_last_words_of_failed_units_are_their_own_where_there_are_any() -> None:
    logs = parse_unit_logs(UNIT_STATUS)

    assert logs == {
        "billing.service": (
            "java[411]: token=[hidden] Web server failed to start.",
            "java[411]: Port 8080 was already in use.",
        ),
        "mnt-nfs.mount": ("systemd[1]: mnt-nfs.mount: Mounting timed out. Terminating.",),
    }


CHRONY = """\
Reference ID    : C0000201 (ntp-1.example.net)
Stratum         : 3
System time     : 93.000000000 seconds slow of NTP time
Last offset     : +0.000012000 seconds
Leap status     : {leap}
"""
NTPQ = """\
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
*192.0.2.1       198.51.100.2     2 u   33   64  377    0.512  +{offset}   0.020
"""
TIMEDATECTL = """\
               Local time: Fri 2026-11-27 23:35:43 UTC
           Universal time: Fri 2026-11-27 23:35:43 UTC
System clock synchronized: {state}
              NTP service: active
"""
TIMEDATECTL_CENTOS_7 = "     NTP enabled: yes\nNTP synchronized: no\n RTC in local TZ: no\n"


def test_clock_by_chrony() -> None:
    good, bad = parse_clock(CHRONY.format(leap="Normal")), parse_clock(CHRONY.format(leap="Not synchronised"))

    assert good is not None
    assert bad is not None
    assert (good.is_synchronised, good.offset_seconds, good.source) == (True, -93.0, "chronyc")
    assert (bad.is_synchronised, bad.offset_seconds) == (False, None)


CHRONY_RECORDED = """\
Reference ID    : {reference}
Stratum         : {stratum}
Ref time (UTC)  : Thu Jan 01 00:00:00 1970
System time     : 0.000000000 seconds fast of NTP time
Last offset     : +0.000000000 seconds
RMS offset      : 0.000000000 seconds
Frequency       : 0.000 ppm slow
Residual freq   : +0.000 ppm
Skew            : 0.000 ppm
Root delay      : 1.000000000 seconds
Root dispersion : 1.000000000 seconds
Update interval : 0.0 seconds
Leap status     : {leap}
"""


def test_an_offset_of_zero_without_a_reference_says_nothing() -> None:
    """Recorded from chronyd 4.3 without a server, and with only its own clock to serve."""
    alone = parse_clock(CHRONY_RECORDED.format(reference="00000000 ()", stratum=0, leap="Not synchronised"))
    serving_itself = parse_clock(CHRONY_RECORDED.format(reference="7F7F0101 ()", stratum=8, leap="Normal"))

    assert alone is not None
    assert serving_itself is not None
    assert (alone.is_synchronised, alone.offset_seconds) == (False, None)
    assert (serving_itself.is_synchronised, serving_itself.offset_seconds) == (None, None)


def test_clock_by_ntpq_has_the_sign_of_the_host() -> None:
    clock = parse_clock(NTPQ.format(offset="1500.0").replace("+1500", "1500"))

    assert clock is not None
    assert (clock.is_synchronised, clock.offset_seconds) == (True, -1.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TIMEDATECTL.format(state="yes"), (True, None)),
        (TIMEDATECTL_CENTOS_7, (False, None)),
        (TIMEDATECTL.format(state="yes") + "       Offset: +1min 33s\n", (True, -93.0)),
        (TIMEDATECTL.format(state="yes") + "       Offset: -250us\n", (True, 0.00025)),
    ],
)
def test_clock_by_timedatectl(text: str, expected: tuple[bool, float | None]) -> None:
    clock = parse_clock(text)

    assert clock is not None
    assert clock.is_synchronised is expected[0]
    assert clock.offset_seconds == (pytest.approx(expected[1]) if expected[1] else None)


def test_the_bare_clock_of_a_host_is_compared_with_the_time_in_which_it_was_asked() -> None:
    asked = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
    taken = datetime(2026, 11, 27, 12, 0, 9, tzinfo=UTC)
    host = int(asked.timestamp())

    assert compare_with_caller(f"{host + 8}\n", asked_at=asked, taken_at=taken) == 0.0
    assert compare_with_caller(f"{host - 93}\n", asked_at=asked, taken_at=taken) == -93.0
    assert compare_with_caller("nonsense", asked_at=asked, taken_at=taken) is None


def test_errors_count_per_interface_with_hardware() -> None:
    text = (
        "Inter-|   Receive\n face |bytes    packets errs\n"
        "    lo: 425246588 3149921    5    0    0     0          0         0 4252 3149    0    0    0  0   0 0\n"
        "  eth0:12345 10    3    1    0     0          0         0 425246588 3149921    4    0    0     0       0 0\n"
    )

    assert parse_nic_errors(text) == {"eth0": 7}
