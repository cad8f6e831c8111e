"""The class of commands that a person has labelled."""

import json

import pytest

from command_safety import CommandClass, classify
from tests.unit.command_safety.labelled import DATA, read_labelled, score


@pytest.mark.parametrize("name", ["given", "own", "holdout", "holdout2", "second_look", "second_look_2"])
def test_every_labelled_command_gets_its_class(name: str) -> None:
    found = score(read_labelled(name))

    assert (found.fatal, found.severe, found.nuisance) == ([], [], [])


def test_hidden_commands_and_writing_options_are_never_readonly() -> None:
    commands = [json.loads(line) for line in (DATA / "never_readonly.jsonl").read_text().splitlines()]

    assert len(commands) > 400
    assert [each for each in commands if classify(each).command_class is CommandClass.READONLY] == []
