"""What one node has: its address, the pod addresses it gives out, the images it holds, its heartbeat."""

from simulator.api_resources import NODES
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.identity import AddressPool, image_digest
from simulator.world.shapes import timestamp

HEARTBEAT_SECONDS = 300.0
"""Unchanged node status is posted every five minutes, as a kubelet does by default."""

SHOWN_IMAGES = 50
HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class NodeAgent:
    """The kubelet's view of its own node."""

    def __init__(self, node: JsonObject, *, engine: Engine) -> None:
        self.name: str = node["metadata"]["name"]
        addresses = (node.get("status") or {}).get("addresses") or []
        self.address: str = next((item["address"] for item in addresses if item["type"] == "InternalIP"), "")
        self.addresses = AddressPool(_prefix(node["spec"].get("podCIDR", "10.244.0.0/24")))
        self.images: set[str] = set()
        self._engine = engine
        self._is_unschedulable = bool(node["spec"].get("unschedulable"))

    def register(self) -> None:
        """Report the node as ready and announce it, as a kubelet does when it comes up."""
        self._beat()
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
        """Post the status now and every five minutes from now on."""
        self._beat()
        self._engine.agenda.after(HEARTBEAT_SECONDS, self.beat_for_ever)

    def _beat(self) -> None:
        node = self._engine.state.store.find(NODES, name=self.name)
        if node is None:
            return
        now = timestamp(self._engine.now)
        known = {item["type"]: item for item in node["status"].get("conditions") or []}
        conditions = [
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": now,
                "lastTransitionTime": known.get(kind, {}).get("lastTransitionTime", now),
                "reason": reason,
                "message": message,
            }
            for kind, status, reason, message in HEALTHY
        ]
        images = [self._shown_image(name) for name in sorted(self.images)[:SHOWN_IMAGES]]
        status = {**node["status"], "conditions": conditions, "images": images}
        self._engine.state.set_status(NODES, f"/{self.name}", status)

    def _shown_image(self, name: str) -> JsonObject:
        found = self._engine.registry.look_up(name)
        size = getattr(found, "size_bytes", 0)
        return {"names": [f"{name.rsplit(':', 1)[0]}@{image_digest(name)}", name], "sizeBytes": size}

    def _say(self, node: JsonObject, *, reason: str, message: str) -> None:
        self._engine.events.record(node, reason=reason, message=message, source=EventSource("kubelet", self.name))


def _prefix(cidr: str) -> str:
    return cidr.partition("/")[0].rsplit(".", 1)[0]
