"""Whole-number arithmetic of the shell."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda left, right: int(left / right),
    ast.Mod: lambda left, right: left - right * int(left / right),
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: lambda left, right: left << min(right, 63),
    ast.RShift: lambda left, right: left >> right,
    ast.Pow: lambda left, right: left ** min(right, 63),
}
_COMPARE: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_MOST_BITS = 63


class ArithmeticFault(ValueError):
    """No whole-number expression."""


def evaluate(expression: str, *, variables: Mapping[str, str]) -> int:
    """The value of `expression`; an unset variable is 0. Raise ArithmeticFault."""
    names = re.sub(
        r"[A-Za-z_]\w*",
        lambda found: f"({_number(variables.get(found[0], ''))})",
        expression.replace("$", ""),
    )
    python = re.sub(r"!(?!=)", " not ", names.replace("&&", " and ").replace("||", " or ").replace("/", "//"))
    if not python.strip():
        return 0
    try:
        return _value(ast.parse(python.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, ValueError) as error:
        raise ArithmeticFault(f"{expression.strip()}: syntax error: operand expected") from error


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text.strip()) else 0


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int() as value) if abs(value).bit_length() <= _MOST_BITS:
            return int(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return int(not _value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _wrap(_BINARY[type(op)](_value(left), _value(right)))
        case ast.BoolOp(op=ast.And(), values=values):
            return int(all(_value(value) for value in values))
        case ast.BoolOp(values=values):
            return int(any(_value(value) for value in values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return int(_COMPARE[type(op)](_value(left), _value(right)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body) if _value(test) else _value(orelse)
        case _:
            raise ArithmeticFault("not understood")


def _wrap(value: int) -> int:
    return (value + (1 << _MOST_BITS)) % (1 << (_MOST_BITS + 1)) - (1 << _MOST_BITS)
