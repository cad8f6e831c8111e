"""Finds tool calls that a model printed as text instead of making them.

Only a call of a known tool counts, only at the end of the text (a model that calls stops there), only when its JSON is
complete, and never when the same words stand in a tool result: a quoted log line is not a call.
"""

import ast
import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]  # Any: JSON

_MAX_CALLS = 8
_NAME_KEYS = ("name", "tool", "tool_name", "function_name", "action")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "action_input", "tool_input")
_BAR = "[|\uff5c]"
"""DeepSeek writes the full-width bar; copies of its template often the plain one."""
_DEEPSEEK = re.compile(
    rf"<{_BAR}tool▁call▁begin{_BAR}>(?:function<{_BAR}tool▁sep{_BAR}>)?(?P<name>[\w.-]+)(?:<{_BAR}tool▁sep{_BAR}>)?"
    rf"\s*(?:```json)?\s*(?P<json>\{{.*?\}})\s*(?:```)?\s*<{_BAR}tool▁call▁end{_BAR}>",
    re.DOTALL,
)
_KIMI = re.compile(
    r"<\|tool_call_begin\|>\s*(?:functions\.)?(?P<name>[\w.-]+?)(?::\d+)?\s*<\|tool_call_argument_begin\|>\s*"
    r"(?P<json>\{.*?\})\s*<\|tool_call_end\|>",
    re.DOTALL,
)
_FUNCTION_TAG = re.compile(r"<function=(?P<name>[\w.-]+)>(?P<body>.*?)</function>", re.DOTALL)
_PARAMETER_TAG = re.compile(r"<parameter=(?P<key>[\w.-]+)>(?P<value>.*?)</parameter>", re.DOTALL)
_INVOKE = re.compile(r"""<invoke name=["'](?P<name>[\w.-]+)["']>(?P<body>.*?)</invoke>""", re.DOTALL)
_INVOKE_PARAMETER = re.compile(
    r"""<parameter name=["'](?P<key>[\w.-]+)["'][^>]*>(?P<value>.*?)</parameter>""", re.DOTALL
)
_GLM = re.compile(
    r"<tool_call>\s*(?P<name>[\w.-]+)\s*(?P<body>(?:<arg_key>.*?</arg_value>\s*)*)</tool_call>", re.DOTALL
)
_GLM_PAIR = re.compile(r"<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL)
_JSON_OPENING = re.compile(
    r"<tool_calls?>|<function_calls?>|<\|python_tag\|>|\[TOOL_CALLS\]|```(?:json|tool_call|tool_code)?[ \t]*\n"
)
_LEFTOVERS = re.compile(
    r"(?:\s|</?tool_calls?>|</?function_calls?>|```|<\|eom_id\|>|<\|eot_id\|>|<\|tool_calls_section_(?:begin|end)\|>|[;,]"
    rf"|<{_BAR}tool▁calls▁(?:begin|end){_BAR}>)*"
)
_BROKEN_OPENING = re.compile(
    r"<tool_calls?>|<function=|<function_calls?>|<invoke name=|<\|python_tag\|>|\[TOOL_CALLS\]|<\|tool_call"
    rf"|<{_BAR}tool▁call"
)


@dataclass(frozen=True, slots=True)
class PrintedCall:
    """A call to be made in place of the text that described it."""

    name: str
    arguments_text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What stands in a text: words before the calls, and the calls. No calls means that they are cut or unreadable."""

    prose: str
    calls: tuple[PrintedCall, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    name: str
    arguments: JsonObject


def repair_text(text: str, *, known: Collection[str], seen: Iterable[str] = ()) -> Repair | None:
    """The repair of a reply's text, or None when it is an ordinary answer. `seen` are the tool results it may quote."""
    complete = _known_spans(text, known)
    quoted = [result for result in seen if result]
    spans = [span for span in complete if not any(text[span.start : span.end].strip() in result for result in quoted)]
    first = _start_of_tail(text, spans)
    if first is not None:
        tail = [span for span in spans if span.start >= first][:_MAX_CALLS]
        return Repair(prose=_clean_prose(text[:first]), calls=tuple(map(_to_call, tail)))
    rest = text[max((span.end for span in complete), default=0) :]
    return Repair(prose="", calls=()) if _is_cut(rest, known) else None


def _known_spans(text: str, known: Collection[str]) -> list[_Span]:
    found: list[_Span] = []
    for read in _READERS:
        found = [span for span in read(text) if span.name in known]
        if found:
            break
    return sorted(found, key=lambda span: span.start)


def _start_of_tail(text: str, spans: list[_Span]) -> int | None:
    """Where the calls begin that end the text, with nothing but markers between and after them."""
    end = len(text)
    start: int | None = None
    for span in reversed(spans):
        if not _LEFTOVERS.fullmatch(text, span.end, end):
            break
        start = end = span.start
    return start


def _clean_prose(text: str) -> str:
    return re.sub(r"(?:<[^<>\s]{2,40}>|```\w*|\[TOOL_CALLS\]|\[|\s)+$", "", text)


def _to_call(span: _Span) -> PrintedCall:
    return PrintedCall(name=span.name, arguments_text=json.dumps(span.arguments, ensure_ascii=False))


def _read_json(text: str) -> list[_Span]:
    """JSON after a marker, or JSON that the text ends with."""
    spans: list[_Span] = []
    starts = [match.end() for match in _JSON_OPENING.finditer(text)]
    bare = re.search(r"(?:^|\n)\s*(?=[\[{])", text)
    if bare is not None:
        starts.append(bare.end())
    covered = 0
    for start in sorted(starts):
        if start < covered:
            continue
        for value, begin, end in _decode_all(text, start):
            covered = end
            spans += [_Span(begin, end, name, arguments) for name, arguments in _calls_in(value)]
    return spans


def _decode_all(text: str, start: int) -> Iterable[tuple[object, int, int]]:
    """One JSON value after the other, as long as they are complete."""
    decoder = json.JSONDecoder()
    position = start
    while True:
        while position < len(text) and text[position] in " \t\r\n;,":
            position += 1
        if position >= len(text) or text[position] not in "{[":
            return
        try:
            value, end = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            return
        yield value, position, end
        position = end


def _calls_in(value: object) -> list[tuple[str, JsonObject]]:
    if isinstance(value, list):
        return [call for item in value for call in _calls_in(item)]
    if not isinstance(value, dict):
        return []
    for key in ("tool_calls", "tool_call", "function", "function_call"):
        if isinstance(value.get(key), (list, dict)):
            return _calls_in(value[key])
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    if name is None:
        return []
    arguments = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
    read = _as_object(arguments)
    return [] if read is None else [(name.removeprefix("functions."), read)]


def _as_object(value: object) -> JsonObject | None:
    """Arguments as an object; some models write them as JSON in a string, or leave them out."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _read_tagged_json(pattern: re.Pattern[str]) -> Callable[[str], list[_Span]]:
    def read(text: str) -> list[_Span]:
        found = [(match, _as_object(match["json"])) for match in pattern.finditer(text)]
        return [
            _Span(match.start(), match.end(), match["name"], arguments)
            for match, arguments in found
            if arguments is not None
        ]

    return read


def _read_pairs(pattern: re.Pattern[str], pair: re.Pattern[str]) -> Callable[[str], list[_Span]]:
    """Tags with one element per argument; a body that is a JSON object counts as well."""

    def read(text: str) -> list[_Span]:
        spans: list[_Span] = []
        for match in pattern.finditer(text):
            body = match["body"].strip()
            arguments = (
                _as_object(body)
                if body.startswith("{")
                else {found["key"].strip(): _read_scalar(found["value"]) for found in pair.finditer(body)}
            )
            is_understood = arguments is not None and (arguments or not body)
            if is_understood and arguments is not None:
                spans.append(_Span(match.start(), match.end(), match["name"], arguments))
        return spans

    return read


def _read_scalar(text: str) -> object:
    """Tags carry no types: what reads as JSON is meant so, the rest is text."""
    stripped = text.strip()
    try:
        return json.loads(stripped)
    except json.JSONDecodeError:
        return stripped


def _read_function_call(text: str) -> list[_Span]:
    """`k8s-get-pods(namespace="default")` as the whole last line; only constants count as arguments."""
    stripped = text.rstrip().removesuffix("```").rstrip()
    begin = stripped.rfind("\n") + 1
    match = re.fullmatch(r"\s*`?(?P<name>[A-Za-z][\w.-]*)\((?P<body>.*)\)`?\s*", stripped[begin:])
    if match is None:
        return []
    try:
        tree = ast.parse(f"f({match['body']})", mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    arguments = _read_keywords(tree.body)
    return [] if arguments is None else [_Span(begin, len(text), match["name"], arguments)]


def _read_keywords(node: ast.expr) -> JsonObject | None:
    if not isinstance(node, ast.Call) or node.args:
        return None
    arguments: JsonObject = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            return None
        try:
            arguments[keyword.arg] = ast.literal_eval(keyword.value)
            json.dumps(arguments[keyword.arg])
        except (ValueError, TypeError):
            return None
    return arguments


def _is_cut(text: str, known: Collection[str]) -> bool:
    """A call was begun and not finished: its marker is there and a known tool is named, but nothing complete."""
    markers = list(_BROKEN_OPENING.finditer(text))
    if markers:
        marker = markers[-1]
        return any(name in text[marker.end() :] for name in known) and len(text) - marker.end() < 4000
    stripped = text.strip().removeprefix("```json").strip()
    if not stripped.startswith("{") or len(stripped) > 4000:
        return False
    named = re.match(r'\{\s*"(?:name|tool|tool_name|function|action)"\s*:\s*"([\w.-]+)"', stripped)
    return named is not None and named[1] in known and _is_incomplete(stripped)


def _is_incomplete(text: str) -> bool:
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError:
        return True
    return False


_READERS: tuple[Callable[[str], list[_Span]], ...] = (
    _read_tagged_json(_DEEPSEEK),
    _read_tagged_json(_KIMI),
    _read_pairs(_FUNCTION_TAG, _PARAMETER_TAG),
    _read_pairs(_INVOKE, _INVOKE_PARAMETER),
    _read_pairs(_GLM, _GLM_PAIR),
    _read_json,
    _read_function_call,
)
