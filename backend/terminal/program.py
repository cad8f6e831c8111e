"""The program behind `ding-robot chat`: options in, exit code out."""

import os
import sys
from dataclasses import dataclass

from rich.console import Console

from backend.terminal import texts
from backend.terminal.backend_client import BackendClient, NotReachable, Refused, is_loopback
from backend.terminal.commands import COMMANDS, run_command
from backend.terminal.conversation import Conversation, report
from backend.terminal.line_input import LineInput, find_history_file
from backend.terminal.one_shot import FAILED, Question, ask_once, print_failure
from backend.terminal.turns import Leave
from backend.vocabulary.language import Language, choose_terminal_language

_FROM_INPUT = "-"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What was given on the command line. Without `message` the chat is interactive."""

    url: str
    message: str | None = None
    token: str | None = None
    language: str | None = None
    session: str | None = None
    model: str | None = None
    is_json: bool = False
    never_approve: bool = False


def run_chat(options: ChatOptions) -> int:
    """Chat until the person leaves, or ask the one question; returns the exit code."""
    language = choose_terminal_language(options.language, environment=os.environ)
    with BackendClient(url=options.url, token=options.token, language=language) as client:
        if options.token and options.url.startswith("http:") and not is_loopback(options.url):
            _complain(texts.PLAIN_TOKEN.in_language(language).format(url=options.url))
        try:
            if options.message is not None:
                return _ask_once(client, options, language=language)
            return _converse(client, options, language=language)
        except (NotReachable, Refused) as error:
            _explain(error, options, language=language)
            if options.is_json:
                print_failure(error)
            return FAILED
        except (KeyboardInterrupt, Leave):
            return FAILED


def _ask_once(client: BackendClient, options: ChatOptions, *, language: Language) -> int:
    reads_input = options.message == _FROM_INPUT
    has_person = sys.stdin.isatty() and sys.stdout.isatty() and not options.is_json and not reads_input
    question = Question(
        message=sys.stdin.read() if reads_input else options.message or "",
        session_id=options.session,
        model=options.model,
        is_json=options.is_json,
        may_ask=has_person and not options.never_approve,
    )
    return ask_once(client, question, language=language)


def _converse(client: BackendClient, options: ChatOptions, *, language: Language) -> int:
    console = Console(highlight=False)
    reader = LineInput(words=list(COMMANDS), history=find_history_file())
    conversation = Conversation(client, console=console, language=language, read_line=reader.ask)
    conversation.model = options.model
    _welcome(conversation, options)
    if options.session is not None:
        conversation.open(options.session)
    presses = 0
    while presses < 2:
        try:
            line = reader.read("\n> ").strip()
            presses = 0
            _obey(conversation, line)
        except KeyboardInterrupt:
            # What was typed, or what a command was doing, is thrown away.
            presses += 1
            console.print()
            if presses == 1:
                conversation.write(conversation.say(texts.PRESS_AGAIN), style="dim")
        except (EOFError, Leave):
            console.print()
            break
    return 0


def _obey(conversation: Conversation, line: str) -> None:
    try:
        if line.startswith("/"):
            run_command(conversation, line)
        elif line:
            conversation.ask(line)
    except (NotReachable, Refused) as error:
        report(conversation, error)


def _welcome(conversation: Conversation, options: ChatOptions) -> None:
    health = conversation.client.read_health()
    details = [part["detail"] for part in health.get("parts", ()) if part.get("name") == "model"]
    is_rules = health.get("mode") == "rules" or not details
    model = conversation.say(texts.RULES) if is_rules else str(details[0])
    conversation.write(conversation.say(texts.WELCOME, url=options.url, model=options.model or model), style="bold")


def _explain(error: NotReachable | Refused, options: ChatOptions, *, language: Language) -> None:
    if isinstance(error, NotReachable):
        _complain(texts.NOT_REACHABLE.in_language(language).format(url=options.url, reason=error))
    elif error.code == "not_ours":
        _complain(texts.NOT_OURS.in_language(language).format(url=options.url, status=error.status))
    else:
        _complain(error.detail)
        hint = texts.NOT_ALLOWED.in_language(language) if error.status == 401 else error.hint
        if hint:
            _complain(hint)


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
