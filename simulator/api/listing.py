"""Lists of objects: at a version, selected, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.api.field_labels import accepts_fields, compile_field_selector
from simulator.api.paging import ContinueToken, decode_token
from simulator.api.status_errors import ApiError, bad_request, expired, too_large_version
from simulator.api_resources import ResourceType
from simulator.store import (
    Expired,
    FieldSelector,
    JsonObject,
    LabelSelector,
    ObjectStore,
    SelectorError,
    VersionTooLarge,
    parse_label_selector,
)
from simulator.store.history import ObjectKey

_TOO_OLD_LIST = "The resourceVersion for the provided list is too old."
_TOO_OLD_PAGE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What part of a resource a list or watch is about."""

    resource: ResourceType
    namespace: str | None
    labels: LabelSelector
    fields: FieldSelector

    @property
    def is_everything(self) -> bool:
        return not self.labels.requirements and not self.fields.requirements

    def accepts(self, item: JsonObject) -> bool:
        return self.labels.accepts(item["metadata"].get("labels")) and accepts_fields(self.fields, item)


@dataclass(frozen=True, slots=True)
class Page:
    items: list[JsonObject]
    metadata: JsonObject


def read_selection(resource: ResourceType, *, namespace: str, name: str = "", query: Mapping[str, str]) -> Selection:
    """The selectors of a request; raise 400 when they are malformed. A name narrows to one object."""
    try:
        labels = parse_label_selector(query.get("labelSelector", ""))
    except SelectorError as error:
        raise bad_request(f"unable to parse labelSelector: {error}") from error
    text = query.get("fieldSelector", "")
    if name:
        text = f"{text},metadata.name={name}" if text else f"metadata.name={name}"
    fields = compile_field_selector(resource, text)
    return Selection(resource, namespace or None, labels, fields)


def list_page(store: ObjectStore, selection: Selection, query: Mapping[str, str]) -> Page:
    """One page of the selected objects; raise 400, 410 or 504 as the query deserves."""
    token = decode_token(query["continue"], namespace=selection.namespace) if query.get("continue") else None
    limit = max(read_count(query, "limit"), 0)
    version = token.version if token else _listed_version(store, query)
    entries = _entries_at(store, selection, version=version, token=token)
    shown_version = store.version if version < 0 else version
    if token is not None:
        entries = [entry for entry in entries if entry[0] > token.after]
    if not selection.is_everything:
        entries = [entry for entry in entries if selection.accepts(entry[1])]
    metadata: JsonObject = {"resourceVersion": str(shown_version)}
    if limit and len(entries) > limit:
        last = ContinueToken(shown_version, entries[limit - 1][0])
        metadata["continue"] = last.encode(is_namespaced_list=selection.namespace is not None)
        if selection.is_everything:
            metadata["remainingItemCount"] = len(entries) - limit
        entries = entries[:limit]
    return Page([item for _, item in entries], metadata)


def _listed_version(store: ObjectStore, query: Mapping[str, str]) -> int:
    wanted = read_version(query)
    if wanted > store.version:
        raise too_large_version(f"Too large resource version: {wanted}, current: {store.version}")
    if query.get("resourceVersionMatch") == "Exact" and wanted > 0:
        return wanted
    return store.version


def _entries_at(
    store: ObjectStore, selection: Selection, *, version: int, token: ContinueToken | None
) -> list[tuple[ObjectKey, JsonObject]]:
    if version < 0 or version == store.version:
        return store.entries(selection.resource, namespace=selection.namespace)
    try:
        return store.snapshot(selection.resource, version=version, namespace=selection.namespace)
    except Expired as error:
        raise _expired_list(selection, token) from error
    except VersionTooLarge as error:
        raise too_large_version(str(error)) from error


def _expired_list(selection: Selection, token: ContinueToken | None) -> ApiError:
    if token is None:
        return expired(_TOO_OLD_LIST)
    restart = ContinueToken(-1, token.after).encode(is_namespaced_list=selection.namespace is not None)
    return expired(_TOO_OLD_PAGE, metadata={"continue": restart})


def read_version(query: Mapping[str, str]) -> int:
    """The resourceVersion of a query, 0 when there is none; raise 400 for text that is no number."""
    text = query.get("resourceVersion", "")
    if text and not text.isdigit():
        raise bad_request(f'invalid resource version "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text or 0)


def read_count(query: Mapping[str, str], name: str) -> int:
    """A whole number of a query, 0 when there is none; raise 400 for anything else."""
    text = query.get(name, "")
    try:
        return int(text or 0)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
