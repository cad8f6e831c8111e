"""What holds for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_safety import CommandClass, classify
from command_safety.rules.loading import load_rules
from command_safety.rules.model import CommandRule
from tests.unit.command_safety.labelled import RANK, read_labelled

KNOWN = [each.command for each in read_labelled("given")]
PIECES = st.sampled_from(
    [
        *(
            "$(",
            "`",
            '"',
            "'",
            "${",
            "}",
            "(",
            ")",
            "((",
            "<<E\n",
            "\nE\n",
            "|",
            "&",
            ";",
            "\n",
            "\\",
            "$x",
            "[[ ",
            " ]]",
        ),
        *("if ", "; fi", "{a,b}", ">", "<", "!", "*", "~", "/", "sh -c ", "eval ", "xargs ", "find / -exec ", "awk "),
        *("sed ", "curl ", "kubectl ", "mysql -e ", "python -c "),
    ]
)
KNOWN_COMMANDS = st.sampled_from(KNOWN)
ANYTHING = st.one_of(
    st.text(max_size=200), st.lists(st.one_of(PIECES, KNOWN_COMMANDS, st.text(max_size=8)), max_size=12).map("".join)
)
WORDS = st.lists(
    st.sampled_from(["ls", "-la", "/etc", "cat", "/etc/hosts", "df", "-h", "a b", "x", "/", "*"]),
    min_size=1,
    max_size=4,
)


def rank(command: str) -> int:
    return RANK[classify(command).command_class]


@given(ANYTHING)
@settings(max_examples=300, deadline=2_000)
def test_any_text_gets_a_verdict_with_reasons_unless_it_is_readonly(command: str) -> None:
    verdict = classify(command)

    assert bool(verdict.reasons) == (verdict.command_class is not CommandClass.READONLY)


@pytest.mark.parametrize("tail", ["", "-x --y=z 'a b;c' -- $v", 'x "$v" = -', "x:y@z/w <<< '{'"])
def test_no_known_command_fails_on_odd_arguments(tail: str) -> None:
    calls = [f"{name} {tail}" for name, rule in load_rules().items() for name in find_calls(name, rule)]

    assert len(calls) > 2_000
    for call in calls:
        classify(call)


def find_calls(name: str, rule: CommandRule) -> list[str]:
    """The command alone and with each of its subcommands."""
    return [name, *(f"{name} {each}" for each in (*rule.reads, *rule.asks, *rule.subcommands))]


@given(ANYTHING)
@settings(max_examples=100, deadline=2_000)
def test_the_same_text_gets_the_same_verdict(command: str) -> None:
    assert classify(command) == classify(command)


@given(KNOWN_COMMANDS)
@settings(max_examples=60, deadline=None)
def test_a_destructive_command_beside_it_is_blocked(command: str) -> None:
    assert rank(f"rm -rf /; {command}") == 2
    assert rank(f"rm -rf / | cat\n{command}") == 2


@given(KNOWN_COMMANDS)
@settings(max_examples=60, deadline=None)
def test_wrapping_never_lowers_the_class(command: str) -> None:
    own = rank(command)

    for wrapped in (
        f"({command}\n)",
        f"if true; then {command}\nfi",
        f"for i in 1 2; do {command}\ndone",
        f"true && {{ {command}\n}}",
        f"echo $({command}\n)",
        f"sh -c {quote(command)}",
        f"sudo bash -c {quote(command)}",
        f"timeout 5 sh -c {quote(command)}",
        f"kubectl exec web-0 -- sh -c {quote(command)}",
        f"ls; {command}",
        f"{command}\nls",
    ):
        assert rank(wrapped) >= own, wrapped


@given(WORDS, st.integers(min_value=0, max_value=4))
@settings(max_examples=80, deadline=None)
def test_quoting_words_differently_keeps_the_class(words: list[str], style: int) -> None:
    plain = " ".join(quote(word) for word in words)
    styles = [
        lambda word: f'"{word}"',
        lambda word: f"''{quote(word)}",
        lambda word: "".join(f"\\{letter}" for letter in word),
        lambda word: "$'" + "".join(f"\\x{ord(letter):02x}" for letter in word) + "'",
        lambda word: f"$(printf %s {quote(word)})" if " " not in word else quote(word),
    ]

    assert rank(" ".join(styles[style](word) for word in words)) == rank(plain)


@given(KNOWN_COMMANDS)
@settings(max_examples=60, deadline=None)
def test_a_blocked_command_cannot_hide_in_a_variable(command: str) -> None:
    if "\n" not in command and rank(f"sh -c {quote(command)}") == 2:
        assert rank(f'c={quote(command)}; eval "$c"') == 2


@given(st.text(alphabet="abc /-.", max_size=30))
@settings(max_examples=60, deadline=None)
def test_mentions_are_harmless(text: str) -> None:
    assert rank(f"echo {quote('rm -rf / ' + text)}") == 0
    assert rank(f"grep -n {quote('mkfs ' + text)} /opt/scripts/deploy.sh") == 0


def quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
