"""A diagnosis as JSON for programs and as text for readers, in either language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from k8s_diagnosis.diagnosing import Diagnosis
from k8s_diagnosis.joining import Finding
from k8s_diagnosis.problem import Fix, Words

Language = Literal["en", "zh"]

_SHOWN_SUBJECTS = 6
_SHOWN_UNKNOWN = 30
# What other programs said stays in their words.
_ZH_REASONS = {
    "not in the snapshot": "快照中没有",
    "not read": "未读取",
    "the list was cut, only its first page is here": "列表被截断，只有第一页",
    "this cluster does not serve it": "集群不提供该资源",
    "not every kubelet answered": "并非所有 kubelet 都有应答",
    "403: it needs the right to get nodes/proxy": "403：需要 get nodes/proxy 权限",
}
_SEVERITIES = {"critical": Words("CRITICAL", "严重"), "warning": Words("WARNING", "警告")}


def describe_diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:  # Any: JSON
    return {
        "findings": [describe_finding(finding) for finding in diagnosis.findings],
        "unknown": [{"what": each.what, "reason": each.reason} for each in diagnosis.unknown],
        "healthy": diagnosis.is_healthy,
    }


def describe_finding(finding: Finding) -> dict[str, Any]:  # Any: JSON
    problem = finding.problem
    return {
        "condition": problem.condition,
        "object": problem.object,
        "subject": problem.shown_by,
        "subjects": list(finding.subjects),
        "pods": len(finding.pods),
        "severity": problem.severity.value,
        "cause": _words(problem.cause),
        "confidence": problem.confidence,
        "evidence": list(problem.evidence),
        "next_step": _words(problem.next_step),
        "fix": _describe_fix(problem.fix),
        "effects": [describe_finding(effect) for effect in finding.effects],
    }


def _describe_fix(fix: Fix | None) -> dict[str, Any] | None:  # Any: JSON
    if fix is None:
        return None
    return {"command": fix.command, "tool": fix.tool or None, "arguments": dict(fix.arguments or {})}


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def write_diagnosis(diagnosis: Diagnosis, *, language: Language) -> str:
    """Every finding with its evidence, the next step and its effects, then what was not judged."""
    lines: list[str] = []
    for number, finding in enumerate(diagnosis.findings, start=1):
        lines.extend(write_finding(finding, number=number, language=language))
        lines.append("")
    if not diagnosis.findings:
        lines.extend([_pick("Nothing wrong was found.", "没有发现问题。", language), ""])
    lines.extend(write_unknown([(each.what, each.reason) for each in diagnosis.unknown], language=language))
    return "\n".join(lines).rstrip("\n")


def write_finding(finding: Finding, *, number: int, language: Language) -> Iterator[str]:
    problem = finding.problem
    severity = _say(_SEVERITIES[problem.severity.value], language)
    sure = _pick(f"{problem.confidence:.0%} sure", f"把握 {problem.confidence:.0%}", language)
    yield f"{number}. {severity} {problem.condition} {problem.object} ({sure})"
    yield f"   {_say(problem.cause, language)}"
    shown = _write_subjects(finding, language)
    if shown:
        yield f"   {shown}"
    yield from (f"   {_pick('evidence', '证据', language)}: {line}" for line in problem.evidence)
    yield f"   {_pick('next', '下一步', language)}: {_say(problem.next_step, language)}"
    if problem.fix is not None:
        yield f"   {_pick('fix', '修复', language)}: {problem.fix.command}"
    yield from _write_effects(finding, language, depth=1)


def _write_subjects(finding: Finding, language: Language) -> str:
    others = [subject for subject in finding.subjects if subject != finding.problem.object]
    if not others and len(finding.pods) < 2:
        return ""
    names = ", ".join(others[:_SHOWN_SUBJECTS]) + (", …" if len(others) > _SHOWN_SUBJECTS else "")
    pods = _pick(f"{len(finding.pods)} pods", f"{len(finding.pods)} 个 Pod", language) if finding.pods else ""
    return f"{_pick('shown by', '表现于', language)}: {'; '.join(part for part in (names, pods) if part)}"


def _write_effects(finding: Finding, language: Language, *, depth: int) -> Iterator[str]:
    for effect in finding.effects:
        problem = effect.problem
        arrow = "   " * depth + "→"
        yield f"{arrow} {problem.condition} {problem.object}: {_say(problem.cause, language)}"
        yield from _write_effects(effect, language, depth=depth + 1)


def write_unknown(unknown: Iterable[tuple[str, str]], *, language: Language) -> Iterator[str]:
    """What was not judged and why, grouped by reason."""
    by_reason: dict[str, list[str]] = {}
    for what, reason in unknown:
        by_reason.setdefault(reason, []).append(what)
    if by_reason:
        yield _pick("Not judged, so not known to be healthy:", "以下内容未能检查，状态未知：", language)
    for reason, whats in by_reason.items():
        told = _ZH_REASONS.get(reason, reason) if language == "zh" else reason
        more = f" (+{len(whats) - _SHOWN_UNKNOWN})" if len(whats) > _SHOWN_UNKNOWN else ""
        yield f"   {', '.join(whats[:_SHOWN_UNKNOWN])}{more}: {told}"


def _say(words: Words, language: Language) -> str:
    return words.zh if language == "zh" else words.en


def _pick(en: str, zh: str, language: Language) -> str:
    return zh if language == "zh" else en
