"""What a server asks before it acts, in both protocol eras."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitRequestParams, ElicitResult, InputRequiredResult

from backend.integrations.mcp_servers.text import clean_json, clean_text

MAX_QUESTION_CHARACTERS = 4000
REMEMBER_KEY = "x-remember-key"
"""At a field of the form: approving everything under this key for the rest of a session is safe, says the server."""
_MAX_KEY_CHARACTERS = 200
PREVIEW = "x-preview"
_MAX_PREVIEW_CHARACTERS = 8000


@dataclass(frozen=True, slots=True)
class Question:
    """One question that a plain yes answers. `answers` holds that yes per input request, in JSON."""

    text: str
    answers: Mapping[str, Mapping[str, Any]]  # Any: JSON
    request_state: str | None = None
    is_legacy: bool = False
    remember_key: str | None = None
    preview: Mapping[str, Any] | None = None  # Any: JSON


class UnanswerableQuestion(Exception):
    """The server wants more than a yes: a text, a web page, a model's answer."""


def read_question(result: InputRequiredResult) -> Question:
    """Turn the server's input requests into one yes-or-no question; raise UnanswerableQuestion."""
    texts: list[str] = []
    answers: dict[str, Mapping[str, Any]] = {}  # Any: JSON
    remember_keys: list[str | None] = []
    previews: list[dict[str, Any] | None] = []  # Any: JSON
    for key, request in (result.input_requests or {}).items():
        if not isinstance(request, ElicitRequest) or not isinstance(request.params, ElicitRequestFormParams):
            raise UnanswerableQuestion(f"the server asks for {request.method}, which cannot be answered by yes or no")
        texts.append(request.params.message)
        answers[key] = yes_to(request.params)
        remember_keys.append(find_remember_key(request.params))
        previews.append(find_preview(request.params))
    if not answers:
        raise UnanswerableQuestion("the server wants the call repeated without asking anything")
    text = clean_text("\n\n".join(texts), limit=MAX_QUESTION_CHARACTERS)
    # Several questions at once have no one key that covers them all.
    remember_key = remember_keys[0] if len(remember_keys) == 1 else None
    return Question(
        text=text,
        answers=answers,
        request_state=result.request_state,
        remember_key=remember_key,
        preview=previews[0] if len(previews) == 1 else None,
    )


def find_remember_key(form: ElicitRequestFormParams) -> str | None:
    """The key the server names, when it names exactly one and it can be compared character by character."""
    document = form.requested_schema
    fields = [document, *document.get("properties", {}).values()]
    keys = {field[REMEMBER_KEY] for field in fields if isinstance(field.get(REMEMBER_KEY), str)}
    if len(keys) != 1:
        return None
    [key] = keys
    is_plain = 0 < len(key) <= _MAX_KEY_CHARACTERS and clean_text(key) == key
    return key if is_plain else None


def find_preview(form: ElicitRequestFormParams) -> dict[str, Any] | None:  # Any: JSON
    """What the change would do, when the server says it in a form that can be shown."""
    document = form.requested_schema
    fields = [document, *document.get("properties", {}).values()]
    found = [field[PREVIEW] for field in fields if isinstance(field.get(PREVIEW), dict)]
    if len(found) != 1 or len(json.dumps(found[0], ensure_ascii=False)) > _MAX_PREVIEW_CHARACTERS:
        return None
    preview: dict[str, Any] = clean_json(found[0])  # Any: JSON
    return preview


def yes_to(form: ElicitRequestFormParams) -> dict[str, Any]:  # Any: JSON
    """Fill a form by yes: booleans true, everything else by its default; raise UnanswerableQuestion."""
    document = form.requested_schema
    required = set(document.get("required", ()))
    content: dict[str, Any] = {}  # Any: JSON
    for name, field in document.get("properties", {}).items():
        if field.get("type") == "boolean":
            content[name] = True
        elif "default" in field:
            content[name] = field["default"]
        elif name in required:
            raise UnanswerableQuestion(f"the server asks to fill in {name!r}, which cannot be answered by yes or no")
    return content


class LegacyQuestions:
    """Answers servers of the old protocol, which ask in the middle of a call and wait.

    A person may need minutes and a restart may come between, so the first asking is declined and handed on as a
    question; after the yes the call is made again and the same question, word for word, is accepted once. A change has
    the connection to itself, because the protocol does not say which call a question belongs to.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Condition()
        self._readers = 0
        self._is_changing = False
        self._approved: str | None = None
        self._asked: Question | None = None

    async def answer(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        """The SDK's elicitation callback."""
        if not self._is_changing or not isinstance(params, ElicitRequestFormParams):
            return ElicitResult(action="decline")
        text = clean_text(params.message, limit=MAX_QUESTION_CHARACTERS)
        try:
            content = yes_to(params)
        except UnanswerableQuestion:
            return ElicitResult(action="decline")
        if self._approved == text:
            self._approved = None
            return ElicitResult(action="accept", content=content)
        self._asked = self._asked or Question(
            text=text,
            answers={},
            is_legacy=True,
            remember_key=find_remember_key(params),
            preview=find_preview(params),
        )
        return ElicitResult(action="decline")

    def take_asked(self) -> Question | None:
        """The question that was declined since the change began."""
        asked, self._asked = self._asked, None
        return asked

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        async with self._turn:
            await self._turn.wait_for(lambda: not self._is_changing)
            self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            await self._wake()

    @asynccontextmanager
    async def changing(self, *, approved: str | None) -> AsyncIterator[None]:
        async with self._turn:
            await self._turn.wait_for(lambda: not self._is_changing and self._readers == 0)
            self._is_changing = True
        self._approved, self._asked = approved, None
        try:
            yield
        finally:
            self._approved = None
            self._is_changing = False
            await self._wake()

    async def _wake(self) -> None:
        async with self._turn:
            self._turn.notify_all()
