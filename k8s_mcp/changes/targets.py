"""The object a change is made to, as it was read, and the digest that stands for exactly that state of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, read_int, read_maps, read_text
from k8s_mcp.cluster.interfaces import Resource

_WRITTEN_BY_THE_SERVER = {"managedFields", "resourceVersion"}


@dataclass(frozen=True, slots=True)
class Target:
    """One object as it was read for the question; `found` is None where there is none yet."""

    resource: Resource
    namespace: str | None
    name: str
    found: JsonObject | None

    @property
    def path(self) -> str:
        """Kind/namespace/name, the form every problem uses too."""
        return f"{self.resource.kind}/{self.namespace or ''}/{self.name}"

    @property
    def title(self) -> str:
        """As a sentence names it: `Deployment shop/web`, `Node worker-1`."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.resource.kind} {place}{self.name}"

    @property
    def uid(self) -> str:
        return read_text(self.found, "metadata", "uid")

    @property
    def version(self) -> str:
        """The resourceVersion that was read; a write that names it fails when the object was written since."""
        return read_text(self.found, "metadata", "resourceVersion")

    @property
    def generation(self) -> int:
        return read_int(self.found, "metadata", "generation")


def digest_targets(targets: Sequence[Target]) -> str:
    """What an approval is bound to: another digest means that somebody changed one of the objects.

    Status is left out, since it changes all the time. Who wrote the rest, and when, is part of it: so a state that
    was changed and changed back is not the same, and an approval that was used once is void.
    """
    content = [[target.path, target.resource.prefix, _what_counts(target.found)] for target in targets]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _what_counts(found: JsonObject | None) -> JsonObject | None:
    if found is None:
        return None
    metadata = found.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key not in _WRITTEN_BY_THE_SERVER}
    writers = [
        [read_text(entry, "manager"), read_text(entry, "operation"), read_text(entry, "time")]
        for entry in read_maps(metadata, "managedFields")
        if read_text(entry, "subresource") != "status"
    ]
    # Servers that keep no record of writers tell a change by the generation, or else by the version alone.
    is_told_apart = bool(writers) or "generation" in metadata
    version = {} if is_told_apart else {"resourceVersion": metadata.get("resourceVersion")}
    rest = {key: value for key, value in found.items() if key not in {"status", "metadata"}}
    return {**rest, "metadata": {**kept, **version}, "writers": sorted(writers)}
