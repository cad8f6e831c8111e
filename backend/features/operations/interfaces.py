"""What operating the product needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from backend.agent.domain import ToolStatistics
from backend.features.operations.domain import CatalogueEntry, Measurements, ServerDetail


class ToolCatalogue(Protocol):
    """Every tool of every server, hidden ones included, and the switches of each."""

    def entries(self) -> Sequence[CatalogueEntry]:
        """In stable order; a name stands there twice when two servers use it."""
        ...

    def server_details(self) -> Sequence[ServerDetail]: ...

    def statistics(self) -> Mapping[str, ToolStatistics]: ...

    def find(self, name: str) -> CatalogueEntry:
        """Raise NotFound."""
        ...

    def find_acceptable(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        """A foreign tool that can be accepted.

        Raise NotFound, InvalidInput for a trusted server's tool, or AlreadyDecided when its description is not the
        one with this fingerprint any more.
        """
        ...

    def find_server(self, name: str) -> ServerDetail:
        """A server that is switched on; raise NotFound."""
        ...

    async def set_enabled(self, name: str, *, is_enabled: bool) -> CatalogueEntry:
        """Switch a tool for this and later starts; raise NotFound."""
        ...

    async def accept(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        """Take the present description of a foreign tool as the right one; raises like `find_acceptable`."""
        ...

    async def reconnect(self, server: str) -> ServerDetail:
        """Replace the connections of a server; calls under way are finished. Raise NotFound."""
        ...


class MeasurementReader(Protocol):
    """Reads what the telemetry has gathered."""

    def read(self) -> Measurements: ...

    def write_exposition(self, *, active_runs: Mapping[str, int], servers: Sequence[ServerDetail]) -> tuple[bytes, str]:
        """The metrics in Prometheus' text format, with its content type."""
        ...
