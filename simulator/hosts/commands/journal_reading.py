"""journalctl."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

from simulator.hosts.commands.numbers import human_size, moment
from simulator.hosts.machine.file_tree import File
from simulator.hosts.machine.journal import PRIORITIES, JournalEntry
from simulator.hosts.machine.service_control import ServiceControl
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, UnknownOption, read_options

JOURNAL_DIRECTORY = "/var/log/journal"
_SPAN = re.compile(r"(\d+)\s*(s|sec|second|m|min|minute|h|hour|d|day|w|week)s?\b")
_SPAN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)")
_SIZE_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


async def journalctl(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="kqrfxemab",
        values="unopgSUt",
        words=(
            "dmesg unit= lines= output= priority= grep= since= until= no-pager reverse follow no-hostname boot all "
            "disk-usage vacuum-size= vacuum-time= vacuum-files= identifier= catalog utc pager-end list-boots quiet "
            "rotate"
        ),
    )
    if options.has("disk-usage"):
        size = human_size(sum(entry.size(at=call.host.now()) for _, entry in _journal_files(call)))
        return call.write_lines(f"Archived and active journals take up {size} in the file system.")
    if options.has("vacuum-size", "vacuum-time", "vacuum-files"):
        return _vacuum(call, options)
    if options.has("list-boots"):
        return call.write_lines(f" 0 {'0' * 32} {moment(call.host.booted_at):%a %Y-%m-%d %H:%M:%S} UTC")
    entries = _choose(call, options)
    lines = options.get("n", "lines")
    if lines.lstrip("+").isdecimal():
        entries = entries[-int(lines.lstrip("+")) :] if int(lines.lstrip("+")) else []
    if options.has("r", "reverse"):
        entries = entries[::-1]
    if not entries:
        call.write_lines("-- No entries --")
    for entry in entries:
        call.write(_format(call, entry, options) + "\n")
    if options.has("f", "follow"):
        await asyncio.Event().wait()
    return 0


def _choose(call: Call, options: Options) -> list[JournalEntry]:
    since = _read_time(options.get("S", "since"), now=call.host.clock)
    until = _read_time(options.get("U", "until"), now=call.host.clock)
    unit = options.get("u", "unit")
    found = ServiceControl(call.host).find(unit) if unit else None
    priority = _read_priority(options.get("p", "priority"))
    pattern = options.get("g", "grep")
    return [
        entry
        for entry in call.host.journal.entries
        if (not options.has("k", "dmesg") or entry.is_kernel)
        and (not unit or (found is not None and entry.unit == found.name))
        and (since is None or entry.at >= since)
        and (until is None or entry.at <= until)
        and entry.priority <= priority
        and (not options.has("t", "identifier") or entry.identifier == options.get("t", "identifier"))
        and (not pattern or re.search(pattern, entry.message, re.IGNORECASE if pattern.islower() else 0))
    ]


def _read_priority(word: str) -> int:
    if not word:
        return 7
    name = word.rpartition("..")[2]
    names = {"error": "err", "warn": "warning", "critical": "crit"}
    if name.isdecimal():
        return int(name)
    name = names.get(name, name)
    if name not in PRIORITIES:
        raise UnknownOption(f'Unknown log level "{word}".')
    return PRIORITIES.index(name)


def _read_time(text: str, *, now: float) -> float | None:
    text = text.strip()
    if not text:
        return None
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": today.timestamp(), "yesterday": (today - timedelta(days=1)).timestamp()}
    if text in words:
        return words[text]
    spans = _SPAN.findall(text)
    if spans and (text.startswith("-") or text.endswith("ago")):
        return now - sum(int(count) * _SPAN_SECONDS[unit[0]] for count, unit in spans)
    if text.startswith("@") and text[1:].isdecimal():
        return float(text[1:])
    try:
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
            text = f"{today:%Y-%m-%d} {text}"
        return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise UnknownOption(f"Failed to parse timestamp: {text}") from None


def _format(call: Call, entry: JournalEntry, options: Options) -> str:
    shown = entry.at + call.host.drift.offset_seconds
    pid = f"[{entry.pid}]" if entry.pid else ""
    host = "" if options.has("no-hostname") else f"{call.host.name} "
    kind = options.get("o", "output")
    match kind:
        case "cat":
            return entry.message
        case "json":
            return json.dumps(
                {
                    "__REALTIME_TIMESTAMP": str(int(shown * 1e6)),
                    "SYSLOG_IDENTIFIER": entry.identifier,
                    "MESSAGE": entry.message,
                    "PRIORITY": str(entry.priority),
                }
            )
        case "short-unix":
            stamp = f"{shown:.6f}"
        case "short-iso":
            stamp = f"{moment(shown):%Y-%m-%dT%H:%M:%S}+0000"
        case "short-iso-precise":
            stamp = f"{moment(shown):%Y-%m-%dT%H:%M:%S.%f}+0000"
        case "short-precise":
            stamp = f"{moment(shown):%b %d %H:%M:%S.%f}"
        case "short-full":
            stamp = f"{moment(shown):%a %Y-%m-%d %H:%M:%S} UTC"
        case _:
            stamp = f"{moment(shown):%b %d %H:%M:%S}"
    return f"{stamp} {host}{entry.identifier}{pid}: {entry.message}"


def _journal_files(call: Call) -> list[tuple[str, File]]:
    """Those on disk, the archived ones first, oldest first."""
    found = [(path, entry) for path, entry in call.host.files.walk(JOURNAL_DIRECTORY) if isinstance(entry, File)]
    return sorted(found, key=lambda pair: ("@" not in pair[0], pair[1].modified_at))


def _vacuum(call: Call, options: Options) -> int:
    """Delete archived files, oldest first, until what is left fits; the current one stays."""
    if not call.state.is_root:
        return call.fail("Failed to vacuum: Permission denied")
    kept = _read_size(options.get("vacuum-size"))
    spans = _SPAN.findall(options.get("vacuum-time"))
    oldest = call.host.clock - sum(int(count) * _SPAN_SECONDS[unit[0]] for count, unit in spans) if spans else None
    files = _journal_files(call)
    total = sum(entry.size(at=call.host.now()) for _, entry in files)
    freed = 0
    for path, entry in files:
        is_too_much = kept is not None and total - freed > kept
        is_too_old = oldest is not None and entry.modified_at < oldest
        if "@" in path and (is_too_much or is_too_old):
            freed += entry.size(at=call.host.now())
            call.host.files.remove(path)
            call.write(f"Deleted archived journal {path} ({human_size(entry.size(at=call.host.now()))}).\n")
    call.host.changed()
    return call.write_lines(f"Vacuuming done, freed {human_size(freed)} of archived journals from {JOURNAL_DIRECTORY}.")


def _read_size(text: str) -> int | None:
    found = _SIZE.fullmatch(text)
    return int(float(found[1]) * _SIZE_BYTES[found[2]]) if found else None


COMMANDS: dict[str, Command] = {"journalctl": journalctl}
