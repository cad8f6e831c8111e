"""Code given to Python, Perl, Ruby, Node and the like: never readonly, and blocked for what it plainly does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from command_safety.commands.script_files import report_foreign
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import ANYTHING, Text
from command_safety.paths.protected import is_protected
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.shell.quoting import decode_escapes

_CODE_OPTIONS = {
    "python": ("-c",),
    "pypy": ("-c",),
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "node": ("-e", "-p", "--eval", "--print"),
    "nodejs": ("-e", "-p", "--eval", "--print"),
    "deno": ("eval",),
    "bun": ("-e",),
    "php": ("-r",),
    "lua": ("-e",),
    "luajit": ("-e",),
    "Rscript": ("-e",),
    "osascript": ("-e",),
    "groovy": ("-e",),
    "scala": ("-e",),
    "julia": ("-e",),
    "tclsh": (),
    "expect": ("-c",),
}
_VALUED = {
    "python": frozenset({"-c", "-m", "-W", "-X", "-Q"}),
    "perl": frozenset({"-e", "-E", "-I", "-F?", "-i?", "-l?", "-0?", "-M", "-m", "-x?", "-C?", "-D?"}),
    "ruby": frozenset({"-e", "-I", "-r", "-F?", "-i?", "-C"}),
    "node": frozenset({"-e", "-p", "-r", "--eval", "--print", "--require"}),
    "php": frozenset({"-r", "-d", "-f", "-B", "-R", "-F", "-E", "-S", "-t", "-c"}),
}
_STRING = re.compile(
    r"\"\"\"(.*?)\"\"\"|'''(.*?)'''|\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`", re.DOTALL
)
_PERL_QUOTE = re.compile(r"\bq[qxw]?\s*([{(\[/|!])(.*?)[})\]/|!]", re.DOTALL)
_RUNS = re.compile(
    r"\b(?:system|popen\d?|exec\w*|spawn\w*|subprocess|check_(?:output|call)|getoutput|getstatusoutput|shell_exec|passthru|proc_open"
    r"|pty|Open3|child_process|execSync|spawnSync|Runtime|ProcessBuilder|qx|os\.execute|io\.popen|Process|run|sh|IO\.popen)\b|`"
)
_REMOVES = re.compile(
    r"\b(?:rmtree|rm_r|rm_rf|rm_f|remove_entry_secure|remove_tree|removedirs|rmSync|rmdirSync|unlinkSync|unlink|remove|rimraf|emptyDir"
    r"|delete_dir|file_delete|del)\b"
)
_DELETES_TREE = re.compile(
    r"\b(?:rmtree|rm_r|rm_rf|remove_entry_secure|remove_tree|removedirs|rmSync|rimraf|emptyDir|rm|Deno\.remove)\b"
)
_WRITES = re.compile(
    r"\b(?:open|fopen|file_put_contents|write_text|write_bytes|writeFileSync|writeFile|File\.write|copyfile|copy|rename|truncate)\b|>"
)
_WRITE_MODE = re.compile(r"['\"][rab]*[wa+][b+]*['\"]|>|write|put_contents|copy|rename|truncate")
_SOCKET = re.compile(r"\b(?:socket|TCPSocket|fsockopen|net\.(?:Socket|connect|createConnection)|IO::Socket|Socket)\b")
_SHELL_OVER_SOCKET = re.compile(
    r"dup2|/bin/(?:ba|da|z)?sh|\bpty\b|\bexec\b|subprocess|child_process|cmd\.exe|popen|STDIN|proc_open|\bsh -i\b"
)
_FETCHES = re.compile(
    r"\b(?:urlopen|urlretrieve|requests|httpx|urllib\d?|LWP|Net::HTTP|open-uri|URI\.open|https?\.get|fetch|file_get_contents\s*\(\s*['\"]https?:|axios|HTTP::Tiny)\b|https?://"
)
_DECODES = re.compile(
    r"\b(?:b64decode|b32decode|a85decode|unhexlify|fromhex|base64_decode|decode_base64|atob|unpack|decodebytes|Base64|codecs\.decode|gzinflate|marshal\.loads|zlib\.decompress|rot13)\b|['\"]base64['\"]"
)
_EVALUATES = re.compile(
    r"\b(?:exec|eval|compile|instance_eval|Function|assert|loadstring|load|vm\.run\w+|system|popen|__import__)\b"
)
_FORKS = re.compile(
    r"(?:while|until|for|loop)\b[^\n]{0,60}\bfork\b|\bfork\b\s+while\s+(?:fork|1|true)|while\s*\(?\s*(?:1|true|True)\)?\s*:?\s*(?:\n\s*)?(?:os\.)?fork",
    re.IGNORECASE,
)
_KILLS_ALL = re.compile(r"\bkill\w*\s*\(?[^)\n]*(?:-1\b|\b1\s*,\s*(?:9|15|signal))")


def check_interpreter(call: Call) -> Text | None:
    """Code on the command line, in a file or in the pipe."""
    if _prints_json(call):
        return None
    valued = _VALUED.get(call.name, frozenset()) | frozenset(_CODE_OPTIONS.get(call.name, ()))
    arguments = parse_arguments(call.arguments, valued=valued, stops_at_operand=True)
    codes = [option.value for option in arguments.options if option.name in _CODE_OPTIONS.get(call.name, ())]
    call.report("C-code")
    if codes:
        for code in codes:
            if code is not None:
                _judge_code(call, code)
        return None
    return _run_file_or_input(call, arguments)


def _prints_json(call: Call) -> bool:
    """`python -m json.tool` lays out what comes in."""
    words = call.texts
    return (
        call.name in ("python", "pypy")
        and words[:2] == ["-m", "json.tool"]
        and all(word.startswith("--") for word in words[2:])
    )


def _run_file_or_input(call: Call, arguments: Arguments) -> Text | None:
    if arguments.has("-m"):
        return None
    if arguments.operands and arguments.operands[0].text not in ("-", "/dev/stdin"):
        path = arguments.operands[0]
        report_foreign(call, path)
        content = call.scope.recall_file(path.text)
    else:
        content = call.stdin
    if content is not None:
        _judge_code(call, content)
    return None


def _judge_code(call: Call, code: Text) -> None:
    report_foreign(call, code)
    if code.text == ANYTHING.text:
        return
    for rule in find_code_rules(call, code.text):
        call.report(rule, code.text)


def find_code_rules(call: Call, code: str) -> Iterator[str]:
    """What the code plainly does that nobody may approve."""
    strings = list(_find_strings(code))
    if _SOCKET.search(code) and _SHELL_OVER_SOCKET.search(code):
        yield "B7-remote-shell"
    if _FORKS.search(code):
        yield "B3-fork-bomb"
    if _EVALUATES.search(code) and _FETCHES.search(code):
        yield "B6-run-downloaded"
    if _EVALUATES.search(code) and _DECODES.search(code):
        yield "B6-run-decoded"
    if _KILLS_ALL.search(code):
        yield "B9-kill-all"
    yield from _find_deletions(call, code, strings)
    if _WRITES.search(code) and _WRITE_MODE.search(code):
        yield from _find_writes(call, strings)
    if _RUNS.search(code):
        yield from _find_commands(call, strings)


def _find_deletions(call: Call, code: str, strings: list[str]) -> Iterator[str]:
    if _DELETES_TREE.search(code) and any(_is_path(text) and is_protected(Text(text), call.scope) for text in strings):
        yield "B1-recursive-delete"
    if _REMOVES.search(code):
        yield from _find_writes(call, strings)


def _find_writes(call: Call, strings: list[str]) -> Iterator[str]:
    for text in strings:
        if _is_path(text):
            rule = find_write_rule(Text(text), call.scope, otherwise="")
            if rule.startswith("B"):
                yield rule


def _is_path(text: str) -> bool:
    return text.startswith(("/", "~")) and "\n" not in text and " " not in text


def _find_commands(call: Call, strings: list[str]) -> Iterator[str]:
    """Rules that block one of the strings, or the words of a list of strings, as a shell command."""
    candidates = [text for text in strings if len(text) > 2]
    if len(strings) > 1:
        candidates.append(" ".join(strings))
    for text in candidates[:20]:
        with call.runner.trying() as findings:
            call.run_script(Text(text))
        yield from (finding.rule for finding in findings if finding.rule.startswith("B"))


def _find_strings(code: str) -> Iterator[str]:
    """The string literals of the code; those that `+` or nothing stands between are one."""
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
        yield found.group(2)
