"""What one cluster serves: the built-in resources and those that CustomResourceDefinitions add to it."""

from collections.abc import Iterator

from simulator.api_resources import RESOURCE_TYPES, ResourceType


class ResourceTable:
    """The table that discovery, routing and the store of one cluster share."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], ResourceType] = {}
        self._kinds: dict[tuple[str, str], ResourceType] = {}
        self.revision = 0
        """Grows with every change, so that what was derived from the table can be made again."""
        for entry in RESOURCE_TYPES:
            self.add(entry)

    def __iter__(self) -> Iterator[ResourceType]:
        """Every resource in discovery order."""
        return iter(tuple(self._entries.values()))

    def add(self, entry: ResourceType) -> None:
        """Serve a resource from now on, in place of one with the same path."""
        self._entries[entry.group, entry.version, entry.plural] = entry
        if entry.stored or entry.is_view:
            self._kinds[entry.api_version, entry.kind] = entry
        self.revision += 1

    def remove(self, entry: ResourceType) -> None:
        self._entries.pop((entry.group, entry.version, entry.plural), None)
        self._kinds.pop((entry.api_version, entry.kind), None)
        self.revision += 1

    def find(self, *, group: str, version: str, plural: str) -> ResourceType | None:
        """The served resource of that name, or None."""
        return self._entries.get((group, version, plural))

    def find_kind(self, *, api_version: str, kind: str) -> ResourceType | None:
        """The resource that a manifest's apiVersion and kind mean, or None."""
        return self._kinds.get((api_version, kind))

    def stored_form(self, entry: ResourceType) -> ResourceType:
        """The resource in whose form the objects are kept."""
        if not entry.is_view:
            return entry
        return self._entries[entry.group, entry.storage_version, entry.plural]

    def group_versions(self) -> list[tuple[str, str]]:
        """Every served group and version once, in discovery order."""
        return list(dict.fromkeys((group, version) for group, version, _ in self._entries))

    def resources_of(self, *, group: str, version: str) -> list[ResourceType]:
        return [entry for entry in self._entries.values() if (entry.group, entry.version) == (group, version)]
