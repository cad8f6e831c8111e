"""What every controller works with: time, objects, events, names, images, network, outages, attached volumes."""

from dataclasses import dataclass

from simulator.world.agenda import Agenda
from simulator.world.events import EventRecorder
from simulator.world.identity import Identities
from simulator.world.network import Network
from simulator.world.outages import Outages
from simulator.world.programs.registry import Registry
from simulator.world.state import ClusterState
from simulator.world.storage.attachments import Attachments


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts are shared by all controllers of one world."""

    agenda: Agenda
    state: ClusterState
    events: EventRecorder
    identities: Identities
    registry: Registry
    network: Network
    outages: Outages
    attachments: Attachments

    @property
    def now(self) -> float:
        return self.agenda.now
