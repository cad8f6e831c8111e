"""Judges every statement of an answer by the results of its session."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from backend.agent.domain import ToolMessage, ToolStatus
from backend.agent.grounding.claims import Claim, ClaimKind, extract_claims, is_question
from backend.agent.grounding.contradictions import OBJECT_RULES, Contradiction, Said, may_be
from backend.agent.grounding.counts import COUNT_RULES, count_unwell, supports_count
from backend.agent.grounding.evidence import Evidence, Result, owner_of, read_rows, to_text
from backend.agent.grounding.quantities import is_rounded_from
from backend.agent.grounding.statements import Statement, StatementKind, count_utf16_units, split_statements
from backend.agent.grounding.words import DENIAL, EXCEPTION
from backend.vocabulary.language import Text

_MAX_STATEMENTS = 400
_MAX_CITED_CALLS = 4
_TEXT_LANGUAGES = frozenset({"", "text", "txt", "log", "logs", "console", "plaintext"})


_LEADING_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Standing(StrEnum):
    """What code found out about a statement."""

    CITED = auto()
    UNVERIFIED = auto()
    CONTRADICTED = auto()


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """One statement on the cluster; statements that claim nothing are not judged."""

    statement: Statement
    standing: Standing
    call_ids: tuple[str, ...] = ()
    detail: Text | None = None


def judge_answer(text: str, *, results: Sequence[ToolMessage], question: str = "") -> list[JudgedStatement]:
    """Compare an answer with the results it can rest on, oldest first; `question` is what the person wrote."""
    evidence = Evidence(results)
    judged = (
        _judge(statement, evidence=evidence, question=question)
        for statement in split_statements(text)[:_MAX_STATEMENTS]
    )
    return [entry for entry in judged if entry is not None]


def to_wire(judged: Sequence[JudgedStatement], *, message_id: str, text: str) -> list[dict[str, Any]]:  # Any: JSON
    """The value of the grounding event; `start` and `end` count UTF-16 code units, as JavaScript does."""
    units = count_utf16_units(text)
    return [
        {
            "messageId": message_id,
            "start": units[entry.statement.start],
            "end": units[entry.statement.end],
            "status": entry.standing.value,
            "toolCallIds": list(entry.call_ids),
            "detail": None if entry.detail is None else {"en": entry.detail.en, "zh": entry.detail.zh},
        }
        for entry in judged
    ]


def _judge(statement: Statement, *, evidence: Evidence, question: str) -> JudgedStatement | None:
    if statement.kind is StatementKind.CODE:
        return _judge_code(statement, evidence=evidence)
    if is_question(statement.text):
        return None
    claims = extract_claims(statement, evidence=evidence)
    said = Said(text=statement.text, claims=claims, question=question)
    contradiction = _find_contradiction(said, evidence)
    if contradiction is not None:
        return JudgedStatement(statement, Standing.CONTRADICTED, contradiction.call_ids, contradiction.detail)
    supports = [(claim, _find_support(claim, said, evidence)) for claim in claims]
    call_ids = _choose_calls([found for _claim, found in supports if found])
    if any(_is_needed(claim, said) and not found for claim, found in supports):
        return JudgedStatement(statement, Standing.UNVERIFIED, call_ids)
    return JudgedStatement(statement, Standing.CITED, call_ids) if call_ids else None


def _find_contradiction(said: Said, evidence: Evidence) -> Contradiction | None:
    for rule in (*OBJECT_RULES, *COUNT_RULES):
        found = rule(said, evidence)
        if found is not None:
            return found
    return None


def _is_needed(claim: Claim, said: Said) -> bool:
    """What is said not to be there needs no result that shows it."""
    if claim.kind is ClaimKind.OBJECT and DENIAL.search(said.text):
        return False
    if claim.kind is ClaimKind.ALL_CLEAR and EXCEPTION.search(said.text):
        return False
    return claim.is_needed


def _find_support(claim: Claim, said: Said, evidence: Evidence) -> list[Result]:
    match claim.kind:
        case ClaimKind.ALL_CLEAR:
            calls = {call_id for number, call_id in count_unwell(claim, said, evidence) if number == 0}
            return [result for result in evidence.results if result.call_id in calls]
        case ClaimKind.OBJECT if claim.namespace is not None:
            return [result for result in evidence.results if _shows(result, claim)]
        case ClaimKind.STATE if not evidence.find(claim.text):
            names = [one.text for one in said.of(ClaimKind.OBJECT)]
            rows = [entry for name in names for entry in evidence.rows_of(name) if entry[0].get("status")]
            calls = {call_id for row, call_id in rows if may_be(claim.text, row)}
            return [result for result in evidence.results if result.call_id in calls]
        case ClaimKind.COUNT:
            return [result for result in evidence.results if supports_count(result, claim)]
        case ClaimKind.QUANTITY:
            return [result for result in evidence.results if _has_quantity(result, claim.text)]
        case _:
            return evidence.find(claim.text)


def _shows(result: Result, claim: Claim) -> bool:
    """Whether a result has the object in that very namespace."""
    if result.contains(f"{claim.namespace}/{claim.text}"):
        return True
    places = [*read_rows(result), result.outcome.structured or {}, result.arguments]
    names = {(to_text(place.get("namespace")), to_text(place.get(key))) for place in places for key in ("name", "pod")}
    names |= {(namespace, owner_of(name)) for namespace, name in names}
    return (claim.namespace, claim.text) in names or (
        # A namespace the call named holds for whatever its text says.
        any(to_text(place.get("namespace")) == claim.namespace for place in places[-2:]) and result.contains(claim.text)
    )


def _has_quantity(result: Result, text: str) -> bool:
    """`15 s` may come from 15s, `256 MiB` from 256Mi, and both that and `97%` from plain numbers."""
    match = _LEADING_NUMBER.match(text)
    number = match[0] if match else text
    if result.contains(text) or result.contains(number) or result.contains(text.replace(" ", "")):
        return True
    if any(result.contains(f"{number}{unit}") for unit in ("s", "m", "h", "d", "ms", "mi", "gi", "ki", "%")):
        return True
    return is_rounded_from(text, result.numbers)


def _choose_calls(supports: Sequence[Sequence[Result]]) -> tuple[str, ...]:
    """Few calls that cover all claims; of equals, the newest."""
    left = [{result.call_id for result in results} for results in supports]
    order = [result.call_id for results in supports for result in results]
    chosen: list[str] = []
    while left and len(chosen) < _MAX_CITED_CALLS:
        best = max(dict.fromkeys(reversed(order)), key=lambda call: sum(call in calls for calls in left))
        chosen.append(best)
        left = [calls for calls in left if best not in calls]
    return tuple(chosen)


def _judge_code(statement: Statement, *, evidence: Evidence) -> JudgedStatement | None:
    """A quoted log or output is cited when its lines are in a result; commands and manifests claim nothing."""
    lines = [" ".join(line.split()).casefold() for line in statement.text.splitlines() if line.strip()]
    if statement.language not in _TEXT_LANGUAGES or any(line.startswith(("kubectl", "$", "#")) for line in lines):
        return None
    read = [result for result in evidence.results if result.outcome.status is ToolStatus.OK]
    if not lines or not read:
        return None
    haystacks = {result.call_id: " ".join(result.haystack.split()) for result in read}
    found = {call_id for call_id, haystack in haystacks.items() if any(line.strip("… .") in haystack for line in lines)}
    is_whole = all(any(line.strip("… .") in haystacks[call_id] for call_id in found) for line in lines)
    calls = tuple(call_id for call_id in reversed(haystacks) if call_id in found)[:_MAX_CITED_CALLS]
    if is_whole and found:
        return JudgedStatement(statement, Standing.CITED, calls)
    return JudgedStatement(statement, Standing.UNVERIFIED, calls) if found else None
