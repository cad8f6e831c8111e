"""From many problems to few findings: the same one of many pods is told once, and effects stand under their cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from k8s_diagnosis.conditions import level_of
from k8s_diagnosis.problem import Problem, Severity

_MAX_EVIDENCE = 12
_SURE = 0.7


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with everything it brings about."""

    problem: Problem
    subjects: tuple[str, ...]
    """Kind/namespace/name of all that show it, the first as in the problem."""
    pods: tuple[str, ...] = ()
    effects: tuple[Finding, ...] = ()

    def walk(self) -> Iterable[Finding]:
        """Itself, then its effects and theirs."""
        yield self
        for effect in self.effects:
            yield from effect.walk()


def join_problems(problems: Iterable[Problem]) -> list[Finding]:
    """Findings without a known cause, the weightiest first; whatever they explain is among their effects."""
    merged = _merge(problems)
    parents = _find_parents(merged)
    children: dict[int, list[int]] = defaultdict(list)
    for child, parent in parents.items():
        children[parent].append(child)
    roots = [position for position in range(len(merged)) if position not in parents]
    return sorted((_build(position, merged, children) for position in roots), key=weight_of)


def _merge(problems: Iterable[Problem]) -> list[Finding]:
    """One finding per condition, object and detail."""
    groups: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        groups[problem.condition, problem.object, problem.detail].append(problem)
    return [_merge_group(sorted(group, key=_clearest)) for _, group in sorted(groups.items())]


def _clearest(problem: Problem) -> tuple[float, str, str]:
    return (-problem.confidence, problem.shown_by, problem.cause.en)


def _merge_group(group: Sequence[Problem]) -> Finding:
    first = group[0]
    is_critical = any(problem.severity is Severity.CRITICAL for problem in group)
    subjects = _unique(problem.shown_by for problem in group)
    problem = replace(
        first,
        severity=Severity.CRITICAL if is_critical else first.severity,
        evidence=_evidence_of(group),
        because=_unique(path for each in group for path in each.because),
        touches=_unique(path for each in group for path in each.touches),
    )
    return Finding(problem, subjects, pods=_unique(pod for each in group for pod in each.pods))


def _evidence_of(group: Sequence[Problem]) -> tuple[str, ...]:
    """The evidence of one example per subject; that of its other pods says the same."""
    examples: dict[str, Problem] = {}
    for problem in group:
        examples.setdefault(problem.shown_by, problem)
    return _unique(line for problem in examples.values() for line in problem.evidence)[:_MAX_EVIDENCE]


def _find_parents(findings: Sequence[Finding]) -> dict[int, int]:
    """By position: which finding explains which."""
    concerned: dict[str, list[int]] = defaultdict(list)
    for position, finding in enumerate(findings):
        for path in _concerns(finding):
            concerned[path].append(position)
    parents: dict[int, int] = {}
    for position in sorted(range(len(findings)), key=lambda at: level_of(findings[at].problem.condition)):
        candidates = _candidates(position, findings, concerned)
        for candidate in sorted(candidates, key=lambda at: _preference(findings[at])):
            if not _is_ancestor(position, candidate, parents):
                parents[position] = candidate
                break
    return parents


def _concerns(finding: Finding) -> tuple[str, ...]:
    return _unique([finding.problem.object, *finding.subjects, *finding.pods, *finding.problem.touches])


def _candidates(position: int, findings: Sequence[Finding], concerned: dict[str, list[int]]) -> set[int]:
    """Findings about something this one rests on. Two symptoms of one thing do not explain each other."""
    problem = findings[position].problem
    level = level_of(problem.condition)
    return {
        other
        for path in problem.because
        for other in concerned.get(path, ())
        if other != position
        and (level_of(findings[other].problem.condition) < level or path not in findings[other].problem.because)
    }


def _preference(finding: Finding) -> tuple[int, bool, float, int, str]:
    problem = finding.problem
    return (
        level_of(problem.condition),
        problem.severity is not Severity.CRITICAL,
        -problem.confidence,
        -len(finding.pods),
        problem.object,
    )


def _is_ancestor(position: int, of: int, parents: dict[int, int]) -> bool:
    """Whether making it the child would close a circle."""
    at: int | None = of
    while at is not None:
        if at == position:
            return True
        at = parents.get(at)
    return False


def _build(position: int, findings: Sequence[Finding], children: dict[int, list[int]]) -> Finding:
    effects = sorted((_build(child, findings, children) for child in children.get(position, ())), key=weight_of)
    return replace(findings[position], effects=tuple(effects))


def weight_of(finding: Finding) -> tuple[float | str, ...]:
    """Place in the order of findings: critical and sure ones first, then those that bring about most."""
    problem = finding.problem
    return (
        float(problem.severity is not Severity.CRITICAL),
        float(problem.confidence < _SURE),
        -float(sum(1 for _ in finding.walk())),
        -float(len(finding.pods)),
        -problem.confidence,
        problem.condition,
        problem.object,
        problem.detail,
    )


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
