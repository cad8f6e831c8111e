"""Asks a person about exactly one change; no is the default."""

from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.panel import Panel
from rich.text import Text as Line

from backend.features.chat.transcript import Block
from backend.terminal import texts
from backend.terminal.backend_client import Body
from backend.terminal.parts import clean_text
from backend.vocabulary.language import Language

_YES = frozenset({"y", "yes", "是", "好", "同意"})
_SESSION = frozenset({"s", "session"})
_NO = ("n", "no", "否", "不")


def ask_person(
    approval: Block, *, console: Console, language: Language, read_line: Callable[[str], str] = input
) -> Body | None:
    """The decision to send, or None when the person leaves without one."""
    show_question(approval, console=console, language=language)
    may_remember = bool(approval.get("can_remember"))
    prompt = texts.APPROVAL_PROMPT_SESSION if may_remember else texts.APPROVAL_PROMPT
    try:
        answer = read_line(prompt.in_language(language))
    except (EOFError, KeyboardInterrupt):
        expires = datetime.fromisoformat(approval["expires_at"]).astimezone().strftime("%H:%M:%S")
        console.print()
        console.print(texts.APPROVAL_LEFT_OPEN.in_language(language).format(time=expires), style="yellow")
        return None
    return read_decision(answer, may_remember=may_remember)


def read_decision(answer: str, *, may_remember: bool) -> Body:
    """Only a clear yes is a yes; whatever else was typed is a no, and its words are the reason."""
    words = answer.strip()
    if words.lower() in _YES:
        return {"decision": "approve"}
    if may_remember and words.lower() in _SESSION:
        return {"decision": "approve_for_session"}
    first, _, rest = words.partition(" ")
    reason = rest.strip() if first.lower() in _NO else words
    return {"decision": "reject"} | ({"reason": reason[:1000]} if reason else {})


def show_question(approval: Block, *, console: Console, language: Language) -> None:
    """The server's own words, unshortened, with tool, server and risk."""
    title = texts.APPROVAL_TITLE.in_language(language)
    subject = clean_text(f"{approval['tool']} @ {approval['server']} · {approval['risk']}")
    question = clean_text(approval["question"])
    if not console.is_terminal:
        print(f"\n== {title}: {subject}\n{question}", file=console.file)
        return
    style = "red" if approval["risk"] == "destructive" else "yellow"
    console.print(Panel(Line(question), title=Line(title), subtitle=Line(subject), border_style=style))
