"""Token buckets: bursts, refill, waiting time, bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from backend.features.access.rate_limit import TokenBuckets


def test_full_bucket_allows_a_burst_and_then_waits() -> None:
    buckets = TokenBuckets(per_minute=3)

    waits = [buckets.take("amy", now=0) for _ in range(5)]

    assert waits == [0, 0, 0, 20, 20]


def test_waiting_as_told_is_enough() -> None:
    buckets = TokenBuckets(per_minute=7)
    for _ in range(7):
        buckets.take("amy", now=0)

    wait = buckets.take("amy", now=1.5)

    assert wait > 0
    assert buckets.take("amy", now=1.5 + wait) == 0


def test_keys_do_not_share() -> None:
    buckets = TokenBuckets(per_minute=1)
    buckets.take("amy", now=0)

    assert buckets.take("bob", now=0) == 0


def test_memory_is_bounded_and_the_longest_idle_is_forgotten() -> None:
    buckets = TokenBuckets(per_minute=1, max_keys=100)
    for number in range(1000):
        buckets.take(f"10.0.{number}", now=number / 1000)

    assert len(buckets) == 100
    assert buckets.take("10.0.999", now=1) > 0


@given(
    per_minute=st.integers(1, 100),
    steps=st.lists(st.floats(-1, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_than_a_burst_and_the_rate(per_minute: int, steps: list[float]) -> None:
    buckets = TokenBuckets(per_minute=per_minute)
    now, newest, taken = 0.0, 0.0, 0

    for step in steps:
        now += step
        newest = max(newest, now)
        taken += buckets.take("amy", now=now) == 0

    assert taken <= per_minute + newest * per_minute / 60 + 1e-6
