"""The interactive chat: reads lines, plays turns, obeys commands."""

import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text as Line

from backend.features.chat.domain import MessageState
from backend.features.chat.transcript import Block, Fold
from backend.terminal import texts
from backend.terminal.approval_prompt import ask_person
from backend.terminal.backend_client import BackendClient, Body, NotReachable, Refused
from backend.terminal.parts import PartReader, clean_text, find_open_approval
from backend.terminal.turns import TurnPlayer
from backend.terminal.views import AnswerView, LiveView, PlainView
from backend.vocabulary.language import Language, Text

_SHOWN_TURNS = 3
"""Turns of an opened chat that are printed again."""


class Conversation:
    """One person's chat with one backend. `read_line` raises EOFError and KeyboardInterrupt as `input` does."""

    def __init__(
        self,
        client: BackendClient,
        *,
        console: Console,
        language: Language,
        read_line: Callable[[str], str],
    ) -> None:
        self.client = client
        self.console = console
        self.language = language
        self.session_id: str | None = None
        self.model: str | None = None
        self.listed: list[str] = []
        """Session ids in the order of the last list, for `/open N`."""
        self._read_line = read_line

    def ask(self, message: str) -> None:
        """Send a question and play the turn to its end."""
        if self.session_id is None:
            self.session_id = self.client.create_session()["id"]
        run = self.client.start_run(self.session_id, message=message, model=self.model)
        self._play(run["run_id"], fold=Fold(), after=0, reader=PartReader())

    def open(self, session_id: str) -> None:
        """Go on in a saved chat: print its end, and follow what is at work in it."""
        session = self.client.read_session(session_id)
        page = self.client.read_messages(session_id, turns=_SHOWN_TURNS)
        self.session_id = session_id
        self.console.rule(Line(clean_text(session["title"] or self.say(texts.UNTITLED))))
        if page["next_before"] is not None:
            self.write(self.say(texts.EARLIER), style="dim")
        for message in page["items"]:
            self._show(message, active=page["active_run"])
        if page["active_run"] is None:
            self.ask_open_approvals()

    def ask_open_approvals(self) -> bool:
        """Put the open questions of this chat again; False when there are none."""
        approvals = [] if self.session_id is None else self.client.list_approvals(self.session_id)
        for approval in approvals:
            page = self.client.read_messages(approval["session_id"], turns=1)
            message = page["items"][-1]
            fold = _read_fold(message)
            if fold.state is MessageState.INTERRUPTED and find_open_approval(fold) is not None:
                self._settle(message["run_id"], fold=fold)
        return bool(approvals)

    def find_active_run(self) -> str | None:
        if self.session_id is None:
            return None
        active = self.client.read_messages(self.session_id, turns=1)["active_run"]
        return None if active is None else str(active["run_id"])

    def say(self, text: Text, **values: object) -> str:
        return text.in_language(self.language).format(**values)

    def write(self, line: str, *, style: str = "") -> None:
        """Print one line as it is, whatever it holds."""
        if self.console.is_terminal:
            self.console.print(Line(clean_text(line), style=style))
        else:
            print(clean_text(line), file=self.console.file, flush=True)

    def _show(self, message: Body, *, active: Body | None) -> None:
        if message["role"] == "user":
            self.write(f"\n> {message['blocks'][0]['text']}", style="bold")
            return
        fold, reader = _read_fold(message), PartReader()
        if active is not None and message["run_id"] == active["run_id"]:
            self._play(active["run_id"], fold=fold, after=active["last_seq"], reader=reader)
            return
        view = self._choose_view(reader)
        with view:
            view.update(fold)

    def _play(self, run_id: str, *, fold: Fold, after: int, reader: PartReader) -> None:
        self._player(reader).play(run_id, fold=fold, after=after)

    def _settle(self, run_id: str, *, fold: Fold) -> None:
        reader = PartReader()
        reader.mark_printed(fold)
        player = self._player(reader)
        next_run = player.settle(run_id, fold=fold)
        if next_run is not None:
            fold.state = MessageState.STREAMING
            player.play(next_run, fold=fold)

    def _player(self, reader: PartReader) -> TurnPlayer:
        return TurnPlayer(self.client, view=self._choose_view(reader), decide=self._ask_person, language=self.language)

    def _choose_view(self, reader: PartReader) -> AnswerView:
        if self.console.is_terminal:
            return LiveView(self.console, language=self.language, reader=reader)
        return PlainView(language=self.language, reader=reader, out=sys.stdout, notes=sys.stdout)

    def _ask_person(self, approval: Block) -> Body | None:
        return ask_person(approval, console=self.console, language=self.language, read_line=self._read_line)


def report(conversation: Conversation, error: NotReachable | Refused) -> None:
    """Say what went wrong and what to do; the chat goes on."""
    if isinstance(error, NotReachable):
        conversation.write(conversation.say(texts.CONNECTION_GIVEN_UP), style="red")
        return
    conversation.write(error.detail, style="red")
    hint = conversation.say(texts.NOT_ALLOWED) if error.status == 401 else error.hint
    if hint:
        conversation.write(hint, style="yellow")


def _read_fold(message: dict[str, Any]) -> Fold:  # Any: JSON
    """A message of the transcript as the fold that further events are read into."""
    usage = message["usage"] or {}
    return Fold(
        blocks=message["blocks"],
        state=MessageState(message["state"]),
        mode=message["mode"],
        model=message["model"],
        error=message["error"],
        input_tokens=usage.get("input_tokens", 0),
        output_tokens=usage.get("output_tokens", 0),
        notice_count=sum(1 for block in message["blocks"] if block["type"] == "notice"),
    )
