"""What goes out next through which robot, and what an answer means for message and robot. No IO."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.features.notifications.domain import (
    ChannelPlan,
    Delivery,
    DeliveryState,
    RobotState,
    SendOutcome,
    SendResult,
    sort_urgent_first,
)

MAX_DIGEST = 40
"""Messages in one digest: each needs at least its title in a body of 20 kB."""
LIMIT_SECONDS = 600.0
"""How long a limited robot rests when its rules do not say: DingTalk's penalty."""
_LONGEST_RETRY_SECONDS = 300.0
_FIRST_UNKNOWN_SECONDS = 30.0
_LONGEST_UNKNOWN_SECONDS = 1800.0
"""What may have arrived is repeated more and more seldom: every repetition may be one that people see twice."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One message, or several to be merged."""

    robot: str
    deliveries: tuple[Delivery, ...]


def choose_batch(
    plan: ChannelPlan, *, waiting: Sequence[Delivery], robots: Mapping[str, RobotState], now: datetime
) -> Batch | None:
    """What can go out now. The most urgent message chooses the robot; what fits beside it goes along when many wait.

    With little room left in the minute everything that waits is merged, so that the last place carries all of it.
    """
    due = [delivery for delivery in sort_urgent_first(waiting) if delivery.due_at <= now]
    for first in due:
        robot = _choose_robot(plan, first, robots=robots, now=now)
        if robot is None:
            continue
        together = [delivery for delivery in due if robot.name not in delivery.refused_by]
        room = robot.room(now, per_minute=plan.per_minute)
        is_digest = len(together) >= plan.digest_from or len(together) > room
        return Batch(robot=robot.name, deliveries=tuple(together[:MAX_DIGEST]) if is_digest else (first,))
    return None


def find_next_moment(
    plan: ChannelPlan, *, waiting: Sequence[Delivery], robots: Mapping[str, RobotState], now: datetime
) -> datetime | None:
    """When something can go out that cannot now; None when nothing waits, or only for a person."""
    moments = []
    for delivery in waiting:
        for name in plan.robots:
            robot = robots.get(name, RobotState(name))
            if robot.is_refused or name in delivery.refused_by:
                continue
            free_at = robot.next_room_at(now, per_minute=plan.per_minute)
            moments.append(max(delivery.due_at, robot.stopped_until or free_at, free_at))
    return min(moments, default=None)


def apply_to_robot(robot: RobotState, result: SendResult, *, now: datetime, jitter: float) -> RobotState:
    """The robot after an answer. `jitter` is between 0 and 1."""
    detail = result.detail or None
    match result.outcome:
        case SendOutcome.SENT | SendOutcome.REFUSED_MESSAGE:
            return replace(robot, failures=0, stopped_until=None, detail=detail)
        case SendOutcome.REFUSED_ROBOT:
            return replace(robot, is_refused=True, detail=detail)
        case SendOutcome.LIMITED:
            rest = LIMIT_SECONDS if result.stop_seconds is None else result.stop_seconds
            return replace(robot, stopped_until=now + timedelta(seconds=rest), detail=detail)
        case SendOutcome.FAILED | SendOutcome.UNKNOWN:
            rest = spread(min(_LONGEST_RETRY_SECONDS, 2.0 ** min(robot.failures, 10)), jitter=jitter)
            stopped = now + timedelta(seconds=rest)
            return replace(robot, failures=robot.failures + 1, stopped_until=stopped, detail=detail)


def apply_to_delivery(
    delivery: Delivery, result: SendResult, *, plan: ChannelPlan, robot: str, now: datetime, jitter: float
) -> Delivery:
    """The message after an answer: it is sent, waits again, or is refused by the last robot that could take it."""
    counted = replace(delivery, attempts=delivery.attempts + 1, error=result.detail or None)
    match result.outcome:
        case SendOutcome.SENT:
            return replace(counted, state=DeliveryState.SENT, sent_at=now, error=None)
        case SendOutcome.REFUSED_MESSAGE:
            refused_by = delivery.refused_by | {robot}
            is_refused = refused_by >= set(plan.robots)
            state = DeliveryState.REFUSED if is_refused else DeliveryState.WAITING
            return replace(counted, state=state, refused_by=refused_by)
        case SendOutcome.UNKNOWN:
            seconds = min(_LONGEST_UNKNOWN_SECONDS, _FIRST_UNKNOWN_SECONDS * 2.0 ** min(delivery.attempts, 10))
            due_at = now + timedelta(seconds=spread(seconds, jitter=jitter))
            return replace(counted, state=DeliveryState.WAITING, is_maybe_sent=True, due_at=due_at)
        case _:
            # The robot rests, not the message: another one may take it at once.
            return replace(counted, state=DeliveryState.WAITING)


def spread(seconds: float, *, jitter: float) -> float:
    """Between half and one and a half times as long, so that robots that failed together do not return together."""
    return seconds * (0.5 + jitter)


def _choose_robot(
    plan: ChannelPlan, delivery: Delivery, *, robots: Mapping[str, RobotState], now: datetime
) -> RobotState | None:
    for name in plan.robots:
        robot = robots.get(name, RobotState(name))
        if name in delivery.refused_by or not robot.is_usable(now):
            continue
        if robot.room(now, per_minute=plan.per_minute) > 0:
            return robot
    return None
