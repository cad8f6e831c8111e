"""Commands that need no server, no model and no database: `ding-robot command …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from command_safety import Verdict

command_commands = typer.Typer(no_args_is_help=True, help="Shell commands: how dangerous they are.")


@command_commands.command("classify")
def classify_command(
    command: Annotated[
        str | None,
        typer.Argument(help="The command; without it, JSON strings, one a line.", show_default=False),
    ] = None,
) -> None:
    """Print class, reasons and rule of a shell command as one line of JSON.

    The class is readonly, confirm or blocked. Nothing is run.
    """
    if command is not None:
        _print_verdict(command)
        return
    if sys.stdin.isatty():
        sys.exit('Give a command, as in `ding-robot command classify "df -h"`, or JSON strings line by line on stdin.')
    if not _classify_lines(sys.stdin.buffer):
        raise typer.Exit(1)


def _classify_lines(lines: Iterable[bytes]) -> bool:
    """Answer every line; False when one of them was no JSON string."""
    are_good = True
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        command = _read_line(line)
        if command is None:
            are_good = False
            hint = 'write the command as a JSON string, such as "df -h"'
            _print_json({"error": f"line {number} is no JSON string: {hint}", "line": number})
        else:
            _print_verdict(command)
    return are_good


def _read_line(line: bytes) -> str | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _print_verdict(command: str) -> None:
    # Imported here, so that the other commands start without the rules.
    from command_safety import classify

    _print_json(_to_wire(command, classify(command)))


def _to_wire(command: str, verdict: Verdict) -> dict[str, object]:
    reasons = [
        {"rule": reason.rule, "en": reason.en, "zh": reason.zh, "excerpt": reason.excerpt} for reason in verdict.reasons
    ]
    rule = verdict.reasons[0].rule if verdict.reasons else None
    return {"command": command, "class": verdict.command_class.value, "reasons": reasons, "rule": rule}


def _print_json(value: dict[str, object]) -> None:
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair can be written in JSON and nowhere else.
        line = json.dumps(value)
    print(line, flush=True)
