"""Whether ending less important pods would make room for a more important one. Pure."""

from collections.abc import Callable, Iterable

from simulator.store import JsonObject
from simulator.world.scheduling.node_filter import reject
from simulator.world.scheduling.node_room import NodeRoom, Request, request_of
from simulator.world.shapes import instant_of, is_terminating

PodsOf = Callable[[NodeRoom], Iterable[JsonObject]]


def find_victims(
    pod: JsonObject, request: Request, *, rooms: list[NodeRoom], pods_of: PodsOf
) -> tuple[NodeRoom, list[JsonObject]] | None:
    """The node that costs least, and the pods that have to go there; None when no node can be freed.

    While pods of an earlier attempt are still ending, nothing more is taken.
    """
    if (pod.get("status") or {}).get("nominatedNodeName"):
        return None
    offers = []
    for room in rooms:
        victims = _victims_on(room, pod, request, pods=list(pods_of(room)))
        if victims:
            offers.append((room, victims))
    return min(offers, key=lambda offer: (max(map(_priority, offer[1])), len(offer[1])), default=None)


def _victims_on(room: NodeRoom, pod: JsonObject, request: Request, *, pods: list[JsonObject]) -> list[JsonObject]:
    """The fewest less important pods, the least important and youngest first."""
    wanted = _priority(pod)
    lesser = [other for other in pods if _priority(other) < wanted and not is_terminating(other)]
    lesser.sort(key=lambda other: (_priority(other), -instant_of(other["metadata"]["creationTimestamp"])))
    free = NodeRoom(room.node, room.capacity, room.cpu, room.memory, dict(room.requests), {})
    chosen: list[JsonObject] = []
    for other in lesser:
        if reject(pod["spec"], room=free, request=request) is None:
            break
        uid = other["metadata"]["uid"]
        freed = free.requests.pop(uid, None) or request_of(other["spec"])
        free.cpu -= freed.cpu
        free.memory -= freed.memory
        chosen.append(other)
    return chosen if chosen and reject(pod["spec"], room=free, request=request) is None else []


def _priority(pod: JsonObject) -> int:
    return int(pod["spec"].get("priority") or 0)
