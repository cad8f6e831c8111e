"""What commands print that only make a text, so that hidden commands come to light."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from command_safety.commands.builtins import set_variable
from command_safety.commands.file_contents import report_secrets
from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import ANYTHING, EMPTY, SOMETHING, UNKNOWN, Origin, Text, join
from command_safety.rules.arguments import parse_arguments
from command_safety.shell.quoting import decode_escapes

_ECHO_OPTION = re.compile(r"-[neE]+")
_DIRECTIVE = re.compile(r"%(?:%|[-+ #0']*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlLjzt]*([A-Za-z])|\([^)]*\)T)")
_PLAIN_SUBSTITUTION = re.compile(r"s(?P<sign>[/|,#:!@])(?P<old>[\w \-./]*?)(?P=sign)(?P<new>[\w \-./]*?)(?P=sign)g?")
_DELIMITER = re.compile(r"-\w*d(?!,)|--delim|-\w*[al]|--list")
"""Of `pgrep`: what stands between the numbers, or the whole command line of what was found."""
MAX_SEQUENCE = 300


def check_echo(call: Call) -> Text | None:
    words = list(call.arguments)
    options = ""
    while words and _ECHO_OPTION.fullmatch(words[0].text):
        options += words.pop(0).text
    line = join(words, separator=" ")
    if "e" in options:
        line = Text(decode_escapes(line.text), line.origins)
    return line if "n" in options else join([line, Text("\n")])


def check_printf(call: Call) -> Text | None:
    words = call.arguments
    if words and words[0].text.startswith("-v"):
        name, words = (words[1:2], words[2:]) if words[0].text == "-v" else ((Text(words[0].text[2:]),), words[1:])
        set_variable(call, name[0].text if name else UNKNOWN, _format(words) if words else EMPTY)
        return EMPTY
    if words and words[0].text == "--":
        words = words[1:]
    return _format(words) if words else None


def _format(words: Fields) -> Text:
    """The format is used again until every argument is printed."""
    pattern, values = words[0], list(words[1:])
    text = decode_escapes(pattern.text)
    if not values:
        return Text(text.replace("%%", "%"), pattern.origins)
    pieces: list[Text] = []
    while values and len(pieces) < 500:
        before = len(values)
        pieces.append(_format_once(text, values))
        if len(values) == before:
            break
    return join([Text("", pattern.origins), *pieces])


def _format_once(text: str, values: list[Text]) -> Text:
    pieces: list[Text] = []
    end = 0
    for found in _DIRECTIVE.finditer(text):
        pieces.append(Text(text[end : found.start()]))
        end = found.end()
        if found.group() == "%%":
            pieces.append(Text("%"))
            continue
        value = values.pop(0) if values else EMPTY
        pieces.append(Text(decode_escapes(value.text), value.origins) if found[1] == "b" else value)
    pieces.append(Text(text[end:]))
    return join(pieces)


def check_pass_through(call: Call) -> Text | None:
    """Commands that print what they read, perhaps in part or in another order; files that were written here count."""
    operands = [operand for operand in parse_arguments(call.arguments).operands if operand.text != "-"]
    is_whole = call.name == "cat" and not any(text.startswith("-") for text in call.texts)
    report_secrets(call)
    known = [content for operand in operands if (content := call.scope.recall_file(operand.text)) is not None]
    if known and len(known) == len(operands):
        return join(known) if is_whole else in_part(join(known))
    if any(operand.text.startswith(("/", "~", ".")) for operand in operands) or (operands and call.name == "cat"):
        return None
    return call.stdin if is_whole or call.stdin is None else in_part(call.stdin)


def in_part(text: Text) -> Text:
    """Some of the lines or words of a text, perhaps in another order: only what they are about is known."""
    is_in_part = text.text.startswith(UNKNOWN) and text.text.endswith(UNKNOWN)
    return text if is_in_part else join([ANYTHING, text, ANYTHING])


def check_reverse(call: Call) -> Text | None:
    if call.stdin is None or not call.stdin.is_known:
        return None
    return Text("\n".join(line[::-1] for line in call.stdin.text.split("\n")), call.stdin.origins)


def check_translate(call: Call) -> Text | None:
    """`tr`: replaces or deletes single characters."""
    arguments = parse_arguments(call.arguments)
    sets = [_expand_set(operand.text) for operand in arguments.operands]
    if call.stdin is None or not call.stdin.is_known or not sets or any(each is None for each in sets):
        return None
    text = call.stdin.text
    first, last = sets[0] or "", sets[-1] or ""
    if arguments.has("-c", "-C", "-s", "-t", "--complement"):
        return None
    if arguments.has("-d", "--delete"):
        return Text(text.translate(dict.fromkeys(map(ord, first))), call.stdin.origins)
    if len(sets) < 2 or not last:
        return None
    padded = last + last[-1] * max(0, len(first) - len(last))
    return Text(text.translate(dict(zip(map(ord, first), padded, strict=False))), call.stdin.origins)


def _expand_set(text: str) -> str | None:
    if "[" in text or UNKNOWN in text:
        return None
    expanded = decode_escapes(text)
    for found in re.findall(r"\w-\w", expanded):
        characters = "".join(map(chr, range(ord(found[0]), ord(found[2]) + 1)))
        expanded = expanded.replace(found, characters)
    return expanded


def check_decode(call: Call) -> Text | None:
    """`base64`, `base32`, `xxd`: with -d or -r it brings a hidden text to light."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-w", "--wrap", "-l", "-c", "-s", "-g", "-o"}))
    report_secrets(call)
    is_decoding = arguments.has("-d", "-D", "--decode", "-di", "-r", "-revert", "--revert")
    if not is_decoding:
        return None
    decoders = {"base64": decode_base64, "base32": _decode_base32, "xxd": _decode_hex}
    known = call.stdin if call.stdin is not None and call.stdin.is_known else None
    return decode(known, decoders.get(call.name, decode_base64))


def decode(source: Text | None, decoder: Callable[[str], str | None]) -> Text:
    """What a decoder makes of a text; unknown when the text is, and in any case marked as decoded."""
    decoded = None if source is None else decoder(source.text)
    return Text(UNKNOWN if decoded is None else decoded, frozenset({Origin.DECODED}))


def decode_base64(text: str) -> str | None:
    try:
        return base64.b64decode("".join(text.split()) + "==").decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _decode_base32(text: str) -> str | None:
    try:
        return base64.b32decode("".join(text.split()).upper()).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _decode_hex(text: str) -> str | None:
    digits = re.sub(r"^[0-9a-f]+:|  .*$", "", text, flags=re.MULTILINE | re.IGNORECASE)
    try:
        return bytes.fromhex("".join(digits.split())).decode("utf-8", "replace")
    except ValueError:
        return None


def check_sequence(call: Call) -> Text | None:
    """`seq`: numbers, of a long list both ends."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-f", "-s", "--format", "--separator"}))
    numbers = [operand.text for operand in arguments.operands]
    if arguments.options or not 1 <= len(numbers) <= 3 or not all(re.fullmatch(r"-?\d{1,9}", n) for n in numbers):
        is_formatted = arguments.has("-f", "-s", "--format", "--separator") or arguments.has_unknown_option
        return ANYTHING if is_formatted else Text(SOMETHING)
    first = int(numbers[0]) if len(numbers) > 1 else 1
    step = int(numbers[1]) if len(numbers) > 2 else 1
    if step == 0:
        return EMPTY
    values = range(first, int(numbers[-1]) + (1 if step > 0 else -1), step)
    kept = [*values] if len(values) <= MAX_SEQUENCE else [*values[:8], *values[-8:]]
    return Text("".join(f"{value}\n" for value in kept))


def check_something(call: Call) -> Text | None:
    """Prints one word that is no option and never empty: a number, a date, a name of this host."""
    return ANYTHING if any(_DELIMITER.match(text) for text in call.texts) else Text(SOMETHING)


def check_path_part(call: Call) -> Text | None:
    """`basename` and `dirname` of a literal path."""
    operands = parse_arguments(call.arguments).operands
    most = 2 if call.name == "basename" else 1
    if len(operands) != len(call.arguments) or not 1 <= len(operands) <= most or not operands[0].is_known:
        return None
    path = operands[0].text.rstrip("/") or "/"
    head, _, tail = path.rpartition("/")
    if call.name == "dirname":
        return Text((head or ("/" if "/" in path else ".")) + "\n")
    suffix = operands[1].text if len(operands) > 1 else ""
    return Text(tail.removesuffix(suffix) + "\n")


def check_same_path(call: Call) -> Text | None:
    """`realpath` and `readlink -f`: the path it is about, or where that leads."""
    operands = parse_arguments(call.arguments).operands
    return join([ANYTHING, operands[0], Text("\n")]) if len(operands) == 1 else None


def check_print_directory(call: Call) -> Text | None:
    directories = call.scope.directories
    return Text(f"{directories[0]}\n") if len(directories) == 1 and directories[0] else ANYTHING


def substitute_plainly(script: str, text: Text) -> Text | None:
    """What `sed s/a/b/` makes of a known text, when neither side is a pattern."""
    found = _PLAIN_SUBSTITUTION.fullmatch(script)
    if found is None or not text.is_known or not found["old"] or "." in found["old"]:
        return None
    if not script.endswith("g") and any(line.count(found["old"]) > 1 for line in text.text.splitlines()):
        return None
    return Text(text.text.replace(found["old"], found["new"]), text.origins)
