"""Objects as JSON bytes, remembered per version so that large lists are joined instead of encoded again."""

from collections.abc import Iterable

import orjson

from simulator.api_resources import ResourceType
from simulator.store import ChangeKind, JsonObject, ObjectStore


class EncodedObjects:
    """The JSON of stored objects without kind and apiVersion, as lists carry them."""

    def __init__(self, store: ObjectStore) -> None:
        self._bare: dict[str, tuple[JsonObject, bytes]] = {}
        store.subscribe(self._forget)

    def bare(self, item: JsonObject) -> bytes:
        # Stored objects are never changed in place, so the same object means the same bytes.
        known = self._bare.get(item["metadata"]["uid"])
        if known is not None and known[0] is item:
            return known[1]
        encoded = encode_bare(item)
        self._bare[item["metadata"]["uid"]] = (item, encoded)
        return encoded

    def whole(self, item: JsonObject, *, resource: ResourceType) -> bytes:
        """One object, kind first."""
        return with_kind(self.bare(item), resource=resource)

    def _forget(self, kind: ChangeKind, _: ResourceType, __: JsonObject | None, new: JsonObject) -> None:
        if kind == "DELETED":
            self._bare.pop(new["metadata"]["uid"], None)


def encode(value: object) -> bytes:
    return orjson.dumps(value)


def encode_bare(item: JsonObject) -> bytes:
    return encode({field: value for field, value in item.items() if field not in {"kind", "apiVersion"}})


def with_kind(bare: bytes, *, resource: ResourceType) -> bytes:
    head = b'{"kind":%b,"apiVersion":%b' % (encode(resource.kind), encode(resource.api_version))
    return head + (b"}" if bare == b"{}" else b"," + bare[1:])


def encode_list(resource: ResourceType, *, metadata: JsonObject, items: Iterable[bytes]) -> bytes:
    head = b'{"kind":%b,"apiVersion":%b,"metadata":%b,"items":[' % (
        encode(resource.list_kind),
        encode(resource.api_version),
        encode(metadata),
    )
    return head + b",".join(items) + b"]}"
