"""Lines of a log in order of how much they tell about why a program ended."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from mcp_kit.redaction import hide_private_keys
from mcp_kit.sanitising import sanitise_line

MAX_SHOWN = 300
"""Characters of a line that is quoted."""

_MAX_LINE = 500
_MAX_LINES = 300
_MAX_CHARACTERS = 60_000

_JSON_TEXT_KEYS = ("level", "severity", "msg", "message", "error", "err", "exception", "reason", "cause")

# The names of exceptions at the beginning of a line, as Python, Java, Node, .NET and Ruby end a trace with them.
_EXCEPTION = re.compile(
    r"^(?:Exception in thread \S+ |Unhandled exception\.? |Uncaught |Caused by: |\[cause\]: )?(?:[A-Za-z_][\w$]*(?:\.|"
    r"::))*"
    r"[A-Z][\w$]*(?:Error|Exception|Fault|Failure|Timeout|Refused|Exit)\b(?:\s*\[[\w-]+\])?(?::|\s*\(|$)"
)
_ROOT = re.compile(
    r"^Caused by: |\[cause\]|\bpanic:|\bPANIC\b|\bFATAL\b|\bfatal\b[:\]]|level=fatal|\bCRITICAL\b|\[emerg\]|\[crit\]|"
    r"\[alert\]|^fatal error: |\bF\d{4} \d\d:\d\d|Uncaught |Unhandled (?:exception|rejection)|致命"
)
_ERROR_LEVEL = re.compile(
    r"\bERROR\b|\bERR\b|level=\"?error|\[error\]|\bE\d{4} \d\d:\d\d|\berror\b[:\]]|^error\b|\bSEVERE\b|Error: |错误|"
    r"失败|异常"
)
_TROUBLE = re.compile(
    r"(?i)(error|exception|failure)\b|\b(fatal|panic|critical|cannot|can't|could not|couldn't|unable|failed|denied|"
    r"refused|"
    r"timed? ?out|not found|no such|missing|invalid|unknown|forbidden|unauthori[sz]ed|must be|required)\b|"
    r"不存在|无法|缺少|未找到|拒绝|超时"
)
_QUIET_LEVEL = re.compile(
    r"(?i)\b(?:INFO|DEBUG|TRACE|NOTICE)\b|level=\"?(?:info|debug|trace)|\[(?:info|debug|notice)\]|\bI\d{4} \d\d:\d\d"
)
_WARN_LEVEL = re.compile(r"(?i)\bWARN(?:ING)?\b|level=\"?warn|\[warn(?:ing)?\]|\bW\d{4} \d\d:\d\d")
_TRACE = re.compile(
    r"^\s+(?:at |File \"|\^|~|\.\.\. \d+ more|in <)|^Traceback |^goroutine \d|^\s*\^+\s*$|^\s+\S+\.go:\d+"
)
# Lines that only say that the program ends: whatever came before tells more.
_FAREWELL = re.compile(
    r"(?i)giving up|exiting|shutting down|exit status|process exited|received signal|npm (?:err|error)!|command failed|"
    r"\bbye\b|a complete log of this run|for more information|see above|exit code|stopped\.?$|退出"
)
_NEXT_LINE_TELLS = re.compile(
    r"^\s*Description:\s*$|panicked at .*:\s*$|^\s*Reason:\s*$|^Unhandled exception.*:\s*$"
)  # fmt: skip


def read_lines(text: str) -> list[str]:
    """The last lines of a raw log, sanitised, bounded, blank ones left out."""
    if not text:
        return []
    lines = hide_private_keys(text[-_MAX_CHARACTERS:]).splitlines()[-_MAX_LINES:]
    return [sanitise_line(_flatten(line), max_characters=_MAX_LINE) for line in lines if line.strip()]


def rank_lines(lines: Sequence[str]) -> list[str]:
    """All lines, the most telling first; of equally telling ones the later first."""
    weighed = [(_weigh(line, before=lines[at - 1] if at else ""), -at, line) for at, line in enumerate(lines)]
    return [line for _, _, line in sorted(weighed)]


def find_telling_line(lines: Sequence[str]) -> str:
    """The line that says most about the end, cut for quoting; empty when there is none."""
    ranked = rank_lines(lines)
    return sanitise_line(ranked[0], max_characters=MAX_SHOWN) if ranked else ""


def is_quiet(line: str) -> bool:
    """Whether the program itself calls the line information only."""
    head = line[:120]
    return bool(_QUIET_LEVEL.search(head)) and not _ERROR_LEVEL.search(head)


def is_warning(line: str) -> bool:
    head = line[:160]
    return bool(_WARN_LEVEL.search(head)) and not _ERROR_LEVEL.search(head) and not _ROOT.search(head)


def is_error(line: str) -> bool:
    """Whether the program itself calls the line an error; words of farewell are none."""
    head = line[:160]
    return not _FAREWELL.search(line) and bool(_ROOT.search(head) or _ERROR_LEVEL.search(head))


def _weigh(line: str, *, before: str) -> int:
    if _TRACE.search(line):
        return 90
    if _NEXT_LINE_TELLS.search(before):
        return 5
    weight = _weigh_level(line)
    return weight + 15 if _FAREWELL.search(line) else weight


def _weigh_level(line: str) -> int:
    head = line[:160]
    if is_quiet(line):
        return 60
    if _EXCEPTION.search(line) or _ROOT.search(head):
        return 10
    if _WARN_LEVEL.search(head):
        return 40 if _TROUBLE.search(line) else 55
    if _ERROR_LEVEL.search(head):
        return 20
    return 30 if _TROUBLE.search(line) else 50


def _flatten(line: str) -> str:
    """A JSON log line as plain text: level, message and error, in that order."""
    text = line.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return line
    try:
        entry = json.loads(text)
    except ValueError:
        return line
    if not isinstance(entry, dict) or not any(key in entry for key in ("msg", "message", "error", "err")):
        return line
    parts = [_show_value(entry[key]) for key in _JSON_TEXT_KEYS if key in entry]
    if "level" in entry or "severity" in entry:
        parts[0] = parts[0].upper()
    return " ".join(part for part in parts if part)


def _show_value(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(str(value[key]) for key in ("type", "message", "msg") if key in value)
    return str(value) if isinstance(value, str | int | float) else ""
