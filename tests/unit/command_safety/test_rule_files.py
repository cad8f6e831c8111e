"""The rule files are whole: every reason, check and subcommand in them exists, and the reference knows each reason."""

import re
from collections.abc import Iterator
from pathlib import Path

from command_safety import CommandClass
from command_safety.commands.checks import CHECKS
from command_safety.rules.loading import load_reasons, load_rules
from command_safety.rules.model import READ, CommandRule

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "project_document" / "reference" / "command_rules.md"
REASON_ID = re.compile(r"\"([BC]\d?-[a-z-]+)\"")


def walk(rule: CommandRule) -> Iterator[CommandRule]:
    yield rule
    for inner in rule.subcommands.values():
        yield from walk(inner)


def all_rules() -> list[CommandRule]:
    return [inner for rule in load_rules().values() for inner in walk(rule)]


def reasons_in_files() -> set[str]:
    found: set[str] = set()
    for rule in all_rules():
        found |= {rule.rule, rule.bare, rule.extra_operands, *rule.unsafe.values(), *rule.asks.values()}
    return found - {"", READ}


def reasons_in_code() -> set[str]:
    sources = (path.read_text() for path in (ROOT / "command_safety").rglob("*.py"))
    return {found for source in sources for found in REASON_ID.findall(source)}


def test_more_than_a_thousand_commands_have_a_rule() -> None:
    assert len(load_rules()) > 1_000


def test_every_reason_that_is_used_has_a_text_and_every_text_is_used() -> None:
    assert reasons_in_files() | reasons_in_code() == set(load_reasons())


def test_every_check_that_is_named_exists_and_every_check_is_named() -> None:
    assert {rule.check for rule in all_rules()} - {""} == set(CHECKS)


def test_reference_lists_every_reason_with_its_text_and_nothing_else() -> None:
    rows = dict(re.findall(r"^\| `([BC]\d?-[a-z-]+)` \| (.+?) \|$", PAGE.read_text(), re.MULTILINE))

    assert rows == {name: reason.en for name, reason in load_reasons().items()}


def test_ids_tell_the_class() -> None:
    blocked = {name for name, reason in load_reasons().items() if reason.command_class is CommandClass.BLOCKED}

    assert blocked == {name for name in load_reasons() if name.startswith("B")}
