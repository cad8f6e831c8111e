"""What a person sees before deciding: one change with everything that was found out about it, bounded in size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.difference import FieldChange

MAX_CHARACTERS = 7_000
"""Clients drop previews they find too long, and nobody reads this much anyway."""

_MAX_TEXT = 3_600
_MAX_CHANGES = 40
_MAX_TEXT_CHANGES = 15
_MAX_POD_NAMES = 10
_MAX_NOTES = 12
_RULE = Words(
    "The answer counts only as long as nobody else changes this.",
    "若其间有其他人改动了它，此回答即失效。",
)
_NO_REVERSE = Words("there is no reverse command.", "没有反向命令。")


class CallRisk(StrEnum):
    """What this very call does, where the tool's own risk says the worst it can do."""

    CHANGE = "change"
    """Something is added or replaced, and the service goes on."""
    DESTRUCTIVE = "destructive"
    """Something is taken away: pods, fields, data, protection."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object before and after."""

    object: str
    """Kind/namespace/name."""
    action: str
    """create, update, delete or unchanged."""
    fields: tuple[FieldChange, ...] = ()
    filled_in: int = 0
    """How many fields more the API server gives a new object by itself."""


@dataclass(frozen=True, slots=True)
class Preview:
    kind: str
    title: Words
    """The exact change, as a question."""
    objects: tuple[ObjectChange, ...]
    risk: CallRisk
    pods: tuple[str, ...] = ()
    """Names of the pods that stop or restart."""
    replicas: tuple[int, int] | None = None
    effects: tuple[Words, ...] = ()
    warnings: tuple[Words, ...] = ()
    unknown: tuple[Words, ...] = ()
    """What would have been shown and could not be found out."""
    undo: str | None = None
    """The tool call that turns the change back."""
    no_undo: Words | None = None
    """Why there is none."""
    cluster: str | None = None


def write_question(preview: Preview) -> str:
    """The preview as text; the exact change stands in the first line, the way back in a line of its own.

    Whoever is asked may read either language, and the client that asks does not say which.
    """
    lines = [preview.title.en, preview.title.zh]
    lines += [f"Cluster: {preview.cluster}"] if preview.cluster else []
    lines += [f"WARNING: {_in_both(words)}" for words in preview.warnings[:_MAX_NOTES]]
    lines += [_in_both(words) for words in preview.effects[:_MAX_NOTES]]
    if preview.pods:
        lines.append(f"Pods: {_list_pods(preview.pods)}")
    lines += [f"Not known: {_in_both(words)}" for words in preview.unknown[:_MAX_NOTES]]
    lines += _write_changes(preview.objects)
    lines.append(_write_undo(preview))
    lines.append(_in_both(_RULE))
    return _cut(lines)


def _in_both(words: Words) -> str:
    return f"{words.en} {words.zh}"


def _write_undo(preview: Preview) -> str:
    if preview.undo:
        return f"Undo: {preview.undo}"
    return f"Cannot be undone: {_in_both(preview.no_undo or _NO_REVERSE)}"


def _write_changes(objects: Sequence[ObjectChange]) -> list[str]:
    lines: list[str] = []
    for each in objects:
        if len(objects) > 1:
            lines.append(f"{each.action} {each.object}")
        shown = each.fields[: max(3, _MAX_TEXT_CHANGES // len(objects))]
        lines += [f"  {_write_field(field)}" for field in shown]
        if len(each.fields) > len(shown):
            lines.append(f"  … {len(each.fields) - len(shown)} more fields")
        if each.filled_in:
            lines.append(f"  and {each.filled_in} fields that the API server fills in")
    return lines


def _write_field(change: FieldChange) -> str:
    if change.before is None:
        return f"+ {change.field}: {change.after}"
    if change.after is None:
        return f"- {change.field}: {change.before}"
    return f"~ {change.field}: {change.before} → {change.after}"


def _list_pods(pods: Sequence[str]) -> str:
    more = len(pods) - _MAX_POD_NAMES
    return ", ".join(pods[:_MAX_POD_NAMES]) + (f" and {more} more" if more > 0 else "")


def _cut(lines: list[str]) -> str:
    """Leave lines out before the last two: the way back and the rule of the answer are always there."""
    *head, undo, rule = lines
    room = _MAX_TEXT - len(undo) - len(rule)
    kept: list[str] = []
    for line in head:
        room -= len(line) + 1
        if room < 0:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join([*kept, undo, rule])


def write_preview(preview: Preview) -> dict[str, Any]:  # Any: JSON
    """The preview for programs; fields are left out from the end until it fits."""
    kept = _MAX_CHANGES
    while True:
        document = _to_document(preview, max_changes=kept)
        if len(json.dumps(document, ensure_ascii=False)) <= MAX_CHARACTERS or not kept:
            return document
        kept //= 2


def _to_document(preview: Preview, *, max_changes: int) -> dict[str, Any]:  # Any: JSON
    objects = _share(preview.objects, max_changes)
    left_out = sum(len(each.fields) for each in preview.objects) - sum(len(each.fields) for each in objects)
    document: dict[str, Any] = {  # Any: JSON
        "kind": preview.kind,
        "title": _write_words(preview.title),
        "object": preview.objects[0].object if len(preview.objects) == 1 else None,
        "cluster": preview.cluster,
        "risk": preview.risk.value,
        **_write_objects(objects),
        "more_changes": left_out or None,
        "filled_in": sum(each.filled_in for each in preview.objects) or None,
        "pods": list(preview.pods[:_MAX_POD_NAMES]) or None,
        "pods_total": len(preview.pods) or None,
        "effects": _write_all(preview.effects),
        "warnings": _write_all(preview.warnings),
        "unknown": _write_all(preview.unknown),
        "undo": preview.undo,
        "no_undo": _write_words(preview.no_undo) if preview.no_undo and not preview.undo else None,
        "dry_run": "ok",
    }
    if preview.replicas is not None:
        before, after = preview.replicas
        document |= {"before": before, "after": after, "pods": after - before, "pods_total": None}
    return {key: value for key, value in document.items() if value is not None}


def _share(objects: Sequence[ObjectChange], max_changes: int) -> list[ObjectChange]:
    each_gets = max_changes // max(1, len(objects))
    return [replace(each, fields=each.fields[:each_gets]) for each in objects]


def _write_objects(objects: Sequence[ObjectChange]) -> dict[str, Any]:  # Any: JSON
    if len(objects) == 1:
        return {"changes": _write_fields(objects[0]) or None}
    return {
        "objects": [{"object": each.object, "action": each.action, "changes": _write_fields(each)} for each in objects]
    }


def _write_fields(change: ObjectChange) -> list[dict[str, str | None]]:
    return [{"field": each.field, "before": each.before, "after": each.after} for each in change.fields]


def _write_all(notes: Sequence[Words]) -> list[dict[str, str]] | None:
    return [_write_words(words) for words in notes[:_MAX_NOTES]] or None


def _write_words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}
