"""Whether a figure in an answer is one of a result's, in another unit: `97%` of 0.9734, `180.4 GiB` of bytes."""

import re
from collections.abc import Iterable, Iterator

_FIGURE = re.compile(r"(?P<number>\d+(?:\.(?P<decimals>\d+))?)\s?(?P<unit>\S+)")
_FACTORS = {
    "%": 0.01,
    "Ki": 2.0**10,
    "KiB": 2.0**10,
    "Mi": 2.0**20,
    "MiB": 2.0**20,
    "Gi": 2.0**30,
    "GiB": 2.0**30,
    "kB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
}
# The answer may have been rounded up or down, and the result's own figure cut.
_SLACK = 1.02


def is_rounded_from(figure: str, numbers: Iterable[float]) -> bool:
    """Whether a number, given without unit, rounds to the figure; ratios stand for shares, bytes for sizes."""
    match = _FIGURE.fullmatch(figure)
    factor = _FACTORS.get(match["unit"]) if match else None
    if match is None or factor is None:
        return False
    half_a_step = 0.5 * 10.0 ** -len(match["decimals"] or "") * factor * _SLACK
    wanted = float(match["number"]) * factor
    return any(abs(number - wanted) <= half_a_step for number in numbers)


def find_numbers(value: object) -> Iterator[float]:
    """Every number of a structured result, however deep."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from find_numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_numbers(inner)
