"""A clock that a test moves."""

from datetime import UTC, datetime, timedelta


class SettableClock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
