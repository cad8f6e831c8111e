"""What an operator can look at and switch."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from backend.agent.domain import ToolStatistics
from backend.agent.interfaces import AuditTrail
from backend.features.operations.domain import CatalogueEntry, Performance, ServerDetail
from backend.features.operations.interfaces import MeasurementReader, ToolCatalogue


class OperationsService:
    """Tools, servers and measurements. What changes something is audited before it is done."""

    def __init__(
        self,
        *,
        catalogue: ToolCatalogue,
        measurements: MeasurementReader,
        audit: AuditTrail,
        list_active_states: Callable[[], Awaitable[Sequence[str]]],
    ) -> None:
        """`list_active_states` gives the state of every run that is not over."""
        self._catalogue = catalogue
        self._measurements = measurements
        self._audit = audit
        self._list_active_states = list_active_states

    def list_tools(self) -> Sequence[CatalogueEntry]:
        return self._catalogue.entries()

    def list_servers(self) -> Sequence[ServerDetail]:
        return self._catalogue.server_details()

    def read_statistics(self) -> Mapping[str, ToolStatistics]:
        return self._catalogue.statistics()

    async def set_tool_enabled(self, name: str, *, is_enabled: bool, by: str) -> CatalogueEntry:
        """Raise NotFound."""
        entry = self._catalogue.find(name)
        action = "tool.enabled" if is_enabled else "tool.disabled"
        await self._audit.record(action, actor=by, subject=name, details={"server": entry.spec.server})
        return await self._catalogue.set_enabled(name, is_enabled=is_enabled)

    async def accept_tool(self, name: str, *, fingerprint: str | None, by: str) -> CatalogueEntry:
        """Raise NotFound, InvalidInput or AlreadyDecided."""
        entry = self._catalogue.find_acceptable(name, fingerprint=fingerprint)
        details = {"server": entry.spec.server, "fingerprint": entry.fingerprint}
        await self._audit.record("tool.accepted", actor=by, subject=name, details=details)
        return await self._catalogue.accept(name, fingerprint=entry.fingerprint)

    async def reconnect(self, server: str, *, by: str) -> ServerDetail:
        """Raise NotFound."""
        self._catalogue.find_server(server)
        await self._audit.record("server.reconnected", actor=by, subject=server, details={})
        return await self._catalogue.reconnect(server)

    async def measure(self) -> Performance:
        return Performance(measured=self._measurements.read(), active_runs=await self._count_active_runs())

    async def write_metrics(self) -> tuple[bytes, str]:
        """Prometheus' text format and its content type."""
        return self._measurements.write_exposition(
            active_runs=await self._count_active_runs(), servers=self._catalogue.server_details()
        )

    async def _count_active_runs(self) -> Mapping[str, int]:
        return {"queued": 0, "running": 0} | Counter(await self._list_active_states())
