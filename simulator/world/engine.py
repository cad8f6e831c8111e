"""What every controller works with: time, objects, events, names, images, the pod network and outages."""

from dataclasses import dataclass

from simulator.world.agenda import Agenda
from simulator.world.events import EventRecorder
from simulator.world.identity import Identities
from simulator.world.network import Network
from simulator.world.outages import Outages
from simulator.world.programs.registry import Registry
from simulator.world.state import ClusterState


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

    @property
    def now(self) -> float:
        return self.agenda.now
