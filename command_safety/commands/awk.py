"""`awk`: its program may write files, run commands and open connections."""

from __future__ import annotations

import re
from dataclasses import dataclass

from command_safety.commands.file_contents import report_secrets
from command_safety.commands.script_files import report_foreign
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import UNKNOWN, Text
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.shell.quoting import decode_escapes

_VALUED = frozenset(
    {
        "-F",
        "-v",
        "-f",
        "-e",
        "-E",
        "-i",
        "-l",
        "--file",
        "--source",
        "--exec",
        "--include",
        "--load",
        "--assign",
        "--field-separator",
        "-W",
    }
)
_UNSAFE = {
    **dict.fromkeys(("-f", "--file", "-E", "--exec", "-i", "--include", "-l", "--load", "-W"), "C-script-file"),
    **dict.fromkeys(
        ("-o", "--pretty-print", "-p", "--profile", "-d", "--dump-variables", "-D", "--debug"), "C-file-write"
    ),
}
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|\\\n) | (?P<comment>\#[^\n]*) | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<name>[A-Za-z_]\w*) | (?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)
    | (?P<sign>\|\||\|&|&&|>>|>=|<=|==|!=|\+\+|--|[-+*%^]=|\n|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[\^?\]?(?:[^\]\\\n]|\\.)*\])*/")
_VALUE_KINDS = frozenset({"name", "number", "string"})
_STANDARD_STREAMS = frozenset({"/dev/stdout", "/dev/stderr", "/dev/null", "/dev/fd/1", "/dev/fd/2", "-"})
_AFTER_OUTPUT = frozenset({"", ";", "\n", "}"})
_NOT_A_VALUE = frozenset({"print", "printf", "return", "in", "getline", "else", "do", "delete"})


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str

    @property
    def is_value(self) -> bool:
        """Whether a slash after it divides."""
        return (self.kind in _VALUE_KINDS and self.text not in _NOT_A_VALUE) or self.text in (")", "]", "$", "++", "--")


def check_awk(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_VALUED, stops_at_operand=True)
    for option in arguments.options:
        rule = _UNSAFE.get(option.name) or _find_shortened(option.name)
        if rule:
            call.report(rule)
    if arguments.has_unknown_option:
        call.report("C-dynamic-operand")
    program, files = _split_program(arguments)
    if program is not None:
        _judge_program(call, program)
    if any(word.is_loose for word in files):
        call.report("C-dynamic-operand")
    report_secrets(call.as_command(call.name, files))
    return None


def _find_shortened(name: str) -> str:
    """`--inc` is `--include`; a shortened `--source` is a program nobody has looked at."""
    if not name.startswith("--") or name in _VALUED or name == "--":
        return ""
    if "--source".startswith(name):
        return "C-not-understood"
    return next((rule for option, rule in _UNSAFE.items() if option.startswith(name)), "")


def _split_program(arguments: Arguments) -> tuple[Text | None, tuple[Text, ...]]:
    named = arguments.value_of("-e", "--source")
    if named is not None or arguments.has("-f", "--file", "-E", "--exec"):
        return named, arguments.operands
    return (arguments.operands[0] if arguments.operands else None), arguments.operands[1:]


def _judge_program(call: Call, program: Text) -> None:
    report_foreign(call, program)
    if UNKNOWN in program.text:
        call.report("C-dynamic-script", program.text)
    tokens = tokenise(program.text)
    texts = [token.text for token in tokens]
    if "|&" in texts and any("/inet" in text for text in texts):
        call.report("B7-remote-shell", program.text)
    print_depth: int | None = None
    for place, token in enumerate(tokens):
        if token.kind == "string":
            continue
        if token.text in ("print", "printf"):
            print_depth = 0
        elif token.text in (";", "\n", "}", "{"):
            print_depth = None
        elif print_depth is not None and token.text in ("(", ")"):
            print_depth += 1 if token.text == "(" else -1
        elif token.text in (">", ">>") and print_depth == 0:
            _judge_output(call, tokens, place)
        else:
            _judge_token(call, tokens, place)


def _judge_output(call: Call, tokens: list[Token], place: int) -> None:
    is_whole = _text_at(tokens, place + 2) in _AFTER_OUTPUT
    target = _literal_at(tokens, place + 1) if is_whole else None
    if target in _STANDARD_STREAMS:
        return
    path = Text(UNKNOWN if target is None else target)
    call.report(find_write_rule(path, call.scope, is_appending=tokens[place].text == ">>") or "C-file-write")


def _judge_token(call: Call, tokens: list[Token], place: int) -> None:
    text = tokens[place].text
    if text == "system":
        call.report("C-code-runs")
        call.run_script(_read_strings(tokens, place + 2))
    elif text in ("|", "|&"):
        call.report("C-code-runs")
        before, after = _literal_at(tokens, place - 1), _literal_at(tokens, place + 1)
        for command in (before, after):
            if command:
                call.run_script(Text(command))
    elif text == "@" or (text == "getline" and _text_at(tokens, place + 1) != "" and "<" in _next_texts(tokens, place)):
        call.report("C-code-reads")
    elif text in ("ENVIRON", "SYMTAB"):
        call.report("C-secret-read")


def _next_texts(tokens: list[Token], place: int) -> list[str]:
    return [token.text for token in tokens[place + 1 : place + 4]]


def _text_at(tokens: list[Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) else ""


def _literal_at(tokens: list[Token], place: int) -> str | None:
    if 0 <= place < len(tokens) and tokens[place].kind == "string":
        return decode_escapes(tokens[place].text[1:-1])
    return None


def _read_strings(tokens: list[Token], place: int) -> Text:
    """The argument of `system(…)`: strings after each other are one, anything else is unknown."""
    pieces: list[str] = []
    while place < len(tokens) and tokens[place].text not in (")", ";", "\n", "}"):
        literal = _literal_at(tokens, place)
        pieces.append(UNKNOWN if literal is None else literal)
        place += 1
    return Text("".join(pieces))


def tokenise(program: str) -> list[Token]:
    """The tokens of a program without blanks, comments and patterns."""
    tokens: list[Token] = []
    place = 0
    while place < len(program):
        is_operand_before = bool(tokens) and tokens[-1].is_value
        pattern = None if is_operand_before else _REGEX.match(program, place)
        if pattern is not None:
            tokens.append(Token("number", "0"))
            place = pattern.end()
            continue
        found = _TOKEN.match(program, place)
        if found is None:
            break  # cannot be: the last alternative takes any character
        kind = found.lastgroup or "sign"
        if kind not in ("space", "comment"):
            tokens.append(Token(kind, found.group()))
        place = found.end()
    return tokens
