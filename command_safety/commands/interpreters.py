"""Code given to Python, Perl, Ruby, Node and the like: never readonly, and blocked for what it plainly does."""

from __future__ import annotations

from collections.abc import Iterator

from command_safety.commands.program_code import (
    deletes_trees,
    find_code_signs,
    find_strings,
    find_written_paths,
    starts_commands,
)
from command_safety.commands.script_files import report_foreign
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import ANYTHING, Text
from command_safety.paths.protected import is_protected
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Arguments, parse_arguments

_MAX_STRINGS = 20
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
    strings = list(find_strings(code))
    yield from find_code_signs(code)
    if deletes_trees(code) and any(
        text.startswith(("/", "~")) and is_protected(Text(text), call.scope) for text in strings
    ):
        yield "B1-recursive-delete"
    for path in find_written_paths(code):
        rule = find_write_rule(Text(path), call.scope, otherwise="")
        if rule.startswith("B"):
            yield rule
    if starts_commands(code):
        yield from _find_commands(call, strings)


def _find_commands(call: Call, strings: list[str]) -> Iterator[str]:
    """Rules that block one of the strings, or the words of a list of strings, as a shell command."""
    candidates = [text for text in strings if len(text) > 2]
    if len(strings) > 1:
        candidates.append(" ".join(strings))
    for text in candidates[:_MAX_STRINGS]:
        with call.runner.trying() as findings:
            call.run_script(Text(text))
        yield from (finding.rule for finding in findings if finding.rule.startswith("B"))
