"""Reads a question: which intent, which object, where."""

import re
from collections.abc import Sequence
from dataclasses import replace

from backend.agent.domain import HistoryMessage, UserMessage
from backend.agent.rule_planner import words
from backend.agent.rule_planner.hosts.understanding import understand_host
from backend.agent.rule_planner.intents import (
    AskForHelp,
    Describe,
    DescribeObject,
    Explain,
    FindProblems,
    Intent,
    Kind,
    ListObjects,
    NotUnderstood,
    Overview,
    ReadEvents,
    ReadLogs,
    ScaleDeployment,
    Scope,
    Target,
)
from backend.agent.rule_planner.references import recall_target
from backend.agent.rule_planner.understanding_further import read_change, read_further_look

_TAIL = re.compile(
    r"(?:last|latest|recent|tail)\s+(\d{1,5})(?:\s+(?:log\s+)?lines?|\b(?!\s*(?:min|hour|sec|h\b|m\b|s\b)))"
    r"|--tail[ =](\d{1,5})"
    r"|(?:最近|最后|末尾|后|前)?\s*(\d{1,5})\s*[行条]"
)
_SINCE = re.compile(
    r"(?:last|past|since|最近|过去|近)\s*(\d{1,4})?\s*(?:an?\s+)?(seconds?|secs?|s\b|minutes?|mins?|m\b|hours?|h\b|秒|分钟|个?小时)"
)
_SEARCH_WORD = (
    r"(?:containing|contains?|with the (?:text|word)|matching|grep(?:\s+for)?|包含|含有|过滤|搜索"
    r"|里有没有(?!\s*(?:报错|错误|异常|出错|失败|error|exception)))"
)
_CONTAINS = (
    re.compile(_SEARCH_WORD + r"\s*[`'\"“‘「『]([^`'\"”’」』]+)", re.IGNORECASE),
    re.compile(_SEARCH_WORD + r"\s*([^\s,。,的`'\"?]+)", re.IGNORECASE),
)
_CONTAINER = re.compile(r"(?:\bcontainer\s+|(?<!\S)(?:-c|--container)[ =]|容器\s*)[`'\"]?([a-z0-9][a-z0-9-]*)")
_TO_NUMBER = re.compile(
    r"(?:\bto|=|到|成|为|至)\s*(\d{1,5}|[零一二两三四五六七八九十]{1,3})(?![\d.])|(\d{1,5}|[零一二两三四五六七八九十]{1,3})\s*(?:个)?\s*(?:副本|replicas?)"
)
_BY_NUMBER = re.compile(
    r"\bby\s+(\d{1,4})|(?:增加|减少|加|减|多|少)\s*(\d{1,4}|[一二两三四五六七八九十]{1,3})\s*个?"
    r"|(?:扩容?|缩容?)\s*(\d{1,4}|[一二两三四五六七八九十]{1,3})\s*个"
)
_LESS = re.compile(r"\b(?:down|decrease|reduce|fewer|less)\b|减少|减|缩|少")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "秒": 1, "分": 60, "小": 3600, "个": 3600}


def understand(question: str, *, earlier: Sequence[HistoryMessage]) -> Intent:
    """The intent of the newest question; `earlier` resolves "it" and "what about payments?"."""
    of_host = understand_host(question, earlier=earlier)
    if of_host is not None:
        return of_host
    text = words.normalise(question)
    follow_up = words.FOLLOW_UP.match(text)
    repeated = _repeat_for(follow_up[1], earlier=earlier) if follow_up else None
    intent = repeated or _read(text, earlier=earlier)
    if isinstance(intent, ReadLogs) and repeated is None:
        contains = _find_contains(question)
        only_errors = contains is None and words.LOGGED_ERRORS.search(text) is not None
        return replace(intent, contains=contains, only_errors=only_errors)
    return intent


def _read(text: str, *, earlier: Sequence[HistoryMessage]) -> Intent:
    if words.HELP.search(text):
        return AskForHelp()
    scope = find_scope(text)
    target = find_target(text, scope=scope)
    if not target.names and words.PRONOUN.search(text):
        target, scope = recall_target(earlier, stated=scope)
    change = read_change(text, target=target, scope=scope)
    if change is not None:
        return change
    if words.OTHER_CHANGE.search(text):
        return NotUnderstood()
    intent = _read_action(text, target=target, scope=scope, earlier=earlier)
    if intent is not None:
        return intent
    return _read_question(text, target=target, scope=scope)


def _read_action(text: str, *, target: Target, scope: Scope, earlier: Sequence[HistoryMessage]) -> Intent | None:
    """Questions that name what to do: scale, logs, events, describe."""
    is_scale = words.SCALE.search(text) is not None
    is_logs = words.LOGS.search(text) is not None
    is_describe = words.DESCRIBE.search(text) is not None
    if (is_scale or is_logs or is_describe) and not target.names:
        target, scope = recall_target(earlier, stated=scope)
    if is_scale:
        replicas, change = find_replicas(text)
        return ScaleDeployment(target=_without_numbers(target), scope=scope, replicas=replicas, change=change)
    if is_logs:
        return _read_logs(text, target=target, scope=scope)
    if words.EVENTS.search(text):
        return ReadEvents(scope=scope, target=target, only_warnings=words.WARNINGS.search(text) is not None)
    if is_describe and target.names:
        return _read_describe(text, target=target, scope=scope)
    return None


def _read_describe(text: str, *, target: Target, scope: Scope) -> Describe | DescribeObject:
    common = words.find_kind(text)
    kind = words.find_other_kind(text) if common is None else common.value
    if kind in {None, Kind.PODS.value, "namespaces"}:
        return Describe(target=target, scope=scope)
    return DescribeObject(kind=kind, target=target, scope=scope)


def _read_question(text: str, *, target: Target, scope: Scope) -> Intent:
    further = read_further_look(text, target=target, scope=scope)
    if further is not None:
        return further
    kind = words.find_kind(text)
    is_abnormal = words.ABNORMAL.search(text) is not None
    if is_abnormal and target.names and kind is not Kind.NODES:
        return Explain(target=target, scope=scope)
    if is_abnormal:
        return FindProblems(scope=scope, kind=kind)
    if words.OVERVIEW.search(text) and not target.names and kind is None:
        return Overview(scope=scope)
    if kind is not None:
        return ListObjects(kind=kind, scope=scope, target=target)
    if target.names and (words.LIST.search(text) or words.OVERVIEW.search(text)):
        return Explain(target=target, scope=scope)
    return NotUnderstood()


def _repeat_for(name: str, *, earlier: Sequence[HistoryMessage]) -> Intent | None:
    """The previous question for another namespace, or for another object when it was about one."""
    questions = [message.text for message in earlier if isinstance(message, UserMessage)]
    if not questions or name in words.NOT_NAMES:
        return None
    previous = _read(words.normalise(questions[-1]), earlier=())
    if isinstance(previous, ListObjects | FindProblems | ReadEvents | Overview):
        return replace(previous, scope=Scope(namespace=name))
    if isinstance(previous, Explain | Describe | ReadLogs):
        return replace(previous, target=Target(names=(name,), is_certain=True))
    return None


def find_scope(text: str) -> Scope:
    for pattern in words.NAMESPACE_PATTERNS:
        for match in pattern.finditer(text):
            name = match[1]
            if name not in words.NOT_NAMES and not name.isdigit() and words.NAMESPACE_NAME.fullmatch(name):
                return Scope(namespace=name)
    for match in words.PATH_TOKEN.finditer(text):
        first, second, third = match.groups()
        if third is not None and first in words.KIND_WORDS:
            return Scope(namespace=second)
        if third is None and first not in words.KIND_WORDS and words.NAMESPACE_NAME.fullmatch(first):
            return Scope(namespace=first)
    return Scope(all_namespaces=words.ALL_NAMESPACES.search(text) is not None)


def find_target(text: str, *, scope: Scope) -> Target:
    """Quoted names and kind/name paths are certain; so are words with a hyphen, and Latin words among Chinese ones."""
    quoted = [name for name in (found.strip() for found in words.QUOTED.findall(text)) if words.is_object_name(name)]
    paths = [match[3] or match[2] for match in words.PATH_TOKEN.finditer(text)]
    plain = [name for name in words.NAME_TOKEN.findall(text) if name not in words.NOT_NAMES and not name.isdigit()]
    taken = {scope.namespace, *_find_options(text)}
    certain = [name for name in [*paths, *quoted] if name not in taken]
    rest = [name for name in plain if name not in taken]
    hyphened = [name for name in rest if "-" in name]
    names = tuple(dict.fromkeys([*certain, *hyphened, *rest]))
    is_certain = bool(certain or hyphened or (names and words.has_chinese(text)))
    return Target(names=names, is_certain=is_certain)


def find_replicas(text: str) -> tuple[int | None, int | None]:
    """The wanted number, or the change by a number."""
    by = _BY_NUMBER.search(text)
    to = _TO_NUMBER.search(text)
    if by is not None and (to is None or to[1] is None):
        amount = _to_int(next(group for group in by.groups() if group))
        return None, -amount if _LESS.search(text) else amount
    if to is not None:
        return _to_int(to[1] or to[2]), None
    numbers = re.findall(r"(?<![\w.-])(\d{1,5})(?![\w.-])", text)
    return (int(numbers[-1]), None) if numbers else (None, None)


def _read_logs(text: str, *, target: Target, scope: Scope) -> ReadLogs:
    container = _CONTAINER.search(text)
    container_name = container[1] if container and container[1] not in words.NOT_NAMES else None
    dropped = {container_name, _find_contains(text)}
    names = tuple(name for name in target.names if name not in dropped)
    tail = _TAIL.search(text)
    number = next((group for group in tail.groups() if group), None) if tail else None
    return ReadLogs(
        target=replace(target, names=names),
        scope=scope,
        container=container_name,
        previous=words.PREVIOUS.search(text) is not None,
        tail=None if number is None else min(2000, max(1, int(number))),
        since_seconds=_find_since(text),
    )


def _find_contains(text: str) -> str | None:
    for pattern in _CONTAINS:
        match = pattern.search(text)
        if match is not None:
            return match[1].strip()[:200] or None
    return None


def _find_since(text: str) -> int | None:
    match = _SINCE.search(text)
    if match is None:
        return None
    return int(match[1] or 1) * _SECONDS[match[2][0]]


def _find_options(text: str) -> set[str]:
    """Values of options, which are no names of objects."""
    return {match[1] for match in _CONTAINER.finditer(text)}


def _without_numbers(target: Target) -> Target:
    return replace(target, names=tuple(name for name in target.names if not name.isdigit()))


def _to_int(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return words.CHINESE_DIGITS[text[0]]
    return (words.CHINESE_DIGITS[tens] if tens else 1) * 10 + (words.CHINESE_DIGITS[ones] if ones else 0)
