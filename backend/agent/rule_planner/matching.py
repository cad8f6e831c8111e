"""Finds the objects a question means among those that exist."""

import difflib
from collections.abc import Iterable, Sequence

from backend.agent.rule_planner.intents import Target
from backend.agent.rule_planner.results import Row, workload_of


def find_rows(target: Target, *, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows of the first name that fits: exactly, as the workload of pods, or as a pod replaced since."""
    for name in target.names:
        fitting = _exactly(name, rows) or _of_workload(name, rows)
        if fitting:
            return fitting
    for name in target.names:
        workload = workload_of(name)
        if workload != name:
            fitting = _exactly(workload, rows) or _of_workload(workload, rows)
            if fitting:
                return fitting
    return ()


def find_exact_rows(target: Target, *, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows named exactly; "it" may also be a pod of the workload that is meant."""
    for name in target.names:
        fitting = _exactly(name, rows)
        if not fitting and target.is_assumed:
            fitting = _exactly(workload_of(name), rows)
        if fitting:
            return fitting
    return ()


def find_nearest(target: Target, *, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three existing names that look like a mistyped one."""
    known = sorted(set(names))
    found = [near for name in target.names for near in nearest_names(name, known)]
    return tuple(dict.fromkeys(found))[:3]


def nearest_names(name: str, known: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=3, cutoff=0.5)


def group_by_workload(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Pods by namespace and workload, in the order they come in."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.namespace, workload_of(row.name)), []).append(row)
    return groups


def abnormal_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: not row.is_abnormal)


def _exactly(name: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.name == name)


def _of_workload(name: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if workload_of(row.name) == name)
