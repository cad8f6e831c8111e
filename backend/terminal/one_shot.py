"""`ding-robot chat -m …`: one question, one answer, an exit code."""

import json
import sys
from dataclasses import dataclass

from rich.console import Console

from backend.features.chat.domain import MessageState
from backend.features.chat.transcript import Fold
from backend.terminal import texts
from backend.terminal.approval_prompt import ask_person
from backend.terminal.backend_client import BackendClient, Body, NotReachable, Refused
from backend.terminal.parts import PartReader, clean_text, find_open_approval, read_result
from backend.terminal.turns import Decide, TurnPlayer
from backend.terminal.views import AnswerView, LiveView, PlainView, SilentView
from backend.vocabulary.language import Language

DONE, FAILED, NEEDS_APPROVAL = 0, 1, 2
_OUTCOMES = {
    MessageState.COMPLETE: ("answered", DONE),
    MessageState.INTERRUPTED: ("needs_approval", NEEDS_APPROVAL),
    MessageState.CANCELLED: ("cancelled", FAILED),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, and how to answer."""

    message: str
    session_id: str | None
    model: str | None
    is_json: bool
    may_ask: bool
    """Whether a person sits there who can answer an approval."""


def ask_once(client: BackendClient, question: Question, *, language: Language) -> int:
    """Print the answer and return the exit code: 0 done, 1 failed, 2 needs approval."""
    message = question.message
    if not message.strip():
        raise Refused(status=422, code="invalid_input", detail=texts.EMPTY_MESSAGE.in_language(language), hint=None)
    session_id = question.session_id or client.create_session()["id"]
    run_id = client.start_run(session_id, message=message, model=question.model)["run_id"]
    fold = Fold()
    console = Console()
    player = TurnPlayer(
        client,
        view=_choose_view(question, console=console, language=language),
        decide=_choose_decide(question, console=console, language=language),
        language=language,
    )
    run_id = player.play(run_id, fold=fold)
    outcome, code = _OUTCOMES.get(fold.state, ("failed", FAILED))
    if question.is_json:
        print_json(describe(fold, session_id=session_id, run_id=run_id, outcome=outcome))
    elif not console.is_terminal:
        print(clean_text(read_result(fold)["text"]))
        _report_open_approval(fold)
    return code


def print_failure(error: NotReachable | Refused) -> None:
    """The JSON object of a question that never became an answer."""
    detail = error.detail if isinstance(error, Refused) else str(error)
    code = error.code if isinstance(error, Refused) else "unreachable"
    hint = error.hint if isinstance(error, Refused) else None
    body = describe(Fold(), session_id=None, run_id=None, outcome="failed")
    print_json(body | {"error": {"code": code, "message": detail, "hint": hint}})


def describe(fold: Fold, *, session_id: str | None, run_id: str | None, outcome: str) -> Body:
    body: Body = {"session_id": session_id, "run_id": run_id, "outcome": outcome, **read_result(fold)}
    body |= {"mode": fold.mode, "model": fold.model, "approval": find_open_approval(fold), "error": fold.error}
    return body


def print_json(body: Body) -> None:
    print(json.dumps(body, ensure_ascii=False), flush=True)


def _choose_view(question: Question, *, console: Console, language: Language) -> AnswerView:
    if question.is_json:
        return SilentView(language=language)
    if console.is_terminal:
        return LiveView(console, language=language, reader=PartReader())
    return PlainView(language=language, reader=PartReader(), out=None, notes=sys.stderr)


def _choose_decide(question: Question, *, console: Console, language: Language) -> Decide:
    if not question.may_ask:
        return lambda _approval: None
    return lambda approval: ask_person(approval, console=console, language=language)


def _report_open_approval(fold: Fold) -> None:
    approval = find_open_approval(fold)
    if approval is not None:
        print(clean_text(f"[{approval['id']}] {approval['question']}"), file=sys.stderr)
