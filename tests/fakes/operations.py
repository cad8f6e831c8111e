"""An operations service whose catalogue holds what a test puts there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.agent.domain import ServerState, ServerStatus, ToolStatistics
from backend.agent.interfaces import AuditTrail
from backend.features.operations.domain import CatalogueEntry, Hidden, HiddenReason, ServerDetail
from backend.features.operations.service import OperationsService
from backend.integrations.telemetry import RecordingTelemetry
from backend.vocabulary.errors import AlreadyDecided, NotFound
from backend.vocabulary.language import Text


class FixtureCatalogue:
    """Implements ToolCatalogue with one server, `foreign`."""

    def __init__(self, *entries: CatalogueEntry) -> None:
        self._entries = {entry.spec.name: entry for entry in entries}
        self.reconnected: list[str] = []

    def entries(self) -> Sequence[CatalogueEntry]:
        return list(self._entries.values())

    def server_details(self) -> Sequence[ServerDetail]:
        return [ServerDetail(status=ServerStatus(name="foreign", state=ServerState.CONNECTED))]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        return {}

    def find(self, name: str) -> CatalogueEntry:
        if name not in self._entries:
            raise NotFound(Text(en="no tool", zh="没有"))
        return self._entries[name]

    def find_acceptable(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        entry = self.find(name)
        if fingerprint not in {None, entry.fingerprint}:
            raise AlreadyDecided(Text(en="changed again", zh="又变了"))
        return entry

    def find_server(self, name: str) -> ServerDetail:
        if name != "foreign":
            raise NotFound(Text(en="no server", zh="没有"))
        return self.server_details()[0]

    async def set_enabled(self, name: str, *, is_enabled: bool) -> CatalogueEntry:
        hidden = None if is_enabled else Hidden(HiddenReason.DISABLED, "switched off")
        self._entries[name] = replace(self.find(name), hidden=hidden)
        return self._entries[name]

    async def accept(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        self._entries[name] = replace(self.find_acceptable(name, fingerprint=fingerprint), hidden=None)
        return self._entries[name]

    async def reconnect(self, server: str) -> ServerDetail:
        self.reconnected.append(server)
        return self.find_server(server)


async def _nothing_active() -> Sequence[str]:
    return ["running"]


def make_operations(audit: AuditTrail, *entries: CatalogueEntry) -> OperationsService:
    return OperationsService(
        catalogue=FixtureCatalogue(*entries),
        measurements=RecordingTelemetry(),
        audit=audit,
        list_active_states=_nothing_active,
    )
