"""The circuit breaker as a machine of states on a clock that stands still."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.agent.model_routing.circuit_breaker import CircuitBreaker, CircuitState, Limits
from backend.vocabulary.errors import ErrorKind, ModelError

LOST = ModelError(ErrorKind.MODEL_UNAVAILABLE, "connection lost")


class Breaker(CircuitBreaker):
    """Opens after three failures for thirty seconds."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, tzinfo=UTC)
        super().__init__(now=lambda: self.moment, limits=Limits(failures=3, seconds=30))

    def fail(self, times: int, error: ModelError = LOST) -> None:
        for _ in range(times):
            self.record_failure(error)

    def wait(self, seconds: float) -> CircuitState:
        self.moment += timedelta(seconds=seconds)
        return self.state


def test_stays_closed_below_the_limit_and_a_success_forgets_failures() -> None:
    breaker = Breaker()
    breaker.fail(2)
    breaker.record_success()
    breaker.fail(2)

    assert breaker.state is CircuitState.CLOSED
    assert breaker.try_enter()


def test_opens_at_the_limit_and_lets_nothing_through() -> None:
    breaker = Breaker()
    breaker.fail(3)

    assert breaker.state is CircuitState.OPEN
    assert not breaker.try_enter()


def test_half_open_lets_exactly_one_call_find_out() -> None:
    breaker = Breaker()
    breaker.fail(3)

    assert breaker.wait(30) is CircuitState.HALF_OPEN
    assert [breaker.try_enter(), breaker.try_enter()] == [True, False]

    breaker.record_success()
    assert breaker.state is CircuitState.CLOSED


def test_failed_probe_opens_again_for_twice_as_long() -> None:
    breaker = Breaker()
    breaker.fail(3)
    breaker.wait(30)
    breaker.try_enter()
    breaker.fail(1)

    assert [breaker.wait(59), breaker.wait(1)] == [CircuitState.OPEN, CircuitState.HALF_OPEN]


def test_cancelled_probe_leaves_room_for_the_next() -> None:
    breaker = Breaker()
    breaker.fail(3)
    breaker.wait(30)
    breaker.try_enter()
    breaker.abandon()

    assert breaker.try_enter()


def test_refused_key_opens_at_once() -> None:
    breaker = Breaker()
    breaker.fail(1, ModelError(ErrorKind.MODEL_AUTHENTICATION, "wrong key"))

    assert breaker.state is CircuitState.OPEN


def test_too_long_a_request_says_nothing_about_the_provider() -> None:
    breaker = Breaker()
    breaker.fail(9, ModelError(ErrorKind.CONTEXT_TOO_LONG, "too long"))

    assert breaker.state is CircuitState.CLOSED


def test_provider_that_names_a_time_is_left_alone_until_then() -> None:
    breaker = Breaker()
    breaker.fail(3, ModelError(ErrorKind.MODEL_QUOTA, "later", retry_after_seconds=300))

    assert [breaker.wait(299), breaker.wait(1)] == [CircuitState.OPEN, CircuitState.HALF_OPEN]


@given(st.lists(st.sampled_from(["fail", "succeed", "abandon", "wait"]), max_size=60))
def test_no_history_keeps_a_model_away_for_more_than_an_hour(steps: list[str]) -> None:
    breaker = Breaker()
    for step in steps:
        match step:
            case "fail":
                breaker.fail(1)
            case "succeed":
                breaker.record_success()
            case "abandon":
                breaker.abandon()
            case _:
                breaker.wait(10)
    breaker.abandon()
    breaker.wait(3600)

    assert breaker.try_enter()
