"""Commands that need no database, cluster or model."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from command_safety import Verdict

command_commands = typer.Typer(no_args_is_help=True, help="Shell commands: how dangerous they are.")
evaluate_commands = typer.Typer(no_args_is_help=True, help="Measure the product on situations whose truth is known.")


@evaluate_commands.callback()
def _evaluate() -> None:
    """Keeps `diagnosis` a command of its own while it is the only one."""


@evaluate_commands.command()
def diagnosis(
    scenario: Annotated[
        list[str] | None, typer.Option(help="A scenario of the simulated cluster; repeat for several, all by default.")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Diagnose every scenario, its repair and its healthy twin. Exit code 1 when a cause is missed or made up."""
    # A process of its own: the evaluation knows the simulator and the tool servers, which the backend must not.
    chosen = [part for name in scenario or () for part in ("--scenario", name)]
    command = [sys.executable, "-m", "evaluation", "diagnosis", *chosen, *(["--json"] if is_json else [])]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def diagnose(
    snapshot: Annotated[Path, typer.Option(help="Folder, file or tar archive with recorded objects and logs.")],
    is_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    namespace: Annotated[str | None, typer.Option(help="Only findings that concern this namespace.")] = None,
    language: Annotated[str | None, typer.Option(help="zh or en; as the locale says by default.")] = None,
    now: Annotated[
        str | None,
        typer.Option(help="The present as 2026-11-21T00:50:00Z; the newest time in the snapshot by default."),
    ] = None,
) -> None:
    """Say what is wrong in a recorded cluster. Exit code 0: nothing found, 1: findings, 2: it cannot be read."""
    from backend.snapshot_files import SnapshotUnreadable, read_recorded_at, read_snapshot_files
    from backend.vocabulary.language import Language, choose_terminal_language
    from k8s_diagnosis import diagnosing
    from k8s_diagnosis.dumps.reading import count_objects, read_dump
    from k8s_diagnosis.reporting import describe_diagnosis, write_diagnosis

    try:
        moment = _read_moment(now) or read_recorded_at(snapshot)
        cluster = read_dump(read_snapshot_files(snapshot), now=moment)
    except (SnapshotUnreadable, ValueError) as error:
        typer.echo(f"ding-robot: {error}", err=True)
        raise typer.Exit(2) from error
    if not count_objects(cluster):
        typer.echo(f"ding-robot: no Kubernetes objects were found in {snapshot}", err=True)
        raise typer.Exit(2)
    found = diagnosing.diagnose(cluster)
    if namespace is not None:
        found = diagnosing.narrow_to_namespace(found, namespace)
    if is_json:
        typer.echo(json.dumps(describe_diagnosis(found), ensure_ascii=False, indent=2))
    else:
        is_chinese = choose_terminal_language(language, environment=os.environ) is Language.ZH
        typer.echo(write_diagnosis(found, language="zh" if is_chinese else "en"))
    raise typer.Exit(0 if found.is_healthy else 1)


def _read_moment(text: str | None) -> datetime | None:
    """Raises ValueError for a text that is no time; one without a zone is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"--now {text!r} is no time; write it as 2026-11-21T00:50:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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


def _to_wire(command: str, verdict: "Verdict") -> dict[str, object]:
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
