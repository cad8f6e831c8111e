"""The result of an evaluation, for people and for programs. Pure."""

from collections.abc import Sequence
from typing import Any

from evaluation.trials import Role, Score, Trial, score, score_by_condition


def describe_trial(trial: Trial) -> str:
    """One line while it runs; a wrong one says what is wrong."""
    head = f"{'ok   ' if trial.is_right else 'WRONG'} {trial.scenario} ({trial.role})"
    missed = [f"missed {item.condition} at {item.object}" for item in trial.missed]
    false = [f"false {item.condition} at {item.object} ({item.confidence:.2f}): {item.cause}" for item in trial.false]
    late = [f"true cause only in place {trial.rank}"] if (trial.rank or 1) > 1 else []
    return "\n        ".join([head, *missed, *false, *late])


def describe_result(trials: Sequence[Trial]) -> str:
    """A table by condition and the totals."""
    rows: list[tuple[str, ...]] = [("condition", "found", "missed", "false", "first")]
    for condition, counts in score_by_condition(trials).items():
        rows.append((condition, *_cells(counts)))
    total = score(trials)
    rows.append(("all", *_cells(total)))
    width = max(len(row[0]) for row in rows)
    table = [f"{row[0]:<{width}}  " + "  ".join(f"{cell:>6}" for cell in row[1:]) for row in rows]
    roles = ", ".join(f"{sum(trial.role is role for trial in trials)} {role}" for role in Role)
    return "\n".join(
        [
            *table,
            "",
            f"{len(trials)} trials ({roles})",
            f"precision {total.precision:.1%}, recall {total.recall:.1%}, "
            f"true cause first in {total.first} of {total.faults}",
        ]
    )


def to_json(trials: Sequence[Trial]) -> dict[str, Any]:  # Any: JSON
    total = score(trials)
    return {
        "precision": total.precision,
        "recall": total.recall,
        "perfect": total.is_perfect,
        "conditions": {name: _counts(counts) for name, counts in score_by_condition(trials).items()},
        "trials": [_trial(trial) for trial in trials],
    }


def _cells(counts: Score) -> tuple[str, ...]:
    return (str(counts.found), str(counts.missed), str(counts.false), f"{counts.first}/{counts.faults}")


def _counts(counts: Score) -> dict[str, int]:
    return {"found": counts.found, "missed": counts.missed, "false": counts.false, "first": counts.first}


def _trial(trial: Trial) -> dict[str, Any]:  # Any: JSON
    return {
        "scenario": trial.scenario,
        "role": trial.role.value,
        "right": trial.is_right,
        "rank": trial.rank,
        "seconds": round(trial.seconds, 3),
        "missed": [{"condition": item.condition, "object": item.object} for item in trial.missed],
        "false": [{"condition": i.condition, "object": i.object, "confidence": i.confidence} for i in trial.false],
    }
