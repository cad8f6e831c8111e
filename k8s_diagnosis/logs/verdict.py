"""The one statement of a log that explains best why its program ended or does not get ready."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.logs.dependencies import UnreachedDependency, classify_trouble, find_unreached
from k8s_diagnosis.logs.endings import FoundEnding, match_ending
from k8s_diagnosis.logs.lines import is_error, is_quiet, is_warning, rank_lines
from k8s_diagnosis.logs.settings import find_missing_variable

_NUMBERS = re.compile(r"\d+")
_Q = r"\\?[\"']"
_FORBIDDEN = re.compile(
    rf"system:serviceaccount:(?P<namespace>[\w-]+):(?P<account>[\w.-]+){_Q}? cannot (?P<verb>\w+) (?:resource )?{_Q}?"
    rf"(?P<resource>[\w./*-]+){_Q}?(?: in API group {_Q}(?P<group>[\w.-]*){_Q})?"
    rf"(?:.{{0,40}}? in the namespace {_Q}(?P<where>[\w-]+))?"
)
# These tell more than an unreachable peer on the same line: the peer answered, and refused.
_BEFORE_DEPENDENCIES = frozenset(
    {
        "crash-read-only-filesystem",
        "crash-port-clash",
        "crash-disk-full",
        "crash-heap-exhausted",
        "crash-login-refused",
        "crash-certificate-rejected",
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the API server forbade, as its message says."""

    namespace: str
    account: str
    verb: str
    resource: str
    group: str
    where: str
    """Namespace of the refused request; empty for one on the whole cluster."""
    line: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Exactly one of the fields is set."""

    refusal: Refusal | None = None
    missing_variable: tuple[str, str] | None = None
    """Name and line."""
    unreached: UnreachedDependency | None = None
    ending: FoundEnding | None = None


def judge_log(lines: Sequence[str]) -> Verdict | None:
    """None when no line gives a reason that is known; lines the program calls information do not count."""
    telling = [line for line in lines if not is_quiet(line)]
    missing = find_missing_variable(telling)
    for line in rank_lines(_without_single_warnings(telling)):
        verdict = _judge_line(line, missing)
        if verdict is not None and verdict.ending is not None and missing is not None:
            # "1 validation error" is no news beside the name of the setting.
            is_vague = verdict.ending.ending.condition == "crash-config-invalid"
            verdict = Verdict(missing_variable=missing) if is_vague else verdict
        if verdict is not None:
            return _complete(verdict, telling)
    return Verdict(missing_variable=missing) if missing else None


def _without_single_warnings(lines: Sequence[str]) -> list[str]:
    """Beside an error a warning that was given once is about something else; retries are given again and again."""
    if not any(is_error(line) for line in lines):
        return list(lines)
    shapes = Counter(_NUMBERS.sub("#", line) for line in lines)
    return [line for line in lines if not is_warning(line) or shapes[_NUMBERS.sub("#", line)] > 1]


def find_refusal(lines: Sequence[str]) -> Refusal | None:
    return next((found for line in rank_lines(lines) if (found := _match_refusal(line))), None)


def _judge_line(line: str, missing: tuple[str, str] | None) -> Verdict | None:
    refusal = _match_refusal(line)
    if refusal is not None:
        return Verdict(refusal=refusal)
    if missing is not None and missing[1] == line:
        return Verdict(missing_variable=missing)
    ending = match_ending(line)
    if ending is not None and ending.ending.condition in _BEFORE_DEPENDENCIES:
        return Verdict(ending=ending)
    if classify_trouble(line) is not None:
        return Verdict(unreached=find_unreached([line]))
    return Verdict(ending=ending) if ending else None


def _complete(verdict: Verdict, lines: Sequence[str]) -> Verdict:
    """An error that names no peer takes it from another line."""
    if verdict.unreached is None or verdict.unreached.host:
        return verdict
    named = find_unreached(lines)
    return Verdict(unreached=named) if named is not None and named.host else verdict


def _match_refusal(line: str) -> Refusal | None:
    found = _FORBIDDEN.search(line)
    if found is None:
        return None
    return Refusal(
        namespace=found["namespace"],
        account=found["account"],
        verb=found["verb"],
        resource=found["resource"],
        group=found["group"] or "",
        where=found["where"] or "",
        line=line,
    )
