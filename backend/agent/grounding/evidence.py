"""What the tools of a session have returned, ready to be compared with an answer."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backend.agent.domain import Json, ToolMessage, ToolOutcome, ToolStatus
from backend.agent.grounding.quantities import find_numbers

_MAX_RESULTS = 60
_SCOPE_ARGUMENTS = frozenset({"namespace", "all_namespaces", "limit", "cursor"})
_POD_SUFFIX = re.compile(r"(?P<owner>.+?)(?:-[a-z0-9]{6,10})?-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d{1,4})")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Listing:
    """One table of a result. `namespace` is None for the whole cluster."""

    call_id: str
    kind: str
    namespace: str | None
    rows: tuple[Mapping[str, str], ...]
    total: int
    abnormal: int
    is_complete: bool
    """Every object of the kind in the namespace is among the rows."""
    is_whole_page: bool
    """All that was asked for came back; what was asked for may have been a part."""

    def covers(self, namespace: str) -> bool:
        return self.namespace in {None, namespace}

    def rows_in(self, namespace: str | None) -> list[Mapping[str, str]]:
        return [row for row in self.rows if namespace is None or row.get("namespace") == namespace]

    def count_abnormal(self, namespace: str | None) -> int:
        if namespace is None or namespace == self.namespace:
            return self.abnormal
        return sum(1 for row in self.rows_in(namespace) if is_abnormal(row))


@dataclass(slots=True)
class Result:
    """One answered call: its texts, and its table if it has one."""

    call_id: str
    tool: str
    arguments: Json
    outcome: ToolOutcome
    listing: Listing | None = None
    haystack: str = field(init=False)
    numbers: tuple[float, ...] = field(init=False)
    """Those of the structured form; a figure in other units may be one of them."""

    def __post_init__(self) -> None:
        parts = [self.outcome.text, *_leaves(self.outcome.structured), *_leaves(self.arguments)]
        self.haystack = "\n".join(parts).casefold()
        self.numbers = tuple(find_numbers(self.outcome.structured))
        if self.outcome.status is ToolStatus.OK and self.outcome.structured is not None:
            self.listing = read_listing(self.call_id, self.outcome.structured, arguments=self.arguments)

    def contains(self, words: str) -> bool:
        """Whether the words stand in the result, not as a part of longer ones."""
        return contains_words(self.haystack, words.casefold())


class Evidence:
    """All results, newest last."""

    def __init__(self, messages: Iterable[ToolMessage]) -> None:
        self.results: Sequence[Result] = [
            Result(message.call.id, message.call.name, _read_arguments(message.call.arguments_text), message.outcome)
            for message in list(messages)[-_MAX_RESULTS:]
        ]

    @cached_property
    def listings(self) -> Sequence[Listing]:
        return [result.listing for result in self.results if result.listing is not None]

    @cached_property
    def namespaces(self) -> frozenset[str]:
        found: set[str] = set()
        for result in self.results:
            for place in (result.arguments, result.outcome.structured or {}):
                if isinstance(place.get("namespace"), str):
                    found.add(str(place["namespace"]))
        for listing in self.listings:
            found.update(row["namespace"] for row in listing.rows if row.get("namespace"))
        return frozenset(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """Objects that a result names as such."""
        found: set[str] = set()
        for listing in self.listings:
            found.update(row["name"] for row in listing.rows if row.get("name"))
            found.update(row["object"].rpartition("/")[2] for row in listing.rows if row.get("object"))
        for result in self.results:
            structured = result.outcome.structured or {}
            found.update(str(structured[key]) for key in ("name", "pod") if structured.get(key))
        workloads = {owner_of(name) for name in found}
        return frozenset(name for name in found | workloads if _NAME.fullmatch(name))

    def find(self, words: str) -> list[Result]:
        return [result for result in self.results if result.contains(words)]

    def rows_of(self, name: str, *, namespace: str | None = None) -> list[tuple[Mapping[str, str], str]]:
        """Rows of an object or of the pods made from it, each with its call, newest last."""
        found = []
        for result in self.results:
            for row in read_rows(result):
                is_meant = name in {row.get("name"), owner_of(row.get("name", ""))}
                if is_meant and namespace in {None, row.get("namespace")}:
                    found.append((row, result.call_id))
        return found

    def texts_about(self, name: str) -> Iterator[str]:
        """Everything that any result says of an object, its pods or its workload."""
        names = {name, owner_of(name)}
        for result in self.results:
            structured = result.outcome.structured or {}
            if names & _subjects(structured) or names & _subjects(result.arguments):
                yield result.haystack
            for row in result.listing.rows if result.listing else ():
                text = "\n".join(row.values())
                if any(contains_words(text, one) for one in names):
                    yield text.casefold()
            for problem in structured.get("problems") or ():
                if isinstance(problem, dict) and names & {owner_of(part) for part in _object_parts(problem)}:
                    yield json.dumps(problem, ensure_ascii=False).casefold()


def read_listing(call_id: str, structured: Json, *, arguments: Json) -> Listing | None:
    columns, rows, kind = structured.get("columns"), structured.get("rows"), structured.get("kind")
    if not isinstance(columns, list) or not isinstance(rows, list) or not isinstance(kind, str):
        return None
    keys = [str(column.get("key", "")) if isinstance(column, Mapping) else str(column) for column in columns]
    namespace = structured.get("namespace")
    # A namespace that all rows share stands beside them.
    shared = {"namespace": namespace} if isinstance(namespace, str) else {}
    read = tuple(
        {**shared, **dict(zip(keys, map(to_text, row), strict=False))} for row in rows if isinstance(row, list)
    )
    total = structured["total"] if isinstance(structured.get("total"), int) else len(read)
    is_whole_page = len(read) == total and not structured.get("next_cursor") and not arguments.get("cursor")
    is_filtered = any(value for key, value in arguments.items() if key not in _SCOPE_ARGUMENTS)
    abnormal = structured.get("abnormal")
    return Listing(
        call_id=call_id,
        kind=kind.removesuffix("List"),
        namespace=namespace if isinstance(namespace, str) else None,
        rows=read,
        total=total,
        abnormal=abnormal if isinstance(abnormal, int) else sum(1 for row in read if is_abnormal(row)),
        is_complete=is_whole_page and not is_filtered,
        is_whole_page=is_whole_page,
    )


def owner_of(name: str) -> str:
    """The workload that a pod's name was made from; the name itself when it has no such form."""
    match = _POD_SUFFIX.fullmatch(name)
    return match["owner"] if match else name


def is_abnormal(row: Mapping[str, str]) -> bool:
    return bool(row.get("problem"))


def to_text(value: object) -> str:
    return "" if value is None else str(value)


def contains_words(text: str, words: str) -> bool:
    position = text.find(words)
    while words and position >= 0:
        end = position + len(words)
        is_cut_before = position > 0 and _is_word(text[position - 1]) and _is_word(words[0])
        is_cut_after = end < len(text) and _is_word(text[end]) and _is_word(words[-1])
        if not is_cut_before and not is_cut_after:
            return True
        position = text.find(words, position + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def read_rows(result: Result) -> Iterator[Mapping[str, str]]:
    if result.listing is not None:
        yield from result.listing.rows
    structured = result.outcome.structured or {}
    if structured.get("kind") == "Pod" and result.outcome.status is ToolStatus.OK:
        containers = [item for item in structured.get("containers") or () if isinstance(item, dict)]
        yield {
            **{key: to_text(structured.get(key)) for key in ("namespace", "name", "status", "ready", "node")},
            "restarts": str(sum(item["restarts"] for item in containers if isinstance(item.get("restarts"), int))),
            "images": ",".join(to_text(item.get("image")) for item in containers),
            "problem": ", ".join(
                to_text(item.get("condition")) for item in structured.get("problems") or () if isinstance(item, dict)
            ),
        }


def _subjects(place: Json) -> set[str]:
    return {owner_of(str(place[key])) for key in ("name", "pod", "object_name") if place.get(key)} | {
        str(place[key]) for key in ("name", "pod", "object_name", "owner") if place.get(key)
    }


def _object_parts(problem: Json) -> list[str]:
    return str(problem.get("object", "")).split("/")


def _read_arguments(text: str) -> Json:
    try:
        value = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _leaves(value: Any) -> Iterator[str]:  # Any: JSON
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
