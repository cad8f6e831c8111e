"""Manifests as people and models give them: YAML or JSON, read strictly and bounded in size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map, read_maps, read_text

MAX_CHARACTERS = 256_000
MAX_DOCUMENTS = 10
_MAX_VALUES = 50_000
_MAX_DEPTH = 60

_FILLED_IN_BY_THE_SERVER = {"managedFields", "creationTimestamp", "generation", "selfLink", "uid"}


class BadManifest(ValueError):
    """The text is no manifest; the message says where and why."""


def read_manifests(text: str) -> list[JsonObject]:
    """The objects in the text, those of a List one by one, without what only the API server may say.

    Raises BadManifest for anything that could mean something else than what a person reads.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadManifest(f"the manifest has {len(text)} characters; {MAX_CHARACTERS} are allowed")
    documents = [item for document in _load(text) for item in _expand(document)]
    if not documents:
        raise BadManifest("the manifest holds no object")
    if len(documents) > MAX_DOCUMENTS:
        raise BadManifest(f"the manifest holds {len(documents)} objects; {MAX_DOCUMENTS} at a time are allowed")
    return [_check(document, number) for number, document in enumerate(documents, start=1)]


def _load(text: str) -> list[Any]:  # Any: what YAML holds
    try:
        documents = [document for document in yaml.load_all(text, Loader=_StrictLoader) if document is not None]
    except (yaml.YAMLError, RecursionError) as error:
        raise BadManifest(f"the manifest is no YAML: {_describe(error)}") from error
    budget = iter(range(_MAX_VALUES))
    return [_to_json(document, budget, depth=0) for document in documents]


def _describe(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f" at line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or type(error).__name__}{place}"


class _StrictLoader(yaml.SafeLoader):
    """As kubectl reads YAML: dates stay text, and a key that comes twice is a mistake, not the last one's win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # Any: YAML
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} comes twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _to_json(value: Any, budget: Iterator[int], *, depth: int) -> Any:  # Any: YAML, then JSON
    """A copy of plain JSON. Aliases are written out, so a small text that stands for a huge one is stopped here."""
    if next(budget, None) is None or depth > _MAX_DEPTH:
        raise BadManifest(f"the manifest holds more than {_MAX_VALUES} values or is nested too deeply")
    if isinstance(value, dict):
        return {_key(key): _to_json(item, budget, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_json(item, budget, depth=depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise BadManifest(f"{value} is no number in JSON")
    if value is None or isinstance(value, str | int | float):
        return value
    raise BadManifest(f"a value of type {type(value).__name__} has no place in a manifest")


def _key(key: object) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, str | int | float):
        return str(key)
    raise BadManifest(f"a key of type {type(key).__name__} has no place in a manifest")


def _expand(document: Any) -> list[Any]:  # Any: JSON
    if isinstance(document, dict) and read_text(document, "kind") == "List":
        return list(read_maps(document, "items"))
    return [document]


def _check(document: Any, number: int) -> JsonObject:  # Any: JSON
    if not isinstance(document, dict):
        raise BadManifest(f"object {number} is no mapping")
    for path in (("apiVersion",), ("kind",), ("metadata", "name")):
        if not read_text(document, *path):
            raise BadManifest(f"object {number} ({read_text(document, 'kind') or '?'}) lacks {'.'.join(path)}")
    metadata = {
        key: value for key, value in read_map(document, "metadata").items() if key not in _FILLED_IN_BY_THE_SERVER
    }
    kept = {key: value for key, value in document.items() if key != "status"}
    return {**kept, "metadata": metadata}


def object_key(document: JsonObject) -> tuple[str, str, str, str]:
    """What makes two documents mean the same object."""
    place = read_text(document, "metadata", "namespace")
    return read_text(document, "apiVersion"), read_text(document, "kind"), place, name_of(document)
