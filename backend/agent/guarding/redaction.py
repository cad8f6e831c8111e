"""The one place that hides secrets: every tool result passes here before it is stored, shown or sent to a model.

Tool servers of ours hide secrets themselves, where they know what a field means. This is the backstop for all others:
it knows nothing but text, so it looks for shapes and for telling names.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from backend.agent.domain import ConfirmationNeeded, ToolOutcome
from backend.agent.guarding.hostile_text import is_invisible, remove_invisible
from backend.agent.guarding.secret_assignments import find_assignments, is_credential_name, is_placeholder
from backend.agent.guarding.secret_manifests import find_manifest_values, is_secret_manifest
from backend.agent.guarding.secret_shapes import Span, find_shapes

_HINT = "[redacted "


def redact(text: str) -> str:
    """The text with every secret replaced by a hint of its length."""
    spans = _find_secrets(text)
    if not spans:
        return text
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        if _HINT in text[start:end] and text.startswith(_HINT, start):
            continue
        pieces += [text[position:start], hint(end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _find_secrets(text: str) -> list[Span]:
    """Looks through invisible characters, which are taken out later on and would then have hidden a secret from us."""
    visible = remove_invisible(text)
    spans = _merge([*find_shapes(visible), *find_assignments(visible), *find_manifest_values(visible)])
    if not spans or len(visible) == len(text):
        return spans
    places = [place for place, character in enumerate(text) if not is_invisible(character)]
    return [(places[start], places[end - 1] + 1) for start, end in spans]


def hint(length: int) -> str:
    """What stands in a secret's place: its length often tells a cut or doubled value."""
    return f"[redacted {length} chars]"


def redact_json(value: Any) -> Any:  # Any: JSON of no fixed shape
    """The same value with every secret in it replaced, found by shape or by the name of its field."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [redact_json(item) for item in value]
    if isinstance(value, Mapping):
        return _redact_object(value)
    return value


def redact_outcome(outcome: ToolOutcome) -> ToolOutcome:
    """A tool's answer, safe to keep."""
    failure = outcome.failure
    return replace(
        outcome,
        text=redact(outcome.text),
        structured=None if outcome.structured is None else redact_json(outcome.structured),
        failure=None if failure is None else replace(failure, message=redact(failure.message)),
    )


def redact_question(asked: ConfirmationNeeded) -> ConfirmationNeeded:
    """A server's question as a person may read it; the sealed state is for the server alone and stays as it is."""
    preview = None if asked.preview is None else redact_json(asked.preview)
    return replace(asked, question=remove_invisible(redact(asked.question)), preview=preview)


class RedactingFormatter(logging.Formatter):
    """Writes log records, tracebacks included, without the secrets in them."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _redact_object(value: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON of no fixed shape
    is_manifest = is_secret_manifest(value)
    name = value.get("name")
    names_a_credential = isinstance(name, str) and is_credential_name(name)
    redacted: dict[str, Any] = {}
    for key, item in value.items():
        if is_manifest and key in {"data", "stringData"}:
            redacted[redact(key)] = _hide_all(item)
        elif isinstance(item, str) and (is_credential_name(key) or (names_a_credential and key == "value")):
            redacted[redact(key)] = _hide(item)
        else:
            redacted[redact(key)] = redact_json(item)
    return redacted


def _hide(value: str) -> str:
    return value if is_placeholder(value) or value.startswith(_HINT) else hint(len(value))


def _hide_all(value: Any) -> Any:  # Any: JSON of no fixed shape
    if isinstance(value, str):
        return _hide(value)
    if isinstance(value, Mapping):
        return {key: _hide_all(item) for key, item in value.items()}
    return value


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
