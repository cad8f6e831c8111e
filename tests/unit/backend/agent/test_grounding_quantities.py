"""Figures of answers that are a result's figures in another unit."""

import pytest

from backend.agent.grounding.quantities import find_numbers, is_rounded_from


@pytest.mark.parametrize(
    ("figure", "number"),
    [
        ("97%", 0.9734),
        ("97 %", 0.9650),
        ("180.4 GiB", 180.4 * 2**30 + 20_000_000),
        ("1.6 GiB", 1_717_986_918),
        ("256 MiB", 256 * 2**20),
        ("12.5%", 0.1249),
    ],
)
def test_a_rounded_figure_is_found_in_its_number(figure: str, number: float) -> None:
    assert is_rounded_from(figure, [1.0, number])


@pytest.mark.parametrize(
    ("figure", "number"),
    [("97%", 0.91), ("97%", 97_000), ("180.4 GiB", 190 * 2**30), ("180 widgets", 180), ("5 s", 5.0), ("x", 1.0)],
)
def test_another_number_is_no_support(figure: str, number: float) -> None:
    assert not is_rounded_from(figure, [number])


def test_numbers_are_found_at_any_depth_and_truth_values_are_none() -> None:
    value = {"hosts": [{"facts": {"ratio": 0.5, "ready": True, "name": "7"}}], "total": 3}

    assert list(find_numbers(value)) == [0.5, 3.0]
