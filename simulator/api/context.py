"""What every handler works with, and the request it handles."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.api.access import User
from simulator.api.encoding import EncodedObjects
from simulator.api.request_info import RequestInfo
from simulator.api.watching import WatchHub
from simulator.api_resources import ResourceType
from simulator.clock import SimulatedClock
from simulator.interfaces import PodLogs, ResourceUsage
from simulator.store import ObjectStore


@dataclass(frozen=True, slots=True)
class ApiContext:
    store: ObjectStore
    clock: SimulatedClock
    logs: PodLogs
    usage: ResourceUsage
    encoded: EncodedObjects
    hub: WatchHub


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request for a served resource, its body read."""

    info: RequestInfo
    resource: ResourceType
    """The form in which the objects are kept."""
    asked: ResourceType
    """The form in which the caller writes and reads them; as a rule the same."""
    user: User
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def accept(self) -> str | None:
        return self.headers.get("accept")

    @property
    def is_dry_run(self) -> bool:
        return self.query.get("dryRun") == "All"

    @property
    def field_manager(self) -> str:
        """The name under which changes are remembered: as given, else the client's program."""
        program = self.headers.get("user-agent", "").partition("/")[0]
        return self.query.get("fieldManager") or program or "unknown"
