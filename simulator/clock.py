"""The clock every part of the simulated estate reads; nothing else knows what time it is."""

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Time that moves only when it is told to, so that hours of history can pass at start-up."""

    def __init__(self, start: datetime) -> None:
        self._now = _as_utc(start)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to a moment; time never runs backwards, so an earlier moment is ignored."""
        self._now = max(self._now, _as_utc(moment))

    def advance(self, seconds: float) -> datetime:
        """Move forward and answer the new time."""
        self.set(self._now + timedelta(seconds=seconds))
        return self._now


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the simulated clock needs an aware time")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 with whole seconds, as Kubernetes writes metav1.Time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro_time(moment: datetime) -> str:
    """RFC 3339 with microseconds, as Kubernetes writes metav1.MicroTime."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """Read either form back; raise ValueError for anything else."""
    return _as_utc(datetime.fromisoformat(text.replace("Z", "+00:00")))
