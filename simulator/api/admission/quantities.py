"""Quantities as exact numbers, and the way the server prints sums of them."""

import re
from decimal import Decimal

_SCALES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")
_BYTES = ("memory", "storage", "ephemeral-storage", "hugepages")


def parse_quantity(text: str) -> Decimal:
    """The number a quantity means; raise ValueError when it is none."""
    match = re.fullmatch(r"([+-]?[0-9.]+)(?:[eE]([+-]?\d+))?([numkMGTPE]?i?)", text)
    if match is None or match[3] not in _SCALES:
        raise ValueError(text)
    try:
        return Decimal(match[1]) * Decimal(10) ** int(match[2] or 0) * _SCALES[match[3]]
    except ArithmeticError as error:
        raise ValueError(text) from error


def quantity_of(value: object) -> Decimal:
    """The number of a quantity that was validated before; nothing counts as zero."""
    return parse_quantity(str(value)) if value is not None else Decimal(0)


def format_quantity(amount: Decimal, *, of: str) -> str:
    """A sum of a resource in its canonical form: `1500m`, `2`, `96Mi`."""
    if of.rsplit(".", 1)[-1].startswith(_BYTES) and amount:
        whole = int(amount)
        unit = next((name for name in _BINARY if whole % int(_SCALES[name]) == 0), "")
        return f"{whole // int(_SCALES[unit])}{unit}"
    if amount != amount.to_integral_value():
        return f"{int(amount * 1000)}m"
    return str(int(amount))
