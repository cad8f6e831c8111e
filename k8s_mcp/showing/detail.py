"""The detail view of one object of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_flag, read_map, read_maps, read_text
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from k8s_mcp.cluster.interfaces import Resource
from k8s_mcp.listing.events import ago
from k8s_mcp.listing.pods import age_of
from k8s_mcp.results import ConditionView, EventView, ResourceResult
from k8s_mcp.showing.field_paths import read_field
from k8s_mcp.showing.hiding import hide_secrets
from k8s_mcp.showing.outline import write_outline
from k8s_mcp.showing.trimming import drop_defaults, drop_noise, trim
from mcp_kit.sanitising import sanitise_line

WHOLE_BUDGET = 4_000
"""Characters of an object shown as a whole: about a thousand tokens."""

PART_BUDGET = 24_000
"""Characters of the one part that was asked for."""

_UNREAD_STATUS = {"Node": ("images", "daemonEndpoints", "volumesAttached", "volumesInUse", "features")}
"""Long parts of a status that answer no usual question; `field` shows them."""

_CUT = "parts were cut: give field, e.g. spec.template, to read one in full"
MAX_EVENTS = 15
_MAX_MESSAGE = 400


def make_detail(
    source: JsonObject,
    resource: Resource,
    *,
    cluster: str,
    field: str | None,
    facts: Mapping[str, str],
    events: Sequence[EventFacts],
    now: datetime,
    notes: Sequence[str] = (),
) -> ResourceResult:
    """`notes` say what could not be read. Raises a ToolError when the field is not there."""
    shown = hide_secrets({**source, "kind": resource.kind})
    fields, is_cut = _choose_fields(shown, field)
    place = namespace_of(source)
    return ResourceResult(
        cluster=cluster,
        resource=resource.qualified_name,
        object="/".join([resource.kind, *([place] if place else []), name_of(source)]),
        api_version=resource.api_version,
        age=age_of(source, now),
        owner=_owner_of(source),
        facts=dict(facts),
        conditions=[] if field else [_view_condition(each, now) for each in read_maps(shown, "status", "conditions")],
        fields=fields,
        is_cut=is_cut,
        events=view_events(events, now=now),
        note="; ".join([*notes, *([_CUT] if is_cut else [])]) or None,
    )


def _choose_fields(shown: JsonObject, field: str | None) -> tuple[JsonObject, bool]:
    if field is not None:
        part, is_cut = trim(read_field(shown, field), budget=PART_BUDGET)
        return {field: part}, is_cut
    status = {key: value for key, value in read_map(shown, "status").items() if key != "conditions"}
    for unread in _UNREAD_STATUS.get(read_text(shown, "kind"), ()):
        status.pop(unread, None)
    whole = {
        "metadata": drop_noise(read_map(shown, "metadata")),
        **{key: value for key, value in shown.items() if key not in {"apiVersion", "kind", "metadata", "status"}},
        "status": status,
    }
    for known in ("name", "namespace", "creationTimestamp", "ownerReferences", "generation"):
        whole["metadata"].pop(known, None)
    trimmed, is_cut = trim(drop_defaults({key: value for key, value in whole.items() if value}), budget=WHOLE_BUDGET)
    return (trimmed if isinstance(trimmed, dict) else {}), is_cut


def _owner_of(source: JsonObject) -> str | None:
    owners = read_maps(source, "metadata", "ownerReferences")
    owner = next((each for each in owners if read_flag(each, "controller")), owners[0] if owners else None)
    return f"{read_text(owner, 'kind')}/{read_text(owner, 'name')}" if owner else None


def _view_condition(condition: JsonObject, now: datetime) -> ConditionView:
    since = seconds_between(parse_time(read_text(condition, "lastTransitionTime")), now)
    message = sanitise_line(read_text(condition, "message"), max_characters=_MAX_MESSAGE)
    return ConditionView(
        type=read_text(condition, "type"),
        status=read_text(condition, "status"),
        reason=read_text(condition, "reason"),
        message=message if since is None else f"{message} (for {shorten_duration(since)})".strip(),
    )


def view_events(events: Sequence[EventFacts], *, now: datetime, limit: int = MAX_EVENTS) -> list[EventView]:
    """The latest events, newest first."""
    ordered = sorted(events, key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0, reverse=True)
    return [
        EventView(
            type=event.type,
            reason=event.reason,
            message=event.message,
            count=event.count,
            first_seen=ago(event.first_seen, now),
            last_seen=ago(event.last_seen, now),
        )
        for event in ordered[:limit]
    ]


def write_detail_text(result: ResourceResult) -> str:
    owner = f", owner {result.owner}" if result.owner else ""
    lines = [f"{result.object} ({result.api_version}) in cluster {result.cluster}, age {result.age}{owner}"]
    lines.extend(f"{name}: {fact}" for name, fact in result.facts.items())
    lines.extend(
        f"condition {each.type}={each.status} {each.reason} {each.message}".rstrip() for each in result.conditions
    )
    lines.extend(write_outline(result.fields))
    lines.extend(write_event_lines(result.events) if result.events or not result.note else [])
    lines.extend(note for note in [result.note] if note)
    return "\n".join(lines)


def write_event_lines(events: Sequence[EventView]) -> list[str]:
    if not events:
        return ["events: none"]
    return [
        "events (last seen, first seen, count):",
        *(
            f"  {each.last_seen} {each.first_seen} x{each.count} {each.type} {each.reason} {each.message}"
            for each in events
        ),
    ]
