"""A short stretch of the crash suite; `python -m tests.crash.suite --kills 200` runs the long one."""

import pytest

from tests.crash.suite import run_suite


@pytest.mark.timeout(180)
async def test_random_kills_lose_double_and_block_nothing() -> None:
    report = await run_suite(kills=3, seed=11)

    assert report.is_clean, report
    assert report.kills == 3
    assert report.turns > 0
