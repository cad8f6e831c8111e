"""The living half of the simulator: controllers, scheduler and kubelets over one store, driven by one agenda."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from simulator.clock import SimulatedClock
from simulator.hosts.estate.fleet import Fleet
from simulator.hosts.step_runner import HostSteps
from simulator.store import ObjectStore
from simulator.world.agenda import Agenda
from simulator.world.controllers.api_service import ApiServiceController
from simulator.world.controllers.autoscaler import AutoscalerController
from simulator.world.controllers.cron_job import CronJobController
from simulator.world.controllers.daemon_set import DaemonSetController
from simulator.world.controllers.deployment import DeploymentController
from simulator.world.controllers.disruption import DisruptionController
from simulator.world.controllers.endpoints import EndpointsController
from simulator.world.controllers.garbage import GarbageCollector
from simulator.world.controllers.ingress import IngressController
from simulator.world.controllers.job import JobController
from simulator.world.controllers.namespace import NamespaceController
from simulator.world.controllers.node_lifecycle import NodeLifecycleController
from simulator.world.controllers.quota import QuotaController
from simulator.world.controllers.replica_set import ReplicaSetController
from simulator.world.controllers.stateful_set import StatefulSetController
from simulator.world.engine import Engine
from simulator.world.estate import initial_objects, read_catalogue, read_history
from simulator.world.events import EventRecorder
from simulator.world.identity import Identities
from simulator.world.kubelet.kubelets import Kubelets
from simulator.world.logs import WorldLogs
from simulator.world.machines import NodeMachines
from simulator.world.network import Network
from simulator.world.outages import Outages
from simulator.world.programs.registry import Registry
from simulator.world.scenario import Scenario, Step, host_scenarios, load_scenarios
from simulator.world.scheduling.scheduler import Scheduler
from simulator.world.state import ClusterState
from simulator.world.steps import StepRunner, create_object
from simulator.world.storage.attachments import Attachments
from simulator.world.storage.claims import VolumeController
from simulator.world.usage import WorldUsage

HISTORY = timedelta(days=9)
"""Age of the estate: the clock has to start that much before the present. Faults lie in its last hours."""

SETTING_HOURS_AGO = 12.0
"""When what a scenario adds to the estate came, long before any fault."""


class SimulatedWorld:
    """Everything that happens by itself in the cluster; user writes reach it through the store."""

    def __init__(self, store: ObjectStore, clock: SimulatedClock, *, seed: int, registry: Registry) -> None:
        agenda = Agenda(clock=clock)
        state = ClusterState(store)
        # Names and delays only have to look random and repeat with the seed.
        identities = Identities(Random(seed))  # noqa: S311
        events = EventRecorder(agenda, state, identities)
        self.store = store
        self.scenarios: tuple[Scenario, ...] = ()
        outages = Outages()
        attachments = Attachments(agenda=agenda, state=state, events=events)
        self._engine = Engine(agenda, state, events, identities, registry, Network(state), outages, attachments)
        self.fleet = Fleet(now=lambda: agenda.now)
        """The hosts: those of the nodes, and servers beside the cluster."""
        self._steps = StepRunner(store, outages, HostSteps(self.fleet))
        self._namespaces = NamespaceController(self._engine)
        self._kubelets = Kubelets(self._engine)
        self._scheduler = Scheduler(self._engine)
        self._controllers = (
            DeploymentController(self._engine),
            ReplicaSetController(self._engine),
            StatefulSetController(self._engine),
            DaemonSetController(self._engine),
            JobController(self._engine),
            VolumeController(self._engine),
            DisruptionController(self._engine),
            QuotaController(self._engine),
            CronJobController(self._engine),
            IngressController(self._engine),
            NodeLifecycleController(self._engine),
            EndpointsController(self._engine),
            GarbageCollector(self._engine),
        )
        self._api_services = ApiServiceController(self._engine)
        self._logs = WorldLogs(engine=self._engine, kubelets=self._kubelets)
        self._usage = WorldUsage(engine=self._engine, kubelets=self._kubelets)
        self._autoscalers = AutoscalerController(self._engine, usage=self._usage)
        self._machines = NodeMachines(self._engine, kubelets=self._kubelets, usage=self._usage, fleet=self.fleet)

    @property
    def outages(self) -> Outages:
        return self._engine.outages

    @property
    def logs(self) -> WorldLogs:
        return self._logs

    @property
    def usage(self) -> WorldUsage:
        return self._usage

    @property
    def metrics(self) -> WorldUsage:
        """The same as `usage`, under the name of the API it feeds."""
        return self._usage

    def run_until(self, now: datetime) -> None:
        """Let everything happen that is due up to a moment, moving the clock there."""
        self._engine.agenda.run_until(now.timestamp())

    def carry_out(self, steps: Sequence[Step]) -> None:
        """Do what a person would: change objects, or break and repair things on a host. Raise NotFound."""
        self._steps.carry_out(steps)

    def live_through(self, *, scenarios: Iterable[Scenario], days: float, as_twins: bool = False) -> None:
        """Create the estate and let its history pass, faults (or their healthy twins) included."""
        agenda, events = self._engine.agenda, self._engine.events
        present = agenda.now + days * 86400
        self.scenarios = tuple(scenarios)
        events.is_deferring = True
        for item in initial_objects():
            create_object(self.store, item)
        self._api_services.create_local()
        for change in read_history():
            step = Step(target=change.target, patch=change.patch)
            agenda.at(present - change.days_ago * 86400, partial(self.carry_out, (step,)))
        for scenario in self.scenarios:
            agenda.at(present - SETTING_HOURS_AGO * 3600, partial(self.carry_out, scenario.setting))
            twin = scenario.twin.steps if scenario.twin else ()
            steps = twin if as_twins else scenario.breaking
            agenda.at(present - scenario.minutes_ago * 60, partial(self.carry_out, steps))
        agenda.run_until(present)
        events.flush()
        for node in self._kubelets.nodes:
            node.beat_for_ever()
            node.renew_for_ever()


def build_world(
    store: ObjectStore,
    clock: SimulatedClock,
    *,
    seed: int = 7,
    scenarios: Iterable[str] | None = (),
    as_twins: bool = False,
) -> SimulatedWorld:
    """Fill the store and let HISTORY pass on the clock; raise UnknownScenario for an id that does not exist.

    `scenarios` None means those of the demo, on hosts too, empty means a healthy estate. `as_twins` gives the healthy
    twin of each.
    """
    chosen = load_scenarios(scenarios)
    if scenarios is None:
        chosen += [scenario for scenario in host_scenarios() if scenario.is_in_demo]
    world = SimulatedWorld(store, clock, seed=seed, registry=Registry(read_catalogue()))
    world.live_through(scenarios=chosen, days=HISTORY / timedelta(days=1), as_twins=as_twins)
    return world
