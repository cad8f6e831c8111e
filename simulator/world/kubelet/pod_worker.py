"""One pod on its node: volumes, network, init containers, containers, and its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from simulator.api.admission.pod_defaults import quality_of_service
from simulator.api_resources import PODS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.kubelet.container_start import sandbox_memory_problem
from simulator.world.kubelet.container_worker import ContainerWorker, PodPlace
from simulator.world.kubelet.node_agent import NodeAgent
from simulator.world.kubelet.pod_status import is_initialised, phase_of, update_conditions
from simulator.world.kubelet.pod_volumes import mount_problem, wait_problem
from simulator.world.kubelet.status import Conditions, waiting
from simulator.world.shapes import key_of, timestamp

FIRST_MOUNT_RETRY_SECONDS = 0.5
LONGEST_MOUNT_RETRY_SECONDS = 122.0
SANDBOX_RETRY_SECONDS = (12.0, 15.0)
ATTACH_COMPLAINT_SECONDS = 123.0
DEADLINE = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


Started = Callable[["PodWorker", ContainerWorker], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a pod ended other than by its own containers."""

    reason: str
    message: str
    is_disruption: bool = False


class PodWorker:
    """Owns the status of a pod from its binding to its removal."""

    def __init__(self, pod: JsonObject, *, engine: Engine, node: NodeAgent, started: Started) -> None:
        self.key = key_of(pod)
        self.uid: str = pod["metadata"]["uid"]
        self.node = node
        self.address = ""
        self._engine = engine
        self._last_read = pod
        self._conditions = Conditions()
        self._conditions.take_over((pod.get("status") or {}).get("conditions") or [])
        self._started_at = engine.now
        self._is_stopping = False
        self._is_over = False
        self._has_network = False
        self._ending: Ending | None = None
        self._started_init = 0
        self._mount_retry = FIRST_MOUNT_RETRY_SECONDS
        spec = pod["spec"]
        place = PodPlace(
            read=self.read,
            address=lambda: self.address,
            images=node.images,
            record=self._record,
            changed=self._container_changed,
            taken_ports=self._taken_ports,
            paths=set(),
            architecture=node.architecture,
            memory=node.memory,
            started=lambda container: started(self, container),
        )
        self.init_containers = [
            ContainerWorker(item, engine=engine, place=place, is_init=True) for item in spec.get("initContainers") or []
        ]
        self.containers = [ContainerWorker(item, engine=engine, place=place) for item in spec["containers"]]

    @property
    def is_ended(self) -> bool:
        """Evicted, or past its deadline: nothing of it will run again."""
        return self._ending is not None

    def admit(self) -> None:
        """Accept the pod: show it as waiting and begin to prepare it."""
        first_reason = "PodInitializing" if self.init_containers else "ContainerCreating"
        for container in self.containers:
            container.state = waiting(first_reason)
        for container in self.init_containers:
            container.state = waiting("PodInitializing")
        self._publish()
        self._later(self._engine.identities.between(0.2, 0.5), self._mount)
        deadline = self.read()["spec"].get("activeDeadlineSeconds")
        if deadline is not None:
            self._later(deadline, lambda: self.end(Ending(*DEADLINE)))

    def stop(self, *, grace_seconds: float) -> None:
        """The pod is being deleted; it leaves the store when all its processes have ended."""
        if self._is_stopping and not self.is_ended:
            return
        self._is_stopping = True
        if self.node.is_silent:
            # Nobody on the node hears of the deletion before its kubelet is back.
            self.node.when_back(lambda: self._stop_all(grace_seconds=grace_seconds))
        else:
            self._stop_all(grace_seconds=grace_seconds)

    def end(self, ending: Ending, *, grace_seconds: float = 0.5) -> None:
        """The kubelet itself ends the pod, which stays in the store as failed."""
        if self._is_stopping or self._is_over:
            return
        self._ending = ending
        self._is_stopping = True
        for container in self._all_containers():
            container.stop(grace_seconds=grace_seconds)
        self._publish()

    def abandon(self) -> None:
        """The pod object is gone from the store."""
        self._is_over = True
        for container in self._all_containers():
            container.abandon()
        if self.address and not self._is_on_host():
            self.node.return_address(self.address)
            self.address = ""

    def retry_now(self) -> None:
        """Something the pod may be waiting for has appeared in its namespace."""
        if not self._has_network and not self._is_stopping:
            self._later(0.3, self._mount)
        for container in self._all_containers():
            container.retry_now()

    def publish(self) -> None:
        """Write what is the case, after a time in which nothing could be written."""
        self._publish()

    def is_listening(self, port: int) -> bool:
        return any(container.is_listening(port) for container in self._all_containers())

    def container(self, name: str) -> ContainerWorker | None:
        return next((item for item in self._all_containers() if item.name == name), None)

    def _all_containers(self) -> Iterator[ContainerWorker]:
        yield from self.init_containers
        yield from self.containers

    def _stop_all(self, *, grace_seconds: float) -> None:
        for container in self._all_containers():
            container.stop(grace_seconds=grace_seconds)
        self._finish_if_ended()

    def _mount(self) -> None:
        if self._is_stopping or self._has_network:
            return
        pod = self.read()
        unattached = self._engine.attachments.missing_for(pod)
        problem = mount_problem(pod, engine=self._engine)
        if unattached:
            self._later(1.0, self._mount)
            self._complain_of_attachment(pod, unattached)
        elif problem is not None:
            self._record(reason="FailedMount", message=problem, warning=True)
            self._later(self._mount_retry, self._mount)
            self._mount_retry = min(self._mount_retry * 2, LONGEST_MOUNT_RETRY_SECONDS)
        else:
            self._enter_network()

    def _complain_of_attachment(self, pod: JsonObject, unattached: list[str]) -> None:
        """Once in two minutes the kubelet says what it waits for."""
        waited = self._engine.now - self._started_at
        if waited > 1 and int(waited) % int(ATTACH_COMPLAINT_SECONDS) == 0:
            self._record(reason="FailedMount", message=wait_problem(pod, unattached), warning=True)

    def _enter_network(self) -> None:
        if self._is_stopping or self._has_network:
            return
        sandbox = self._engine.identities.container_id().removeprefix("containerd://")
        problem = sandbox_memory_problem(self.read())
        if problem is None and not self._is_on_host():
            problem = self.node.sandbox_problem(sandbox)
        if problem is not None:
            message = f"Failed to create pod sandbox: {problem}"
            self._record(reason="FailedCreatePodSandBox", message=message, warning=True)
            self._later(self._engine.identities.between(*SANDBOX_RETRY_SECONDS), self._enter_network)
            return
        self.address = self.node.address if self._is_on_host() else self.node.take_address()
        self._has_network = True
        self._publish()
        self._later(self._engine.identities.between(0.2, 0.4), self._begin_next)

    def _begin_next(self) -> None:
        """Start the first init container that has not done its work, or all containers when none is left."""
        if self._is_stopping:
            return
        pending = [item for item in self.init_containers if not is_initialised(item)]
        if pending:
            if "waiting" in pending[0].state or pending[0].exit_code is not None:
                pending[0].begin()
            return
        for container in self.containers:
            if "waiting" in container.state:
                container.state = waiting("ContainerCreating")
                container.begin()

    def _container_changed(self) -> None:
        if self._is_over:
            return
        started = sum(1 for item in self.init_containers if is_initialised(item))
        self._publish()
        if self._is_stopping:
            self._finish_if_ended()
        elif self.init_containers and started > self._started_init:
            self._started_init = started
            self._later(0.2, self._begin_next)
        elif phase_of(self.read(), containers=self.containers, is_stopping=False) in {"Succeeded", "Failed"}:
            self._end_sidecars()

    def _end_sidecars(self) -> None:
        """The containers have done their work for good, so nobody needs the sidecars any more."""
        for container in self.init_containers:
            if container.is_sidecar and container.is_running:
                container.stop(grace_seconds=self.read()["spec"].get("terminationGracePeriodSeconds", 30))

    def _finish_if_ended(self) -> None:
        if any(item.is_running for item in self._all_containers()):
            return
        self._publish()
        if self.read()["metadata"].get("deletionTimestamp"):
            self._later(0.2, self._remove)

    def _remove(self) -> None:
        namespace, name = self.key.split("/")
        self._engine.state.store.remove(PODS, namespace=namespace, name=name)

    def _publish(self) -> None:
        pod = self._engine.state.find(PODS, self.key)
        if pod is None or pod["metadata"]["uid"] != self.uid or self.node.is_silent:
            return
        self._last_read = pod
        status = self._build_status(pod)
        if status != pod.get("status"):
            self._engine.state.set_status(PODS, self.key, status)

    def _build_status(self, pod: JsonObject) -> JsonObject:
        phase = phase_of(pod, containers=self.containers, is_stopping=self._is_stopping)
        self._conditions.adopt_foreign((pod.get("status") or {}).get("conditions") or [])
        ending = self._ending
        if ending is not None:
            phase = "Failed"
            if ending.is_disruption:
                self._conditions.set(
                    "DisruptionTarget", True, at=self._engine.now, reason="TerminationByKubelet", message=ending.message
                )
        update_conditions(
            self._conditions,
            phase=phase,
            has_network=self._has_network,
            init_containers=self.init_containers,
            containers=self.containers,
            gates=[gate["conditionType"] for gate in pod["spec"].get("readinessGates") or []],
            now=self._engine.now,
        )
        status: JsonObject = {"phase": phase, "conditions": self._conditions.listed()}
        if ending is not None:
            status |= {"message": ending.message, "reason": ending.reason}
        status |= {"hostIP": self.node.address, "hostIPs": [{"ip": self.node.address}]}
        if self.address:
            status |= {"podIP": self.address, "podIPs": [{"ip": self.address}]}
        status["startTime"] = timestamp(self._started_at)
        if self.init_containers:
            status["initContainerStatuses"] = [item.status() for item in self.init_containers]
        status["containerStatuses"] = [item.status() for item in self.containers]
        status["qosClass"] = quality_of_service(pod["spec"])
        return status

    def _taken_ports(self) -> set[int]:
        """Ports that something in the pod's network listens on, or is about to."""
        runs = (item.run for item in self._all_containers() if item.is_running)
        return {port for run in runs if run is not None for port in run.plan.listens_on}

    def read(self) -> JsonObject:
        return self._engine.state.find(PODS, self.key) or self._last_read

    def _is_on_host(self) -> bool:
        return bool(self._last_read["spec"].get("hostNetwork"))

    def _record(self, *, reason: str, message: str, warning: bool, field_path: str = "") -> None:
        if self.node.is_silent:
            return
        source = EventSource("kubelet", self.node.name)
        self._engine.events.record(
            self.read(), reason=reason, message=message, source=source, warning=warning, field_path=field_path
        )

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._engine.agenda.after(seconds, partial(self._run_unless_over, action))

    def _run_unless_over(self, action: Callable[[], None]) -> None:
        if not self._is_over:
            action()
