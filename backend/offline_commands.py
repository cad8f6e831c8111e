"""Commands that need neither the database nor a cluster."""

import subprocess
import sys
from typing import Annotated

import typer

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
