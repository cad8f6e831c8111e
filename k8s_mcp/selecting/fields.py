"""Field selectors, for the fields whose meaning is the same at the API server and here."""

from __future__ import annotations

import re
from collections.abc import Callable

from k8s_diagnosis.objects.access import JsonObject, read_text
from k8s_diagnosis.text.names import InvalidName

FieldTest = Callable[[JsonObject], bool]

_KNOWN = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "spec.nodeName",
        "status.phase",
        "type",
        "reason",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
    }
)


_TERM = re.compile(r"[A-Za-z][A-Za-z0-9.]*(?:=|==|!=)[A-Za-z0-9._:-]*")


def check_field_selector(text: str) -> str:
    """Return the text of a selector; raise InvalidName for text that cannot be one."""
    if not all(_TERM.fullmatch(term.strip()) for term in text.split(",")):
        raise InvalidName(f"{text[:80]!r} is no field selector; examples: spec.nodeName=node-1, status.phase!=Running")
    return text


def parse_field_selector(text: str) -> FieldTest | None:
    """A test for objects, or None for a selector that only the API server can judge."""
    tests = list[FieldTest]()
    for term in text.split(","):
        field, sign, value = _split(term)
        if field not in _KNOWN:
            return None
        tests.append(_make_test(tuple(field.split(".")), value, is_equal=sign != "!="))
    return lambda source: all(test(source) for test in tests)


def _split(term: str) -> tuple[str, str, str]:
    for sign in ("!=", "==", "="):
        field, found, value = term.partition(sign)
        if found:
            return field.strip(), sign, value.strip()
    return term, "", ""


def _make_test(keys: tuple[str, ...], value: str, *, is_equal: bool) -> FieldTest:
    return lambda source: (read_text(source, *keys) == value) is is_equal
