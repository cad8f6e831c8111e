"""sed and awk, as far as they are used for looking: substitutions, addresses, columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.hosts.commands.searching import basic_to_extended
from simulator.hosts.commands.text import read_inputs, split_lines
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options


class NotUnderstood(ValueError):
    """A script this small editor does not know."""


@dataclass(slots=True)
class _Instruction:
    first: str
    """Address: empty, a line number, `$` or `/expression/`."""
    last: str
    verb: str
    pattern: re.Pattern[str] | None = None
    replacement: str = ""
    is_global: bool = False
    prints: bool = False
    is_inside: bool = False
    """Between the two addresses of a range."""


_ADDRESS = r"(?:\d+|\$|/(?:[^/\\]|\\.)*/)"
_INSTRUCTION = re.compile(rf"\s*(?P<first>{_ADDRESS})?(?:,(?P<last>{_ADDRESS}))?\s*(?P<verb>[pdqs=])")


async def sed(call: Call) -> int:
    options = read_options(
        call.arguments, flags="nErsuz", values="ef", words="quiet silent regexp-extended expression= in-place"
    )
    operands = list(options.operands)
    script = options.get("e", "expression") or (operands.pop(0) if operands else "")
    is_extended = options.has("E", "r", "regexp-extended")
    try:
        instructions = _parse_sed(script, is_extended=is_extended)
    except (NotUnderstood, re.error) as error:
        return call.fail(f"-e expression #1, char 1: {error}")
    texts, status = await read_inputs(call, operands)
    lines = split_lines("".join(text for _, text in texts))
    is_quiet = options.has("n", "quiet", "silent")
    for number, line in enumerate(lines, start=1):
        if not _edit_line(call, instructions, line, number=number, is_last=number == len(lines), is_quiet=is_quiet):
            break
    return status


def _parse_sed(script: str, *, is_extended: bool) -> list[_Instruction]:
    instructions: list[_Instruction] = []
    position = 0
    while position < len(script):
        if script[position] in "; \n":
            position += 1
            continue
        found = _INSTRUCTION.match(script, position)
        if found is None:
            raise NotUnderstood(f"unknown command: `{script[position]}'")
        item = _Instruction(found["first"] or "", found["last"] or "", found["verb"])
        position = found.end()
        if item.verb == "s":
            position = _parse_substitution(script, position, item, is_extended=is_extended)
        instructions.append(item)
    return instructions


def _parse_substitution(script: str, position: int, item: _Instruction, *, is_extended: bool) -> int:
    if position >= len(script):
        raise NotUnderstood("unterminated `s' command")
    sign = re.escape(script[position])
    found = re.compile(rf"{sign}((?:[^{sign}\\]|\\.)*){sign}((?:[^{sign}\\]|\\.)*){sign}([gpiI]*)").match(
        script, position
    )
    if found is None:
        raise NotUnderstood("unterminated `s' command")
    pattern = found[1] if is_extended else basic_to_extended(found[1])
    item.pattern = re.compile(pattern, re.IGNORECASE if "i" in found[3].lower() else 0)
    item.replacement = found[2].replace("\\n", "\n")
    item.is_global, item.prints = "g" in found[3], "p" in found[3]
    return found.end()


def _edit_line(
    call: Call, instructions: list[_Instruction], line: str, *, number: int, is_last: bool, is_quiet: bool
) -> bool:
    """Apply all instructions to one line; answers whether there is to be a next one."""
    goes_on = True
    for item in instructions:
        if not _applies(item, line, number=number, is_last=is_last):
            continue
        match item.verb:
            case "d":
                return True
            case "p":
                call.write(f"{line}\n")
            case "=":
                call.write(f"{number}\n")
            case "q":
                goes_on = False
                break
            case "s" if item.pattern is not None:
                line, count = item.pattern.subn(_replacer(item.replacement), line, count=0 if item.is_global else 1)
                if count and item.prints:
                    call.write(f"{line}\n")
    if not is_quiet:
        call.write(f"{line}\n")
    return goes_on


class _replacer:  # noqa: N801 - used as a function
    """`&` is the whole match, `\\1` a group."""

    def __init__(self, template: str) -> None:
        self._template = template

    def __call__(self, found: re.Match[str]) -> str:
        def fill(sign: re.Match[str]) -> str:
            if sign[0] == "&":
                return found[0]
            return (found[int(sign[1])] or "") if sign[1].isdecimal() else sign[1]

        return re.sub(r"&|\\(.)", fill, self._template)


def _applies(item: _Instruction, line: str, *, number: int, is_last: bool) -> bool:
    if not item.first:
        return True
    if not item.last:
        return _is_at(item.first, line, number=number, is_last=is_last)
    if item.is_inside:
        item.is_inside = not _is_at(item.last, line, number=number, is_last=is_last)
        return True
    if _is_at(item.first, line, number=number, is_last=is_last):
        item.is_inside = not (item.last.isdecimal() and int(item.last) <= number)
        return True
    return False


def _is_at(address: str, line: str, *, number: int, is_last: bool) -> bool:
    if address == "$":
        return is_last
    if address.isdecimal():
        return int(address) == number
    return re.search(basic_to_extended(address[1:-1]), line) is not None


_AWK_RULE = re.compile(r"(?P<condition>[^{}]*)(?:\{(?P<action>[^{}]*)\}|$)", re.DOTALL)
_COMPARISON = re.compile(r"(?P<left>\$?\w+)\s*(?P<operator>==|!=|>=|<=|>|<|~|!~)\s*(?P<right>.+)", re.DOTALL)


async def awk(call: Call) -> int:
    options = read_options(call.arguments, values="Fv", stops_at_operand=True)
    if not options.operands:
        return call.fail("usage: awk [-F fs] 'program' [file ...]", status=2)
    program, *names = options.operands
    found = _AWK_RULE.finditer(program)
    rules = [rule for rule in found if rule["condition"].strip() or rule["action"] is not None]
    separator = options.get("F")
    texts, status = await read_inputs(call, names)
    try:
        for number, line in enumerate(split_lines("".join(text for _, text in texts)), start=1):
            fields = [line, *(line.split(separator) if separator and separator != " " else line.split())]
            for rule in rules:
                if _awk_holds(rule["condition"].strip(), fields, number=number):
                    _awk_act(call, rule["action"], fields, number=number)
    except NotUnderstood as error:
        return call.fail(f"syntax error at source line 1: {error}", status=2)
    return status


def _awk_holds(condition: str, fields: list[str], *, number: int) -> bool:
    if not condition:
        return True
    if "&&" in condition:
        return all(_awk_holds(part.strip(), fields, number=number) for part in condition.split("&&"))
    if condition.startswith("/") and condition.endswith("/"):
        return re.search(condition[1:-1], fields[0]) is not None
    found = _COMPARISON.fullmatch(condition)
    if found is None:
        return bool(_awk_value(condition, fields, number=number).strip("0 "))
    left, right = _awk_value(found["left"], fields, number=number), found["right"].strip()
    if "~" in found["operator"]:
        return (re.search(right.strip("/"), left) is not None) != found["operator"].startswith("!")
    return _compare_values(left, found["operator"], _awk_value(right, fields, number=number))


def _compare_values(left: str, operator: str, right: str) -> bool:
    numbers = [re.match(r"\s*(-?\d+(?:\.\d+)?)", text) for text in (left, right)]
    first: float | str = left
    second: float | str = right
    if numbers[0] and numbers[1]:
        first, second = float(numbers[0][1]), float(numbers[1][1])
    order = 0 if first == second else -1 if str(first) < str(second) else 1
    if isinstance(first, float) and isinstance(second, float):
        order = (first > second) - (first < second)
    return {"==": order == 0, "!=": order != 0, ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[
        operator
    ]


def _awk_value(word: str, fields: list[str], *, number: int) -> str:
    word = word.strip()
    if word.startswith('"') and word.endswith('"'):
        return word[1:-1].replace("\\t", "\t").replace("\\n", "\n")
    known = {"NF": str(len(fields) - 1), "NR": str(number), "$NF": fields[-1]}
    if word in known:
        return known[word]
    if re.fullmatch(r"\$\d+", word):
        index = int(word[1:])
        return fields[index] if index < len(fields) else ""
    if re.fullmatch(r"-?\d+(?:\.\d+)?", word):
        return word
    raise NotUnderstood(word)


def _awk_act(call: Call, action: str | None, fields: list[str], *, number: int) -> None:
    if action is None:
        call.write(f"{fields[0]}\n")
        return
    for statement in filter(None, (part.strip() for part in action.split(";"))):
        if statement == "print":
            call.write(f"{fields[0]}\n")
        elif statement.startswith("print"):
            items = re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", statement.removeprefix("print").strip(" ()"))
            call.write(" ".join(_awk_join(item, fields, number=number) for item in items) + "\n")
        else:
            raise NotUnderstood(statement)


def _awk_join(item: str, fields: list[str], *, number: int) -> str:
    words = re.findall(r'"(?:[^"\\]|\\.)*"|\$?\w+', item)
    return "".join(_awk_value(word, fields, number=number) for word in words)


COMMANDS: dict[str, Command] = {"sed": sed, "awk": awk, "gawk": awk, "mawk": awk}
