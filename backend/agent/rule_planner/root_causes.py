"""Joins what the diagnosis of a whole namespace or cluster says with what the lists show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.agent.rule_planner.answers.problems import Case
from backend.agent.rule_planner.calls import DIAGNOSE
from backend.agent.rule_planner.intents import Kind
from backend.agent.rule_planner.results import Problem, TurnResults, read_problem, split_object
from backend.vocabulary.language import Text

_WORKLOADS = frozenset({"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"})
_ABOUT: dict[Kind, frozenset[str]] = {
    Kind.PODS: _WORKLOADS,
    Kind.DEPLOYMENTS: _WORKLOADS,
    Kind.SERVICES: frozenset({"Service", "Ingress"}),
    Kind.NODES: frozenset({"Node"}),
}
_MAX_EFFECTS = 8


@dataclass(frozen=True, slots=True)
class RootCause:
    """One finding: what is wrong, what has to be changed, and what it brings about."""

    problem: Problem
    to_change: str
    """Kind/namespace/name."""
    subjects: tuple[str, ...]
    effects: tuple[tuple[str, Text], ...]
    """Object and what is wrong with it, nearest first."""
    fix: str

    def is_about(self, kind: Kind | None) -> bool:
        return kind is None or any(split_object(path)[0] in _ABOUT[kind] for path in self.subjects)


def read_root_causes(results: TurnResults) -> list[RootCause]:
    """Of the newest diagnosis; nothing when there was none."""
    made = results.last(DIAGNOSE)
    found = made.structured.get("findings") if made is not None and made.is_ok else None
    return [_read(item) for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def join(cases: Sequence[Case], causes: Sequence[RootCause], *, kind: Kind | None = None) -> list[Case]:
    """The cases with their root causes, without those that are effects of another, and what only the diagnosis saw."""
    owners = {path: cause for cause in causes for path in _paths(cause)}
    effects = {path for cause in causes for path, _text in cause.effects}
    joined: list[Case] = []
    told: set[int] = set()
    for case in cases:
        cause = next((owners[path] for path in _names(case) if path in owners), None)
        if cause is not None:
            told.add(id(cause))
            joined.append(_enrich(case, cause))
        elif not effects.intersection(_names(case)):
            joined.append(case)
    return [*joined, *(_to_case(cause) for cause in causes if id(cause) not in told and cause.is_about(kind))]


def _paths(cause: RootCause) -> tuple[str, ...]:
    return (*cause.subjects, cause.to_change)


def _names(case: Case) -> tuple[str, ...]:
    """Under which paths a diagnosis may speak of a case."""
    kinds = ("Deployment", "StatefulSet", "DaemonSet") if case.kind == "Workload" else (case.kind,)
    own = tuple(f"{kind}/{case.namespace}/{case.name}" for kind in kinds)
    return (*own, *(f"Pod/{case.namespace}/{pod}" for pod in case.pods))


def _enrich(case: Case, cause: RootCause) -> Case:
    """The diagnosis has seen more than the list, so its word comes first."""
    others = tuple(problem for problem in case.problems if problem.condition != cause.problem.condition)
    return replace(_with_chain(case, cause), problems=(cause.problem, *others))


def _to_case(cause: RootCause) -> Case:
    kind, namespace, name = split_object(cause.subjects[0] if cause.subjects else cause.to_change)
    return _with_chain(Case(kind=kind, namespace=namespace, name=name, status="", problems=(cause.problem,)), cause)


def _with_chain(case: Case, cause: RootCause) -> Case:
    to_change = "" if cause.to_change in _names(case) else cause.to_change
    return replace(case, to_change=to_change, fix=cause.fix, effects=cause.effects)


def _read(item: Mapping[str, Any]) -> RootCause:  # Any: JSON
    fix = item.get("fix")
    subjects = item.get("subjects")
    return RootCause(
        problem=read_problem(item),
        to_change=str(item.get("object", "")),
        subjects=tuple(map(str, subjects)) if isinstance(subjects, list) else (),
        effects=tuple(_walk(item.get("effects")))[:_MAX_EFFECTS],
        fix=str(fix.get("command", "")) if isinstance(fix, Mapping) else "",
    )


def _walk(effects: object) -> Iterator[tuple[str, Text]]:
    for effect in effects if isinstance(effects, list) else ():
        if isinstance(effect, Mapping):
            yield str(effect.get("object", "")), read_problem(effect).cause
            yield from _walk(effect.get("effects"))
