"""The class of commands that a person has labelled."""

import json

import pytest

from command_safety import CommandClass, classify
from tests.unit.command_safety.labelled import DATA, read_labelled, score


@pytest.mark.parametrize("name", ["given", "own", "holdout", "holdout2", "second_look", "second_look_2"])
def test_every_labelled_command_gets_its_class(name: str) -> None:
    found = score(read_labelled(name))

    assert (found.fatal, found.severe, found.nuisance) == ([], [], [])


def read_commands(name: str) -> list[str]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


def test_everyday_look_ups_run_without_a_question() -> None:
    commands = read_commands("everyday")

    assert len(commands) > 300
    assert [each for each in commands if classify(each).command_class is not CommandClass.READONLY] == []


def test_destruction_is_blocked_in_whatever_form_it_comes() -> None:
    commands = read_commands("always_blocked")

    assert len(commands) > 500
    assert [each for each in commands if classify(each).command_class is not CommandClass.BLOCKED] == []


def test_hidden_commands_and_writing_options_are_never_readonly() -> None:
    commands = read_commands("never_readonly")

    assert len(commands) > 1_100
    assert [each for each in commands if classify(each).command_class is CommandClass.READONLY] == []
