"""Refuses a call that was answered before: models that walk in circles pay for it with the person's time."""

import json
from collections.abc import Sequence

from backend.agent.domain import Risk, ToolOutcome, ToolStatus
from backend.agent.progress import CallProgress

_HAD_NO_EFFECT = frozenset({ToolStatus.DECLINED, ToolStatus.CANCELLED})


def refuse_repetition(call: CallProgress, *, turn: Sequence[CallProgress]) -> ToolOutcome | None:
    """The answer to a repeated call, or None when it may run. `turn` holds all calls of the turn in order.

    Once something was changed the world is moving, and looking twice is right.
    """
    if call.is_started or call.approval is not None:
        return None
    key = _key(call)
    earlier: CallProgress | None = None
    for other in turn:
        if other.id == call.id:
            break
        if other.outcome is None:
            continue
        if other.risk not in {None, Risk.READ} and other.outcome.status not in _HAD_NO_EFFECT:
            return None
        if other.outcome.status is ToolStatus.OK and _key(other) == key:
            earlier = other
    if earlier is None:
        return None
    return ToolOutcome(
        status=ToolStatus.DECLINED,
        text=(
            f"Not run again: {call.name} was called with exactly these arguments earlier in this turn and nothing was"
            f" changed since. Use that result (call {earlier.id}, above), or ask for something else: another object,"
            " a narrower selector, the next page."
        ),
    )


def _key(call: CallProgress) -> tuple[str, str]:
    """Name and arguments in one order; text that is no JSON stands for itself."""
    try:
        arguments = json.loads(call.arguments_text or "{}")
    except json.JSONDecodeError:
        return call.name, call.arguments_text
    return call.name, json.dumps(arguments, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
