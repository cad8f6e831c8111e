"""`sed`: its script may write files and run commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from command_safety.commands.file_contents import report_secrets
from command_safety.commands.texts import substitute_plainly
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import UNKNOWN, Text
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Arguments, parse_arguments

_VALUED = frozenset({"-e", "--expression", "-f", "--file", "-l", "--line-length", "-i?"})
_ADDRESS = re.compile(r"\d+(?:~\d+)?|\$|[+~]\d+")
_ADDRESS_FLAGS = re.compile(r"[IM]*")
_PLAIN_COMMANDS = "{}=dDgGhHnNpPxzF"
_NUMBERED_COMMANDS = "lLqQ"
_SUBSTITUTE_FLAGS = re.compile(r"[gpiImM0-9]*")
_LABEL = re.compile(r"[^;\n}]*")
_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\n)*", re.DOTALL)
_BRACKETS = re.compile(r"\^?\]?(?:\[[:.=][^\]]*[:.=]\]|[^\]\n])*\]")
"""What follows the `[` of a bracket expression."""
_NUMBER = re.compile(r"\s*\d*")
_ALL_FLAGS = re.compile(r"[gpiImMe0-9]*")
_SPACE = re.compile(r"\s*")
_NEGATION = re.compile(r"[\s!]*")
_BLANKS = re.compile(r"[\s;]*")


class SedScriptError(ValueError):
    """The script is not understood."""


@dataclass(frozen=True, slots=True)
class SedEffect:
    """What a command of the script does beside printing."""

    command: str
    """`w` writes the file, `r` reads it, `e` runs the text."""
    argument: str


def check_sed(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_VALUED)
    if arguments.has("-i", "-I") or any(option.name.startswith("--i") for option in arguments.options):
        call.report("C-file-change")
    if arguments.has("-f", "--file"):
        call.report("C-script-file")
    scripts, files = _split_scripts(arguments)
    for script in scripts:
        _judge_script(call, script)
    report_secrets(call.as_command(call.name, files))
    if len(call.arguments) == 1 and len(scripts) == 1 and not files and call.stdin is not None:
        return substitute_plainly(scripts[0].text, call.stdin)
    return None


def _split_scripts(arguments: Arguments) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    named = tuple(
        option.value
        for option in arguments.options
        if option.name in ("-e", "--expression") and option.value is not None
    )
    if named or arguments.has("-f", "--file"):
        return named, arguments.operands
    return arguments.operands[:1], arguments.operands[1:]


def _judge_script(call: Call, script: Text) -> None:
    if UNKNOWN in script.text:
        call.report("C-dynamic-script", script.text)
    try:
        effects = list(read_effects(script.text))
    except SedScriptError:
        call.report("C-not-understood", script.text)
        return
    for effect in effects:
        match effect.command:
            case "w":
                rule = find_write_rule(Text(effect.argument), call.scope)
                if rule:
                    call.report(rule, script.text)
            case "e":
                call.report("C-code-runs", script.text)
                if effect.argument:
                    call.run_script(Text(effect.argument))
            case _:
                call.report("C-code-reads", script.text)


def read_effects(script: str) -> Iterator[SedEffect]:
    """The commands of a script that do more than print; raises SedScriptError."""
    reader = _SedReader(script)
    while not reader.at_end():
        yield from reader.read_command()


class _SedReader:
    def __init__(self, script: str) -> None:
        self._script = script
        self._place = 0

    def at_end(self) -> bool:
        self._take(_BLANKS)
        return self._place >= len(self._script)

    def read_command(self) -> list[SedEffect]:
        self._skip_addresses()
        command = self._next()
        if command in _PLAIN_COMMANDS:
            return []
        if command in _NUMBERED_COMMANDS:
            self._take(_NUMBER)
            return []
        if command == "s":
            return self._read_substitution()
        if command == "y":
            delimiter = self._next()
            self._read_delimited(delimiter)
            self._read_delimited(delimiter)
            return []
        return self._read_with_text(command)

    def _read_with_text(self, command: str) -> list[SedEffect]:
        if command in ":btT":
            self._take(_LABEL)
            return []
        if command in "aicv#":
            self._take(_LINE)
            return []
        if command in "rRwWe":
            argument = self._take(_LINE).strip()
            return [SedEffect({"R": "r", "W": "w"}.get(command, command), argument)]
        raise SedScriptError(f"unknown command {command!r}")

    def _read_substitution(self) -> list[SedEffect]:
        delimiter = self._next()
        self._read_pattern(delimiter)
        self._read_delimited(delimiter)
        self._take(_SUBSTITUTE_FLAGS)
        flag = self._peek()
        if flag == "w":
            self._next()
            return [SedEffect("w", self._take(_LINE).strip())]
        if flag == "e":
            self._next()
            self._take(_ALL_FLAGS)
            return [SedEffect("e", "")]
        if flag and flag not in ";}\n# \t":
            raise SedScriptError(f"unknown flag {flag!r}")
        return []

    def _skip_addresses(self) -> None:
        while True:
            self._take(_SPACE)
            if self._peek() in ("/", "\\"):
                self._read_pattern(self._next() if self._next() == "\\" else "/")
                self._take(_ADDRESS_FLAGS)
            elif not self._take(_ADDRESS):
                break
            self._take(_SPACE)
            if self._peek() == ",":
                self._next()
        self._take(_NEGATION)

    def _read_pattern(self, delimiter: str) -> None:
        """Move past the delimiter that ends a regular expression; inside brackets it is a character."""
        while (character := self._next()) != delimiter:
            if character == "\\":
                self._next()
            elif character == "[" and not self._take(_BRACKETS):
                raise SedScriptError("']' is missing")

    def _read_delimited(self, delimiter: str) -> None:
        """Move past the next delimiter that no backslash stands before."""
        while True:
            character = self._next()
            if character == delimiter:
                return
            if character == "\\":
                self._next()

    def _peek(self) -> str:
        return self._script[self._place : self._place + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise SedScriptError("the script ends too early")
        self._place += 1
        return character

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._script, self._place)
        text = found.group() if found else ""
        self._place += len(text)
        return text
