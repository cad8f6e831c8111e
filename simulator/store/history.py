"""What happened to the objects of one resource, for watches and for lists of an older version."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.store.errors import Expired
from simulator.store.json_types import JsonObject

ChangeKind = Literal["ADDED", "MODIFIED", "DELETED"]
ObjectKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one object. `new` of a DELETED change is the last state, carrying the version of the deletion."""

    kind: ChangeKind
    version: int
    key: ObjectKey
    old: JsonObject | None
    new: JsonObject


class History:
    """The latest changes of one resource, oldest first; what falls out at the far end is gone (410)."""

    def __init__(self, *, size: int, floor: int) -> None:
        self._changes: deque[Change] = deque(maxlen=size)
        self.floor = floor
        """Changes at or below this version are not kept."""

    def record(self, change: Change) -> None:
        if len(self._changes) == self._changes.maxlen:
            self.floor = self._changes[0].version
        self._changes.append(change)

    def forget(self, *, up_to: int) -> None:
        """Drop everything at or below a version, as etcd's compaction does."""
        while self._changes and self._changes[0].version <= up_to:
            self._changes.popleft()
        self.floor = max(self.floor, up_to)

    def since(self, version: int) -> list[Change]:
        """Every change after a version; raise Expired when some of them are no longer kept."""
        if version < self.floor:
            raise Expired(wanted=version, oldest=self.floor)
        later = []
        for change in reversed(self._changes):
            if change.version <= version:
                break
            later.append(change)
        later.reverse()
        return later

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes)
