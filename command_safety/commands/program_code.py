"""Signs in program code, whatever its language: what it runs, deletes, writes, fetches and connects.

They decide only between a question and a refusal: code is never readonly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from command_safety.shell.quoting import decode_escapes

_STRING = re.compile(
    r"\"\"\"(.*?)\"\"\"|'''(.*?)'''|\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`", re.DOTALL
)
_PERL_QUOTE = re.compile(r"(?:\bq[qxw]?|%x)\s*(?:\{(.*?)\}|\((.*?)\)|\[(.*?)\]|/(.*?)/|\|(.*?)\||!(.*?)!)", re.DOTALL)
_PATH = r"['\"](?P<path>[~/][^'\"\n]*)['\"]"
_RUNS = re.compile(
    r"\b(?:system|popen\d?|exec\w*|spawn\w*|subprocess|check_(?:output|call)|getoutput|getstatusoutput|shell_exec|passthru"
    r"|proc_open|pty|Open3|child_process|Runtime|ProcessBuilder|qx|Process|run|sh)\b|`|%x"
)
_DELETES_TREE = re.compile(
    r"\b(?:rmtree|rm_r|rm_rf|remove_entry_secure|remove_tree|removedirs|rmSync|rimraf|emptyDir|rm|Deno\.remove)\b"
)
_WRITES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:open|fopen|Path)\s*\(\s*{_PATH}\s*,\s*['\"][rb]*[wax+]",
        rf"\bopen\b[^;\n]{{0,40}}?,\s*['\"]\+?>+['\"]\s*,\s*{_PATH}",
        r"\bopen\b[^;\n]{0,40}?,\s*['\"]\+?>+\s*(?P<path>/[^'\"\n]*)['\"]",
        rf"\b(?:file_put_contents|writeFile(?:Sync)?|File\.write|truncate|unlink(?:Sync)?|remove|File\.delete)\b\s*\(?\s*{_PATH}",
        rf"\bPath\s*\(\s*{_PATH}\s*\)\s*\.\s*(?:write|unlink|rename|touch)",
        rf"\b(?:copy\w*|move|rename|replace)\s*\([^,\n]{{0,80}},\s*{_PATH}",
    )
)
_SOCKET = re.compile(r"\b(?:socket|TCPSocket|fsockopen|net\.(?:Socket|connect|createConnection)|IO::Socket|Socket)\b")
_SHELL_OVER_SOCKET = re.compile(
    r"dup2|/bin/(?:ba|da|z)?sh|\bpty\b|\bexec\b|subprocess|child_process|cmd\.exe|popen|STDIN|proc_open|\bsh -i\b"
)
_FETCH = (
    r"(?:urlopen|urlretrieve|requests|httpx|urllib\d?|LWP|Net::HTTP|open-uri|URI\.open|https?\.get|fetch|axios|HTTP::Tiny"
    r"|file_get_contents\s*\(\s*['\"]https?:|https?://)"
)
_DECODE = (
    r"(?:b64decode|b32decode|a85decode|unhexlify|fromhex|base64_decode|decode_base64|atob|unpack|decodebytes|Base64"
    r"|codecs\.decode|gzinflate|marshal\.loads|zlib\.decompress|rot13|['\"]base64['\"])"
)
_FETCHES, _DECODES = re.compile(_FETCH), re.compile(_DECODE)
_EVALUATES = re.compile(
    r"(?<![.\w])(?:exec|eval|compile|Function|assert|loadstring|load|__import__)\b|instance_eval|vm\.run\w+"
)
_STARTS = r"\b(?:system|popen|run|call|check_output|execSync|spawn)\s*\([^)]{0,80}"
_STARTS_FETCHED, _STARTS_DECODED = re.compile(_STARTS + _FETCH), re.compile(_STARTS + _DECODE)
_FORKS = re.compile(
    r"(?:while|until|for|loop)\b[^\n]{0,60}\bfork\b|\bfork\b\s*\(\s*\)\s*for\b|\bfork\b\s+while\s+(?:fork|1|true)"
    r"|while\s*\(?\s*(?:1|true)\)?\s*:?\s*(?:\n\s*)?(?:os\.)?fork",
    re.IGNORECASE,
)
_KILLS_ALL = re.compile(r"\bkill\w*\s*\(\s*(?:-1|1)\s*,|\bkill\b\s*\(?\s*['\"\w]+\s*,\s*-?1\b(?!\s*[\d.])")


def find_strings(code: str) -> Iterator[str]:
    """The string literals of the code; those that a sign of joining or nothing stands between are one."""
    end, pending = -1, ""
    for found in _STRING.finditer(code):
        text = decode_escapes(next(group for group in found.groups() if group is not None))
        if end >= 0 and code[end : found.start()].strip() in ("", "+", "."):
            pending += text
        else:
            if pending:
                yield pending
            pending = text
        end = found.end()
    if pending:
        yield pending
    for found in _PERL_QUOTE.finditer(code):
        yield next(group for group in found.groups() if group is not None)


def find_written_paths(code: str) -> Iterator[str]:
    """Absolute paths that the code writes, replaces or deletes."""
    for pattern in _WRITES:
        for found in pattern.finditer(code):
            yield found["path"]


def find_code_signs(code: str) -> Iterator[str]:
    """The rules that the code breaks by what it calls, wherever its data come from."""
    if _SOCKET.search(code) and _SHELL_OVER_SOCKET.search(code):
        yield "B7-remote-shell"
    if _FORKS.search(code):
        yield "B3-fork-bomb"
    evaluates = _EVALUATES.search(code) is not None
    if (evaluates and _FETCHES.search(code)) or _STARTS_FETCHED.search(code):
        yield "B6-run-downloaded"
    if (evaluates and _DECODES.search(code)) or _STARTS_DECODED.search(code):
        yield "B6-run-decoded"
    if _KILLS_ALL.search(code):
        yield "B9-kill-all"


def starts_commands(code: str) -> bool:
    return _RUNS.search(code) is not None


def deletes_trees(code: str) -> bool:
    return _DELETES_TREE.search(code) is not None
