"""What `${name<operator>argument}` makes of a value."""

from __future__ import annotations

import re
from fnmatch import translate

from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import EMPTY, SOMETHING, Text, blur

MAX_CUT = 300
"""Characters of a value from which a pattern may cut; every length is tried."""
_CASE = {"^": str.upper, "^^": str.upper, ",": str.lower, ",,": str.lower}


def apply_default(operator: str, value: Text, default: Text, *, is_set: bool) -> Text:
    """`:-`, `:=`, `:+`, `:?` and their forms without colon."""
    is_empty = not is_set or (operator.startswith(":") and value.text == "")
    match operator[-1]:
        case "+":
            return EMPTY if is_empty else default
        case "?":
            # The shell stops when it is empty, so afterwards it is not.
            return Text(SOMETHING, value.origins) if not value.is_known or is_empty else value
        case _:
            return default if is_empty else value


def apply_operator(operator: str, value: Text, argument: Text) -> Text:
    """The operators that cut, replace and convert; unknown when either side is."""
    text = _transform(operator, value.text, argument.text) if value.is_known and argument.is_known else None
    return blur([value, argument]) if text is None else Text(text, value.origins | argument.origins)


def _transform(operator: str, value: str, argument: str) -> str | None:
    if operator in ("#", "##", "%", "%%"):
        return _remove(operator, value, argument)
    if operator.startswith("/"):
        return _replace(operator, value, argument)
    if operator == ":":
        return _slice(value, argument)
    if operator in _CASE and not argument:
        changed = _CASE[operator](value)
        return changed if len(operator) == 2 else changed[:1] + value[1:]
    if operator in ("@U", "@L", "@u"):
        return {"@U": value.upper(), "@L": value.lower(), "@u": value[:1].upper() + value[1:]}[operator]
    return None


def _remove(operator: str, value: str, pattern: str) -> str | None:
    """Cut the shortest or longest start (`#`) or end (`%`) that the pattern matches."""
    expression = _compile(pattern)
    if expression is None or len(value) > MAX_CUT:
        return None
    lengths = range(len(value) + 1)
    for length in lengths if len(operator) == 1 else reversed(lengths):
        if operator[0] == "#" and expression.fullmatch(value[:length]):
            return value[length:]
        if operator[0] == "%" and expression.fullmatch(value[len(value) - length :]):
            return value[: len(value) - length]
    return value


def _replace(operator: str, value: str, argument: str) -> str | None:
    pattern, _, replacement = argument.partition("/")
    if not pattern or any(sign in pattern for sign in "*?[("):
        # A glob takes what it can; nobody needs it to hide a command from a person.
        return None if pattern else value
    if operator == "/#":
        return replacement + value[len(pattern) :] if value.startswith(pattern) else value
    if operator == "/%":
        return value[: -len(pattern)] + replacement if value.endswith(pattern) else value
    return value.replace(pattern, replacement, -1 if operator == "//" else 1)


def _slice(value: str, argument: str) -> str | None:
    """`${name:offset:length}`; None when these are not plain numbers."""
    offset_text, _, length_text = argument.partition(":")
    try:
        offset = int(offset_text or "0")
        length = int(length_text) if length_text else len(value)
    except ValueError:
        return None
    start = offset if offset >= 0 else len(value) + offset
    if start < 0:
        return ""
    return value[start : start + length] if length >= 0 else value[start:length]


def slice_array(values: Fields, argument: str, *, is_positional: bool) -> Fields:
    """`${name[@]:offset:length}` takes whole words; unknown when these are not plain numbers."""
    offset_text, _, length_text = argument.partition(":")
    if not offset_text.strip().isdigit() or (length_text and not length_text.strip().isdigit()):
        return (blur(values),)
    # The positional parameters count from one: the script's name is the first.
    start = int(offset_text) - is_positional
    if start < 0:
        return (blur(values),)
    return values[start : start + int(length_text)] if length_text else values[start:]


def _compile(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > 200 or pattern.count("*") > 3 or any(sign in pattern for sign in "[\\("):
        # Each star multiplies the work, and brackets are not quite those of the shell.
        return None
    try:
        return re.compile(translate(pattern))
    except re.error:
        return None
