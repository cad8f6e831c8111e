"""Which run the current task works for, so that session-bound tools need no arguments a model could forge."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunScope:
    session_id: str
    run_id: str
    asked_by: str | None = None
    """The person whose question it is, for tool servers that act with that person's rights."""


_scope: ContextVar[RunScope | None] = ContextVar("run_scope", default=None)


@contextmanager
def run_scope(*, session_id: str, run_id: str, asked_by: str | None = None) -> Iterator[None]:
    """Tasks started inside inherit the scope."""
    token = _scope.set(RunScope(session_id=session_id, run_id=run_id, asked_by=asked_by))
    try:
        yield
    finally:
        _scope.reset(token)


def current_scope() -> RunScope | None:
    return _scope.get()
