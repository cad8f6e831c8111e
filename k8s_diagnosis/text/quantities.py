"""Kubernetes quantities: 250m, 64Mi, 6, 1.5Gi."""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|\.\d+)(m|Ki|Mi|Gi|Ti|Pi|Ei|n|u|k|M|G|T|P|E|[eE][+-]?\d+)?")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse_quantity(text: object) -> Decimal:
    """The number a quantity stands for; zero for a missing or unreadable one."""
    match = _QUANTITY.fullmatch(str(text).strip()) if text is not None else None
    if match is None:
        return Decimal(0)
    number, suffix = Decimal(match.group(1)), match.group(2)
    if suffix is None:
        return number
    if suffix in _BINARY:
        return number * Decimal(1024 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:]))


def show_cpu(cores: Decimal) -> str:
    """Cores below one in millicores, else with at most two decimals."""
    if cores and abs(cores) < 1:
        return f"{int(cores * 1000)}m"
    return f"{cores:.2f}".rstrip("0").rstrip(".")


def show_memory(size: Decimal) -> str:
    for unit in ("Gi", "Mi", "Ki"):
        step = Decimal(1024 ** _BINARY[unit])
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + unit
    return str(int(size))
