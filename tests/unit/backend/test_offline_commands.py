"""`ding-robot command classify`."""

import json

from typer.testing import CliRunner

from backend.cli import app


def run(*arguments: str, stdin: str | bytes = "") -> tuple[int, list[dict[str, object]]]:
    result = CliRunner().invoke(app, ["command", "classify", *arguments], input=stdin)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_command_as_an_argument_is_answered_with_class_rule_and_reasons() -> None:
    code, answers = run("rm -rf /etc")

    assert code == 0
    (answer,) = answers
    assert (answer["command"], answer["class"], answer["rule"]) == ("rm -rf /etc", "blocked", "B1-recursive-delete")
    reasons = answer["reasons"]
    assert isinstance(reasons, list)
    assert set(reasons[0]) == {"rule", "en", "zh", "excerpt"}


def test_readonly_command_has_no_rule() -> None:
    _code, answers = run("df -h")

    assert answers == [{"command": "df -h", "class": "readonly", "reasons": [], "rule": None}]


def test_lines_are_answered_in_order() -> None:
    code, answers = run(stdin='"df -h"\n\n"kill 42"\n"ls\\nrm -rf /"\n')

    assert code == 0
    assert [answer["class"] for answer in answers] == ["readonly", "confirm", "blocked"]


def test_bad_line_is_told_and_the_others_are_still_answered() -> None:
    code, answers = run(stdin='"df -h"\nls -l\n{"a": 1}\n"free"\n')

    assert code == 1
    assert [answer.get("class") for answer in answers] == ["readonly", None, None, "readonly"]
    assert answers[1] == {
        "error": 'line 2 is no JSON string: write the command as a JSON string, such as "df -h"',
        "line": 2,
    }


def test_bytes_that_are_no_text_are_a_bad_line() -> None:
    code, answers = run(stdin=b'"\xff"\n"df"\n')

    assert code == 1
    assert [answer.get("class") for answer in answers] == [None, "readonly"]


def test_half_a_surrogate_pair_is_answered() -> None:
    code, answers = run(stdin='"ls \\ud800"\n')

    assert code == 0
    assert answers[0]["class"] == "confirm"
