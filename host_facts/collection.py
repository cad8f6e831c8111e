"""Which read-only commands show the facts of a host: one small script for dash, bash and busybox, without root."""

from __future__ import annotations

from dataclasses import dataclass

from host_facts.sections import check_tag, write_section

SECTION_LIMIT_SECONDS = 5
"""How long one command may take: long enough for a slow disk, short against the timeout of the whole script."""

LOOK_SECONDS = 1
"""Between the two looks from which the used share of the processors follows."""

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


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    command: str
    """`{limit}` stands before every part that may hang, for `timeout` where the host has it."""
    limit_bytes: int = 64 * 1024


_LOOK = "grep -E '^(cpu|btime)' /proc/stat"
_SOURCES = (
    _Source("first-look", _LOOK),
    _Source("files", f"grep -H '' {' '.join(SMALL_FILES)}"),
    _Source("mounts", "cut -c 1-400 /proc/mounts", limit_bytes=1024 * 1024),
    # A dead network mount lets df hang; the second try leaves such mounts out.
    _Source("disks", "{limit}df -kP || {limit}df -klP", limit_bytes=256 * 1024),
    _Source("inodes", "{limit}df -kPi || {limit}df -klPi", limit_bytes=256 * 1024),
    _Source(
        "processes",
        "{limit}ps -eo pid,ppid,user:32,stat,pcpu,rss,etime,args"
        " || {limit}ps -o pid,ppid,user,stat,time,rss,etime,args",
        limit_bytes=2 * 1024 * 1024,
    ),
)


def build_script(*, tag: str, limit_seconds: int = SECTION_LIMIT_SECONDS, look_seconds: int = LOOK_SECONDS) -> str:
    """Shell text to run on the host; `parse_facts` with the same tag reads its output.

    `tag` is a random word for this one request (raise ValueError when it is too short or has odd characters). The
    script ends within about `look_seconds` on a healthy host. It only reads, and asks for no more rights than it has.
    """
    check_tag(tag)
    parts = [_write(source, tag=tag, limit_seconds=limit_seconds) for source in _SOURCES]
    last_look = write_section("last-look", _LOOK, tag=tag, limit_bytes=64 * 1024)
    return "\n".join(["LC_ALL=C; export LC_ALL", *parts, f"sleep {look_seconds}", last_look])


def _write(source: _Source, *, tag: str, limit_seconds: int) -> str:
    command = source.command.format(limit="")
    if "{limit}" in source.command:
        limited = source.command.format(limit=f"timeout {limit_seconds} ")
        # Some small systems have no timeout, or one with other options.
        command = f"if timeout 1 true 2>/dev/null; then {limited}; else {command}; fi"
    return write_section(source.name, command, tag=tag, limit_bytes=source.limit_bytes)
