"""Label selectors in both of their forms: the text of a request and the object of a specification."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text, read_texts
from k8s_diagnosis.text.names import InvalidName

LabelTest = Callable[[Mapping[str, str]], bool]

_KEY = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:/[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<absent_key>{_KEY})"
    rf"|(?P<set_key>{_KEY})\s+(?P<set_word>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key>{_KEY})\s*(?P<sign>!=|==|=|>|<)\s*(?P<value>[A-Za-z0-9._-]*)"
    rf"|(?P<present_key>{_KEY}))\s*(?:,|$)"
)


class SelectorNotUnderstood(ValueError):
    """The text is no label selector as far as this module knows; the API server may know better."""


def parse_label_selector(text: str) -> LabelTest:
    """A test for labels; `a=b,c!=d,e in (f,g),h notin (i),j,!k` as the API server reads it."""
    tests, at = list[LabelTest](), 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            raise SelectorNotUnderstood(text[:80])
        tests.append(_make_test(term))
        at = term.end()
    return lambda labels: all(test(labels) for test in tests)


def _make_test(term: re.Match[str]) -> LabelTest:
    if term["absent"]:
        return lambda labels: term["absent_key"] not in labels
    if term["set_key"]:
        values = {value.strip() for value in term["values"].split(",")}
        if term["set_word"] == "in":
            return lambda labels: labels.get(term["set_key"]) in values
        return lambda labels: labels.get(term["set_key"]) not in values
    if term["key"]:
        if term["sign"] in {">", "<"}:
            # Compared as numbers, which nobody does; the API server may.
            raise SelectorNotUnderstood(term[0][:80])
        if term["sign"] == "!=":
            return lambda labels: labels.get(term["key"]) != term["value"]
        return lambda labels: labels.get(term["key"]) == term["value"]
    return lambda labels: term["present_key"] in labels


def check_label_selector(text: str) -> str:
    """Return the text of a selector; raise InvalidName for text that cannot be one."""
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            break
        at = term.end()
    if not text or at < len(text):
        raise InvalidName(f"{text[:80]!r} is no label selector; examples: app=web, tier in (front,back), !canary")
    return text


def matches_selector(labels: Mapping[str, str], selector: JsonObject) -> bool:
    """A LabelSelector of a specification; an empty one selects everything."""
    if not read_map(selector, "matchLabels").items() <= labels.items():
        return False
    return all(_meets(labels, expression) for expression in read_maps(selector, "matchExpressions"))


def _meets(labels: Mapping[str, str], expression: JsonObject) -> bool:
    key, values = read_text(expression, "key"), read_texts(expression, "values")
    match read_text(expression, "operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
