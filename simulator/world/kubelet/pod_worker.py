"""One pod on its node: volumes, network, init containers, containers, conditions, and its end."""

from collections.abc import Callable
from functools import partial

from simulator.api.admission.pod_defaults import quality_of_service
from simulator.api_resources import PODS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.kubelet.container_worker import ContainerWorker, PodPlace
from simulator.world.kubelet.environment import missing_volume
from simulator.world.kubelet.node_agent import NodeAgent
from simulator.world.kubelet.status import Conditions, waiting
from simulator.world.shapes import key_of, timestamp

FIRST_MOUNT_RETRY_SECONDS = 0.5
LONGEST_MOUNT_RETRY_SECONDS = 122.0


class PodWorker:
    """Owns the status of a pod from its binding to its removal."""

    def __init__(self, pod: JsonObject, *, engine: Engine, node: NodeAgent) -> None:
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
        self._init_done = 0
        self._mount_retry = FIRST_MOUNT_RETRY_SECONDS
        spec = pod["spec"]
        place = PodPlace(
            read=self._read,
            address=lambda: self.address,
            images=node.images,
            record=self._record,
            changed=self._container_changed,
        )
        self.init_containers = [
            ContainerWorker(item, engine=engine, place=place, is_init=True) for item in spec.get("initContainers") or []
        ]
        self.containers = [ContainerWorker(item, engine=engine, place=place) for item in spec["containers"]]

    def admit(self) -> None:
        """Accept the pod: show it as waiting and begin to prepare it."""
        first_reason = "PodInitializing" if self.init_containers else "ContainerCreating"
        for container in self.containers:
            container.state = waiting(first_reason)
        for container in self.init_containers:
            container.state = waiting("PodInitializing")
        self._publish()
        self._later(self._engine.identities.between(0.2, 0.5), self._mount)

    def stop(self, *, grace_seconds: float) -> None:
        """The pod is being deleted; it leaves the store when all its processes have ended."""
        if self._is_stopping:
            return
        self._is_stopping = True
        for container in (*self.init_containers, *self.containers):
            container.stop(grace_seconds=grace_seconds)
        self._finish_if_ended()

    def abandon(self) -> None:
        """The pod object is gone from the store."""
        self._is_over = True
        for container in (*self.init_containers, *self.containers):
            container.abandon()
        if self.address and not self._is_on_host():
            self.node.addresses.give_back(self.address)
            self.address = ""

    def retry_now(self) -> None:
        """Something the pod may be waiting for has appeared in its namespace."""
        if not self._has_network and not self._is_stopping:
            self._later(0.3, self._mount)
        for container in (*self.init_containers, *self.containers):
            container.retry_now()

    def container(self, name: str) -> ContainerWorker | None:
        return next((item for item in (*self.init_containers, *self.containers) if item.name == name), None)

    def _mount(self) -> None:
        if self._is_stopping or self._has_network:
            return
        problem = missing_volume(self._read(), store=self._engine.state.store)
        if problem is not None:
            self._record(reason="FailedMount", message=problem, warning=True)
            self._later(self._mount_retry, self._mount)
            self._mount_retry = min(self._mount_retry * 2, LONGEST_MOUNT_RETRY_SECONDS)
            return
        self._has_network = True
        self.address = self.node.address if self._is_on_host() else self.node.addresses.take()
        self._publish()
        self._later(self._engine.identities.between(0.2, 0.4), self._begin_next)

    def _begin_next(self) -> None:
        """Start the first init container that has not succeeded, or all containers when none is left."""
        if self._is_stopping:
            return
        pending = [item for item in self.init_containers if item.exit_code != 0]
        if pending:
            pending[0].begin()
            return
        for container in self.containers:
            if "waiting" in container.state:
                container.state = waiting("ContainerCreating")
            container.begin()

    def _container_changed(self) -> None:
        if self._is_over:
            return
        ended = [item for item in self.init_containers if item.exit_code == 0]
        self._publish()
        if self._is_stopping:
            self._finish_if_ended()
        elif self.init_containers and len(ended) > self._init_done:
            self._init_done = len(ended)
            self._later(0.2, self._begin_next)

    def _finish_if_ended(self) -> None:
        if any(item.is_running for item in (*self.init_containers, *self.containers)):
            return
        self._publish()
        self._later(0.2, self._remove)

    def _remove(self) -> None:
        namespace, name = self.key.split("/")
        self._engine.state.store.remove(PODS, namespace=namespace, name=name)

    def _publish(self) -> None:
        pod = self._engine.state.find(PODS, self.key)
        if pod is None or pod["metadata"]["uid"] != self.uid:
            return
        self._last_read = pod
        status = self._build_status(pod)
        if status != pod.get("status"):
            self._engine.state.set_status(PODS, self.key, status)

    def _build_status(self, pod: JsonObject) -> JsonObject:
        phase = self._phase(pod)
        self._update_conditions(phase)
        status: JsonObject = {
            "phase": phase,
            "conditions": self._conditions.listed(),
            "hostIP": self.node.address,
            "hostIPs": [{"ip": self.node.address}],
        }
        if self.address:
            status |= {"podIP": self.address, "podIPs": [{"ip": self.address}]}
        status["startTime"] = timestamp(self._started_at)
        if self.init_containers:
            status["initContainerStatuses"] = [item.status() for item in self.init_containers]
        status["containerStatuses"] = [item.status() for item in self.containers]
        status["qosClass"] = quality_of_service(pod["spec"])
        return status

    def _phase(self, pod: JsonObject) -> str:
        states = [item.state for item in self.containers]
        if any("waiting" in item.state and not item.last_state for item in self.containers):
            return "Pending"
        policy = pod["spec"].get("restartPolicy", "Always")
        if all("terminated" in state for state in states) and (self._is_stopping or policy != "Always"):
            codes = [state["terminated"]["exitCode"] for state in states]
            if policy == "OnFailure" and any(codes) and not self._is_stopping:
                return "Running"
            return "Failed" if any(codes) else "Succeeded"
        return "Running"

    def _update_conditions(self, phase: str) -> None:
        now = self._engine.now
        put = self._conditions.set
        over = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase)
        put("PodReadyToStartContainers", self._has_network and over is None, at=now)
        incomplete = [item.name for item in self.init_containers if item.exit_code != 0]
        if incomplete:
            names = " ".join(incomplete)
            message = f"containers with incomplete status: [{names}]"
            put("Initialized", False, at=now, reason="ContainersNotInitialized", message=message)
        else:
            put("Initialized", True, at=now, reason="PodCompleted" if phase == "Succeeded" else "")
        unready = [item.name for item in self.containers if not item.is_ready]
        for kind in ("Ready", "ContainersReady"):
            if over is not None:
                put(kind, False, at=now, reason=over)
            elif unready:
                message = f"containers with unready status: [{' '.join(unready)}]"
                put(kind, False, at=now, reason="ContainersNotReady", message=message)
            else:
                put(kind, True, at=now)
        put("PodScheduled", True, at=now)

    def _read(self) -> JsonObject:
        return self._engine.state.find(PODS, self.key) or self._last_read

    def _is_on_host(self) -> bool:
        return bool(self._last_read["spec"].get("hostNetwork"))

    def _record(self, *, reason: str, message: str, warning: bool, field_path: str = "") -> None:
        source = EventSource("kubelet", self.node.name)
        self._engine.events.record(
            self._read(), reason=reason, message=message, source=source, warning=warning, field_path=field_path
        )

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._engine.agenda.after(seconds, partial(self._run_unless_over, action))

    def _run_unless_over(self, action: Callable[[], None]) -> None:
        if not self._is_over:
            action()
