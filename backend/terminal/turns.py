"""Plays one turn to its end: follow, ask the person, follow on."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from backend.features.chat.domain import MessageState
from backend.features.chat.transcript import Block, Fold, fold_event
from backend.terminal import texts
from backend.terminal.backend_client import BackendClient, Body, NotReachable, Refused
from backend.terminal.following import follow_run
from backend.terminal.parts import find_open_approval
from backend.terminal.views import AnswerView
from backend.vocabulary.language import Language

Decide = Callable[[Block], Body | None]
"""Asks a person about an approval: the decision to send, or None to leave it open."""


class Leave(Exception):
    """The person wants to go."""


class TurnPlayer:
    """Follows runs with one view; `decide` is asked whenever a run waits for a person."""

    def __init__(self, client: BackendClient, *, view: AnswerView, decide: Decide, language: Language) -> None:
        self._client = client
        self._view = view
        self._decide = decide
        self._language = language

    def play(self, run_id: str, *, fold: Fold, after: int = 0) -> str:
        """Fold until the turn is over or waits undecided; returns the id of the newest run."""
        while True:
            self._follow(run_id, fold=fold, after=after)
            next_run = self.settle(run_id, fold=fold)
            if next_run is None:
                return run_id
            run_id, after = next_run, 0
            fold.state = MessageState.STREAMING

    def settle(self, run_id: str, *, fold: Fold) -> str | None:
        """Have an open question answered; the id of the run that goes on from the answer."""
        approval = find_open_approval(fold) if fold.state is MessageState.INTERRUPTED else None
        decision = None if approval is None else self._decide(approval)
        if approval is None or decision is None:
            return None
        try:
            return str(self._client.decide(approval["id"], decision)["run_id"])
        except Refused as error:
            self._view.note(error.detail)
            if error.status != 409:
                return None
        # Somebody else was first: read on in the run that goes on from that decision.
        newest = self._client.read_messages(approval["session_id"], turns=1)["items"][-1]
        return None if newest["run_id"] in {run_id, None} else str(newest["run_id"])

    def _follow(self, run_id: str, *, fold: Fold, after: int) -> None:
        with self._view as view, stopping_on_interrupt(self._client, run_id, on_stop=self._say_stopping):
            for event in follow_run(self._client, run_id, after=after, on_break=self._say_broken):
                fold_event(fold, event)
                view.update(fold)

    def _say_broken(self, seconds: float) -> None:
        self._view.note(texts.CONNECTION_LOST.in_language(self._language).format(seconds=max(seconds, 1)))

    def _say_stopping(self) -> None:
        self._view.note(texts.CANCELLING.in_language(self._language))


@contextmanager
def stopping_on_interrupt(client: BackendClient, run_id: str, *, on_stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C asks the backend to stop the run and reads on to its end; the second leaves."""
    presses = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise Leave
        # Not here: the stream is being read on this very thread, and must not be disturbed.
        threading.Thread(target=_cancel, args=(client, run_id, on_stop), daemon=True).start()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.signal(signal.SIGINT, handle)  # Any: a handler in any of the forms signal knows
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _cancel(client: BackendClient, run_id: str, on_stop: Callable[[], None]) -> None:
    on_stop()
    try:
        client.cancel_run(run_id)
    except (NotReachable, Refused):
        # The view says that the connection is lost, or the run is over already.
        return
