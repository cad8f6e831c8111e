"""What a person's answer to an approval means, and which language the client speaks."""

import io

import pytest
from rich.console import Console

from backend.terminal.approval_prompt import ask_person, read_decision
from backend.terminal.backend_client import is_loopback
from backend.vocabulary.language import Language, choose_terminal_language

APPROVAL = {
    "id": "a1",
    "tool": "scale",
    "server": "k8s",
    "risk": "change",
    "question": "Scale web from 3 to 5?\x1b[1A",
    "state": "pending",
    "expires_at": "2026-11-21T03:10:00+00:00",
}


@pytest.mark.parametrize("answer", ["y", "Y", " yes ", "是"])
def test_clear_yes_approves(answer: str) -> None:
    assert read_decision(answer, may_remember=False) == {"decision": "approve"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", None),
        ("n", None),
        ("N", None),
        ("n too many", "too many"),
        ("later", "later"),
        ("s", "s"),
        ("yess", "yess"),
    ],
)
def test_everything_else_rejects_with_its_words_as_the_reason(answer: str, reason: str | None) -> None:
    decision = read_decision(answer, may_remember=False)

    assert decision == {"decision": "reject"} | ({} if reason is None else {"reason": reason})


@pytest.mark.parametrize(("may_remember", "decision"), [(True, "approve_for_session"), (False, "reject")])
def test_yes_for_the_session_is_taken_only_where_it_is_offered(may_remember: bool, decision: str) -> None:
    assert read_decision("s", may_remember=may_remember)["decision"] == decision


def test_question_is_shown_whole_and_without_control_characters() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)

    decision = ask_person(APPROVAL, console=console, language=Language.EN, read_line=lambda _prompt: "")

    shown = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert decision == {"decision": "reject"}
    assert "Scale web from 3 to 5?[1A" in shown
    assert "scale @ k8s · change" in shown


def test_leaving_the_question_leaves_it_open() -> None:
    def leave(_prompt: str) -> str:
        raise EOFError

    console = Console(file=io.StringIO())

    assert ask_person(APPROVAL, console=console, language=Language.ZH, read_line=leave) is None


@pytest.mark.parametrize(
    ("wanted", "environment", "language"),
    [
        (None, {"LANG": "zh_CN.UTF-8"}, Language.ZH),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, Language.EN),
        (None, {}, Language.EN),
        ("zh", {"LANG": "en_US.UTF-8"}, Language.ZH),
        ("en", {"LANG": "zh_CN.UTF-8"}, Language.EN),
    ],
)
def test_language_is_that_of_the_option_or_the_locale(
    wanted: str | None, environment: dict[str, str], language: Language
) -> None:
    assert choose_terminal_language(wanted, environment=environment) is language


@pytest.mark.parametrize(
    ("url", "is_local"),
    [("http://127.0.0.1:8000", True), ("http://[::1]:1", True), ("http://localhost", True), ("http://10.0.0.1", False)],
)
def test_own_machine_is_recognised(url: str, is_local: bool) -> None:
    assert is_loopback(url) is is_local
