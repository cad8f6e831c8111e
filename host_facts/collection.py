"""Which read-only commands show the facts of a host: one small script for dash, bash and busybox, without root."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from host_facts.sections import check_tag, write_section

SECTION_LIMIT_SECONDS = 5
"""How long one command may take: long enough for a slow disk, short against the timeout of the whole script."""

LOOK_SECONDS = 1
"""Between the two looks from which the use of the processors and the swap traffic follow."""

CERTIFICATE_PATHS = (
    "/etc/kubernetes/pki/*.crt",
    "/etc/kubernetes/pki/etcd/*.crt",
    "/var/lib/kubelet/pki/kubelet-client-current.pem",
    "/etc/letsencrypt/live/*/cert.pem",
    "/etc/nginx/ssl/*.crt",
    "/etc/nginx/ssl/*.pem",
    "/etc/pki/tls/certs/localhost.crt",
)
"""Where the certificates of the usual programs are; files that are not there are passed over."""

SMALL_FILES = (
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/osrelease",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/sys/fs/file-nr",
    "/proc/net/dev",
    "/etc/fstab",
    "/etc/os-release",
)
_SAFE_PATH = re.compile(r"/[\w@%+=:,./*?\[\]-]{1,300}")
# Complaints of the tools are told by how they begin: kernel messages about something denied come by the thousand.
_KERNEL_WORDS = (
    "oom-kill:|[Oo]ut of memory|Killed process|Kill process|killed as a result of limit"
    "|[Rr]emounting filesystem read-only|forced readonly|hutting down filesystem"
    "|^status |^dmesg:|^journalctl:|^timeout:|^No journal|^Hint:"
)
_TICKS = (
    r"cat /proc/[0-9]*/stat 2>/dev/null"
    r" | sed -n 's/^\([0-9]*\) (.*) [A-Za-z] \([^ ]* \)\{10\}\([0-9]* [0-9]*\) .*/\1 \3/p'"
)


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    command: str
    """LIMIT stands before every part that may hang, for `timeout` where the host has it."""
    limit_bytes: int = 64 * 1024


_SOURCES = (
    _Source("files", f"grep -H '' {' '.join(SMALL_FILES)}"),
    # Options of container mounts are endless; whether one is read-only stands first.
    _Source("mounts", "cut -c 1-400 /proc/mounts", limit_bytes=1024 * 1024),
    # A dead network mount lets df hang; the second try leaves such mounts out.
    _Source("disks", "LIMIT df -kP || LIMIT df -klP", limit_bytes=256 * 1024),
    _Source("inodes", "LIMIT df -kPi || LIMIT df -klPi", limit_bytes=256 * 1024),
    # Without -ww ps cuts lines where the environment has COLUMNS.
    _Source(
        "processes",
        "LIMIT ps -ww -eo pid,ppid,user:32,stat,pcpu,rss,etime,args"
        " || LIMIT ps -o pid,ppid,user,stat,rss,etime,args || LIMIT ps -o pid,ppid,user,stat,rss,args",
        limit_bytes=4 * 1024 * 1024,
    ),
    _Source(
        "kernel-ring",
        f"{{ LIMIT dmesg -T || LIMIT dmesg; echo \"status $?\"; }} 2>&1 | grep -E '{_KERNEL_WORDS}' | tail -n 300",
        limit_bytes=256 * 1024,
    ),
    _Source(
        "kernel-journal",
        '{ LIMIT journalctl -k --since -24h -o short-unix --no-pager; echo "status $?"; } 2>&1'
        f" | grep -E '{_KERNEL_WORDS}' | tail -n 300",
        limit_bytes=256 * 1024,
    ),
    _Source("failed-units", "LIMIT systemctl list-units --failed --no-legend --no-pager --plain --full"),
    _Source("unit-times", "LIMIT systemctl show --failed --no-pager -p Id -p StateChangeTimestamp '*'", 256 * 1024),
    _Source("unit-logs", "LIMIT systemctl status --failed --no-pager --full --lines=20 '*'", 256 * 1024),
    _Source(
        "listeners",
        "LIMIT ss -tulnp || LIMIT /usr/sbin/ss -tulnp || LIMIT netstat -tulnp"
        " || grep -H '' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6",
        limit_bytes=256 * 1024,
    ),
    _Source("clock", "LIMIT chronyc -n tracking; LIMIT ntpq -pn; LIMIT timedatectl; LIMIT timedatectl timesync-status"),
)


def build_script(
    *,
    tag: str,
    certificate_paths: Sequence[str] = CERTIFICATE_PATHS,
    limit_seconds: int = SECTION_LIMIT_SECONDS,
    look_seconds: int = LOOK_SECONDS,
) -> str:
    """Shell text to run on the host; `parse_facts` with the same tag reads its output.

    `tag` is a random word for this one request. `certificate_paths` may hold `*`, `?` and `[…]`. Raise ValueError when
    the tag is too short, or a path is relative or has characters that mean something to a shell. The script ends within
    about `look_seconds` on a healthy host; it only reads, and asks for no more rights than it has.
    """
    check_tag(tag)
    sources = [*_SOURCES, _Source("certificates", _read_certificates(certificate_paths))]
    return "\n".join(
        [
            "LC_ALL=C; TZ=UTC0; export LC_ALL TZ",
            *_look("first", tag=tag),
            *(_write(source, tag=tag, limit_seconds=limit_seconds) for source in sources),
            f"sleep {look_seconds}",
            *_look("last", tag=tag),
        ]
    )


def _look(which: str, *, tag: str) -> list[str]:
    counters = (
        "date +%s; cat /proc/uptime; getconf PAGESIZE; grep -hE '^(cpu|btime|pswpin|pswpout)' /proc/stat /proc/vmstat"
    )
    return [
        write_section(f"{which}-look", counters, tag=tag, limit_bytes=64 * 1024),
        write_section(f"{which}-ticks", _TICKS, tag=tag, limit_bytes=1024 * 1024),
    ]


def _write(source: _Source, *, tag: str, limit_seconds: int) -> str:
    command = source.command.replace("LIMIT ", "")
    if command != source.command:
        limited = source.command.replace("LIMIT ", f"timeout {limit_seconds} ")
        # Some small systems have no timeout, or one with other options.
        command = f"if timeout 1 true 2>/dev/null; then {limited}; else {command}; fi"
    return write_section(source.name, command, tag=tag, limit_bytes=source.limit_bytes)


def _read_certificates(paths: Sequence[str]) -> str:
    """Only the certificates leave the host, also from files that hold the private key beside them."""
    unsafe = [path for path in paths if not _SAFE_PATH.fullmatch(path) or "/../" in path]
    if unsafe:
        raise ValueError(f"not an absolute path of plain characters: {unsafe[0]!r}")
    if not paths:
        return "true"
    cut = "sed -n '/BEGIN CERT/,/END CERT/s/^/ /p'"
    return (
        f"for folder in {' '.join(_folders(paths))}; do"
        ' if [ -d "$folder" ] && { [ ! -r "$folder" ] || [ ! -x "$folder" ]; }; then echo "!$folder"; fi; done;'
        f' for file in {" ".join(paths)}; do if [ -d "$file" ]; then true;'
        f' elif [ -r "$file" ]; then echo "@$file"; {cut} < "$file" | head -n 60;'
        ' elif [ -e "$file" ]; then echo "!$file"; fi; done'
    )


def _folders(paths: Sequence[str]) -> list[str]:
    """Every folder on the way to the files: one that may not be entered hides what is in it."""
    folders: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")[1:-1]
        for length in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:length])
            if not any(sign in folder for sign in "*?["):
                folders[folder] = None
    return list(folders)
