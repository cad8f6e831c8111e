"""Commands that a person has labelled."""

import json
from dataclasses import dataclass
from pathlib import Path

from command_safety import CommandClass, classify

DATA = Path(__file__).parents[2] / "data" / "commands"
RANK = {CommandClass.READONLY: 0, CommandClass.CONFIRM: 1, CommandClass.BLOCKED: 2}


@dataclass(frozen=True, slots=True)
class Labelled:
    command: str
    label: CommandClass


@dataclass(frozen=True, slots=True)
class Score:
    """Commands that got another class than their label."""

    fatal: list[str]
    """Not readonly, and called so."""
    severe: list[str]
    """Blocked, and only to be confirmed."""
    nuisance: list[str]
    """Called more dangerous than they are."""


def read_labelled(name: str) -> list[Labelled]:
    lines = (DATA / f"{name}.tsv").read_text().splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Labelled(json.loads(command), CommandClass(label)) for label, command in rows]


def score(commands: list[Labelled]) -> Score:
    found = Score([], [], [])
    for each in commands:
        got = classify(each.command).command_class
        if RANK[got] > RANK[each.label]:
            found.nuisance.append(each.command)
        elif got is CommandClass.READONLY and each.label is not CommandClass.READONLY:
            found.fatal.append(each.command)
        elif got is not each.label:
            found.severe.append(each.command)
    return found
