"""Scripts become trees of statements."""

import contextlib
import time

import pytest

from command_safety.shell.cursor import NotUnderstood
from command_safety.shell.statements import parse_script
from command_safety.shell.syntax import (
    ArithmeticCommand,
    Chain,
    CommandSubstitution,
    Group,
    Heredoc,
    Literal,
    Pipeline,
    SimpleCommand,
    Word,
)


def read_words(source: str) -> list[str | None]:
    (statement,) = parse_script(source).statements
    assert isinstance(statement, SimpleCommand)
    return [word.literal for word in statement.words if isinstance(word, Word)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("r''m \"-r\"f '/'", ["rm", "-rf", "/"]),
        (r"\rm a\ b", ["rm", "a b"]),
        ("r\\\nm -r\\\nf", ["rm", "-rf"]),
        (r"$'\x72\155' $'a\nb'", ["rm", "a\nb"]),
        ('"a\\"b" "a\\b" "a\\$b"', ['a"b', "a\\b", "a$b"]),
        ("echo a#b #c", ["echo", "a#b"]),
        ("echo '' \"\"", ["echo", "", ""]),
        ("echo !(a|b) {x,y}", ["echo", "!(a|b)", "{x,y}"]),
        ("if= fi=", []),
        ("echo if then fi", ["echo", "if", "then", "fi"]),
    ],
)
def test_quotes_and_backslashes_are_taken_away(source: str, words: list[str]) -> None:
    assert read_words(source) == words


def test_here_document_belongs_to_its_command_whatever_follows_on_the_line() -> None:
    (chain, last) = parse_script("cat <<A | sh && ls; id\n`rm x` $y\nA\n").statements

    assert isinstance(chain, Chain)
    assert isinstance(chain.first, Pipeline)
    (cat, _sh) = chain.first.stages
    assert isinstance(cat, SimpleCommand)
    heredoc = cat.redirects[0].target
    assert isinstance(heredoc, Heredoc)
    assert isinstance(heredoc.body.parts[0], CommandSubstitution)
    assert isinstance(last, SimpleCommand)
    assert last.source == "id"


def test_two_here_documents_are_read_in_order() -> None:
    (command,) = parse_script("cat <<A <<'B'\n1\nA\n$x\nB\n").statements

    assert isinstance(command, SimpleCommand)
    bodies = [redirect.target.body for redirect in command.redirects if isinstance(redirect.target, Heredoc)]
    assert [body.literal for body in bodies] == ["1\n", "$x\n"]


def test_quoted_here_document_is_not_expanded() -> None:
    (command,) = parse_script("cat <<'E'\n$(rm x)\nE").statements

    assert isinstance(command, SimpleCommand)
    assert command.redirects[0].target == Heredoc(Word((Literal("$(rm x)\n", is_quoted=True),)))


def test_backticks_nest() -> None:
    (command,) = parse_script(r"echo `a \`b\``").statements

    assert isinstance(command, SimpleCommand)
    word = command.words[1]
    assert isinstance(word, Word)
    outer = word.parts[0]
    assert isinstance(outer, CommandSubstitution)
    (inner,) = outer.script.statements
    assert isinstance(inner, SimpleCommand)
    assert isinstance(inner.words[1], Word)
    assert isinstance(inner.words[1].parts[0], CommandSubstitution)


def test_double_brackets_hold_both_readings() -> None:
    (statement,) = parse_script("((rm -rf /))").statements

    assert isinstance(statement, ArithmeticCommand)
    assert statement.subshell is not None
    (inner,) = statement.subshell.statements
    assert isinstance(inner, Group)


@pytest.mark.parametrize(
    "source",
    [
        *("ls )", "(ls", "{ ls", "ls; }", "if ls; fi", "for x in a b", "while ls; done", "case x in a) ls", "ls &&"),
        *("| ls", "ls ;; ls", "'", '"', "`ls", "$(ls", "${", "${x", "[[ a", "ls <", "f() ls", "a=(1", "<<$x\n$x"),
        *("echo ${x!y}", "echo $(cat <<A)"),
    ],
)
def test_incomplete_text_is_not_understood(source: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_script(source)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "$(",
        "$((",
        "((",
        "`",
        "${x:-",
        "{",
        "[[ ",
        "if ",
        "<<A\n",
        "a|",
        "'",
        '"',
        "\\",
        "$((1+",
        "f(){ ",
        "case x in a) ",
    ],
)
def test_reading_takes_linear_time(piece: str) -> None:
    source = (piece * 8_192)[:8_192]

    started = time.process_time()
    with contextlib.suppress(NotUnderstood):
        parse_script(source)
    seconds = time.process_time() - started

    # A hundredth of this is usual; quadratic reading would take minutes.
    assert seconds < 2
