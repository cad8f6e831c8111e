"""What one node has: its address, the pod addresses it gives out, the images it holds, its heartbeat."""

from collections.abc import Callable

from simulator.api_resources import LEASES, NODES
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.identity import AddressesExhausted, AddressPool, image_digest, process_id
from simulator.world.kubelet.node_conditions import NO_NETWORK, RUNTIME_DOWN, NodeHealth, conditions_of
from simulator.world.kubelet.node_memory import NodeMemory, Tenant
from simulator.world.outages import OutageKind
from simulator.world.shapes import memory_bytes, micro_timestamp

HEARTBEAT_SECONDS = 300.0
"""Unchanged node status is posted every five minutes, as a kubelet does by default."""

LEASE_SECONDS = 10.0
LEASE_NAMESPACE = "kube-node-lease"
NOTICES_AFTER_SECONDS = 10.0
"""How often the kubelet looks at its host."""

SHOWN_IMAGES = 50
NO_RUNTIME = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix '
    '/run/containerd/containerd.sock: connect: connection refused"'
)
NO_PLUGIN_STATE = (
    'rpc error: code = Unknown desc = failed to setup network for sandbox "{sandbox}": plugin type="calico" failed '
    "(add): stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running "
    "and has mounted /var/lib/calico/"
)
FULL_RANGE = 'rpc error: code = Unknown desc = failed to setup network for sandbox "{sandbox}": {error}'


class NodeAgent:
    """The kubelet's view of its own node."""

    def __init__(self, node: JsonObject, *, engine: Engine) -> None:
        self.name: str = node["metadata"]["name"]
        status = node.get("status") or {}
        addresses = status.get("addresses") or []
        self.address: str = next((item["address"] for item in addresses if item["type"] == "InternalIP"), "")
        self.architecture: str = (status.get("nodeInfo") or {}).get("architecture") or "amd64"
        self.images: set[str] = set()
        self.memory = NodeMemory(
            capacity=memory_bytes((status.get("capacity") or {}).get("memory")), agenda=engine.agenda
        )
        self.memory.on_kill = self._tell_of_kill
        self.has_memory_pressure = False
        self.on_return: Callable[[], None] = lambda: None
        """Called when the kubelet runs again after it was silent."""
        self._addresses = AddressPool(node["spec"].get("podCIDR", "10.244.0.0/24"))
        self._engine = engine
        self._is_unschedulable = bool(node["spec"].get("unschedulable"))
        self._waiting_for_return: list[Callable[[], None]] = []
        engine.outages.watch(self._outage_changed)

    @property
    def is_silent(self) -> bool:
        """The kubelet does not run, so nothing is reported and nothing is asked of the node."""
        return self._has("kubelet-stopped")

    @property
    def has_disk_pressure(self) -> bool:
        return self._has("disk-full")

    @property
    def has_pid_pressure(self) -> bool:
        return self._has("process-ids-exhausted")

    def when_back(self, action: Callable[[], None]) -> None:
        """Do something as soon as the kubelet runs again."""
        self._waiting_for_return.append(action)

    def sandbox_problem(self, sandbox: str) -> str | None:
        """Why no network can be made for a new pod on this node, in the runtime's words."""
        if self._has("container-runtime-stopped"):
            return NO_RUNTIME
        if self._has("network-plugin-failing") or self._has("network-plugin-missing"):
            return NO_PLUGIN_STATE.format(sandbox=sandbox)
        try:
            self._addresses.give_back(self._addresses.take())
        except AddressesExhausted as error:
            return FULL_RANGE.format(sandbox=sandbox, error=error)
        return None

    def take_address(self) -> str:
        """A pod's address; raise AddressesExhausted."""
        return self._addresses.take()

    def return_address(self, address: str) -> None:
        self._addresses.give_back(address)

    def register(self) -> None:
        """Report the node as ready and announce it, as a kubelet does when it comes up."""
        self._renew_lease()
        self.beat()
        node = self._engine.state.store.get(NODES, name=self.name)
        for reason in ("Starting", "NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"):
            message = "Starting kubelet." if reason == "Starting" else f"Node {self.name} status is now: {reason}"
            self._say(node, reason=reason, message=message)
        self._say(node, reason="NodeAllocatableEnforced", message="Updated Node Allocatable limit across pods")
        self._say(node, reason="NodeReady", message=f"Node {self.name} status is now: NodeReady")
        message = f"Node {self.name} event: Registered Node {self.name} in Controller"
        self._engine.events.record(
            node, reason="RegisteredNode", message=message, source=EventSource("node-controller")
        )

    def notice(self, node: JsonObject) -> None:
        """The node object changed: cordoning is reported by the kubelet itself."""
        is_unschedulable = bool(node["spec"].get("unschedulable"))
        if is_unschedulable != self._is_unschedulable:
            self._is_unschedulable = is_unschedulable
            reason = "NodeNotSchedulable" if is_unschedulable else "NodeSchedulable"
            self._say(node, reason=reason, message=f"Node {self.name} status is now: {reason}")

    def beat_for_ever(self) -> None:
        """Post the status now and every five minutes from now on, and renew the lease every ten seconds."""
        if self._is_known():
            self.beat()
            self._engine.agenda.after(HEARTBEAT_SECONDS, self.beat_for_ever)

    def renew_for_ever(self) -> None:
        if self._is_known():
            self._renew_lease()
            self._engine.agenda.after(LEASE_SECONDS, self.renew_for_ever)

    def _is_known(self) -> bool:
        return self._engine.state.store.find(NODES, name=self.name) is not None

    def beat(self) -> None:
        """Post the node's status as it is."""
        node = self._engine.state.store.find(NODES, name=self.name)
        if node is None or self.is_silent:
            return
        before = node["status"].get("conditions") or []
        conditions = conditions_of(self._health(), known=before, now=self._engine.now)
        images = [self._shown_image(name) for name in sorted(self.images)[:SHOWN_IMAGES]]
        status = {**node["status"], "conditions": conditions, "images": images}
        self._engine.state.set_status(NODES, f"/{self.name}", status)
        self._tell_of_changes(node, before=before, after=conditions)

    def _has(self, kind: OutageKind) -> bool:
        return self._engine.outages.is_on(kind, at=self.name)

    def _health(self) -> NodeHealth:
        unready = ""
        if self._has("container-runtime-stopped"):
            unready = RUNTIME_DOWN
        elif self._has("network-plugin-missing"):
            unready = NO_NETWORK
        return NodeHealth(
            has_memory_pressure=self.has_memory_pressure,
            has_disk_pressure=self.has_disk_pressure,
            has_pid_pressure=self.has_pid_pressure,
            unready_because=unready,
            has_no_route=self._has("network-route-missing"),
        )

    def _outage_changed(self, kind: OutageKind, at: str) -> None:
        if at != self.name:
            return
        if kind == "kubelet-stopped" and not self.is_silent:
            self._engine.agenda.after(NOTICES_AFTER_SECONDS, self._return)
        elif not self.is_silent:
            self._engine.agenda.after(NOTICES_AFTER_SECONDS, self._look_again)

    def _look_again(self) -> None:
        """The node's state has changed; whatever was written of its pods meanwhile is put right."""
        self.beat()
        if not self._health().unready_because:
            self.on_return()

    def _return(self) -> None:
        self._renew_lease()
        self.beat()
        waiting, self._waiting_for_return = self._waiting_for_return, []
        for action in waiting:
            action()
        self.on_return()

    def _tell_of_changes(self, node: JsonObject, *, before: list[JsonObject], after: list[JsonObject]) -> None:
        known = {item["type"]: item["status"] for item in before}
        for condition in after:
            kind, status = condition["type"], condition["status"]
            if known.get(kind, status) != status and (reason := _CHANGES.get((kind, status))):
                self._say(node, reason=reason, message=f"Node {self.name} status is now: {reason}")

    def _tell_of_kill(self, victim: Tenant) -> None:
        node = self._engine.state.store.get(NODES, name=self.name)
        program = victim.run.program.name
        pid = process_id(victim.run.container_id)
        self._say(
            node,
            reason="SystemOOM",
            message=f"System OOM encountered, victim process: {program}, pid: {pid}",
            warning=True,
        )
        kibibytes = victim.used // 1024
        text = f"Out of memory: Killed process {pid} ({program}) total-vm:{kibibytes * 2}kB, anon-rss:{kibibytes}kB"
        self._engine.events.record(
            node,
            reason="OOMKilling",
            message=f"{text}, file-rss:4096kB, shmem-rss:0kB",
            source=EventSource("kernel-monitor", self.name),
            warning=True,
        )

    def _renew_lease(self) -> None:
        store = self._engine.state.store
        node = store.find(NODES, name=self.name)
        if node is None or self.is_silent:
            return
        spec = {
            "holderIdentity": self.name,
            "leaseDurationSeconds": 40,
            "renewTime": micro_timestamp(self._engine.now),
        }
        known = store.find(LEASES, namespace=LEASE_NAMESPACE, name=self.name)
        if known is not None:
            store.replace(LEASES, {**known, "spec": spec})
            return
        owner = {"apiVersion": "v1", "kind": "Node", "name": self.name, "uid": node["metadata"]["uid"]}
        metadata = {"name": self.name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]}
        store.create(LEASES, {"metadata": metadata, "spec": spec})

    def _shown_image(self, name: str) -> JsonObject:
        found = self._engine.registry.find_present(name)
        size = found.size_bytes if found is not None else 0
        return {"names": [f"{name.rsplit(':', 1)[0]}@{image_digest(name)}", name], "sizeBytes": size}

    def _say(self, node: JsonObject, *, reason: str, message: str, warning: bool = False) -> None:
        source = EventSource("kubelet", self.name)
        self._engine.events.record(node, reason=reason, message=message, source=source, warning=warning)


_CHANGES = {
    ("Ready", "True"): "NodeReady",
    ("Ready", "False"): "NodeNotReady",
    ("MemoryPressure", "True"): "NodeHasInsufficientMemory",
    ("MemoryPressure", "False"): "NodeHasSufficientMemory",
    ("DiskPressure", "True"): "NodeHasDiskPressure",
    ("DiskPressure", "False"): "NodeHasNoDiskPressure",
    ("PIDPressure", "True"): "NodeHasInsufficientPID",
    ("PIDPressure", "False"): "NodeHasSufficientPID",
}
