"""A world in which nothing happens: the clock moves, logs and usage can be read, no controller runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from simulator import api_resources as served
from simulator.clock import SimulatedClock, parse_time
from simulator.interfaces import LogLine, Usage, UsageSample, VolumeUsage
from simulator.load.estate import (
    create_configuration,
    create_events,
    create_owners,
    create_service,
    namespace_object,
    node_object,
)
from simulator.load.faults import FAULTS, Fault, out_of_memory
from simulator.load.pods import Placed, random_uid, running_pod
from simulator.load.workloads import Workload, plan_workloads, pod_suffix
from simulator.store import JsonObject, ObjectStore

PODS_PER_NODE = 100
_FAULTY_WORKLOADS = 25
"""One workload of so many is at fault, with at most three of its pods: about one pod in fifty."""

_FIRST_FAULTY = 3
_FAULTY_PODS = 3

_LOG_LINES = 2_000
_OLDEST = timedelta(days=60)
_PATHS = ("/api/v1/items", "/api/v1/orders", "/healthz", "/api/v1/search?q=shoes", "/metrics")


class StillWorld:
    """Implements World, PodLogs and ResourceUsage."""

    def __init__(self, store: ObjectStore, clock: SimulatedClock) -> None:
        self._store = store
        self._clock = clock

    @property
    def logs(self) -> "StillWorld":
        return self

    @property
    def usage(self) -> "StillWorld":
        return self

    @property
    def is_available(self) -> bool:
        return True

    def volumes_of(self, *, namespace: str, name: str) -> Sequence[VolumeUsage]:
        """No pod here claims a volume."""
        return ()

    def run_until(self, now: datetime) -> None:
        self._clock.set(now)

    def read_log(
        self,
        *,
        namespace: str,
        pod: str,
        container: str,
        previous: bool = False,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> Sequence[LogLine]:
        """An access log of two thousand lines, one a second; a run that crashed tells why."""
        if previous or not self._is_ready(namespace, pod):
            return self._crash_log(namespace, pod)
        item = self._store.get(served.PODS, namespace=namespace, name=pod)
        first = parse_time(item["status"]["startTime"]) + timedelta(seconds=10)
        start = _LOG_LINES - tail if tail is not None and since is None else 0
        numbers = range(max(start, 0), _LOG_LINES)
        lines = [LogLine(first + timedelta(seconds=number), _access_line(container, number)) for number in numbers]
        recent = [line for line in lines if since is None or line.time >= since]
        return recent if tail is None else recent[len(recent) - tail :] if tail else []

    def _is_ready(self, namespace: str, pod: str) -> bool:
        item = self._store.find(served.PODS, namespace=namespace, name=pod)
        statuses = (item or {}).get("status", {}).get("containerStatuses") or ()
        return all(status["ready"] for status in statuses)

    def _crash_log(self, namespace: str, pod: str) -> list[LogLine]:
        moment = self._clock.now() - timedelta(seconds=92)
        texts = (
            f"level=info msg=starting pod={pod}",
            f"level=info msg=connecting host=postgres.{namespace}.svc port=5432",
            f'level=fatal msg="cannot connect" err="dial tcp: lookup postgres.{namespace}.svc: no such host"',
        )
        return [LogLine(moment, text) for text in texts]

    def node_usage(self, *, name: str) -> UsageSample | None:
        share = sum(map(ord, name)) % 60 + 20
        return self._sample(Usage(share * 160_000_000, share * 640 * 1024))

    def pod_usage(self, *, namespace: str, name: str) -> UsageSample | None:
        item = self._store.find(served.PODS, namespace=namespace, name=name)
        if item is None or item["status"].get("phase") != "Running":
            return None
        share = sum(map(ord, name)) % 90 + 5
        usage = Usage(share * 400_000, share * 1024)
        return self._sample(usage, containers={item["spec"]["containers"][0]["name"]: usage})

    def _sample(self, usage: Usage, *, containers: dict[str, Usage] | None = None) -> UsageSample:
        return UsageSample(self._clock.now() - timedelta(seconds=10), 20.0, usage, containers or {})


def _access_line(container: str, number: int) -> str:
    path, status = _PATHS[number % len(_PATHS)], 500 if number % 97 == 0 else 200
    took = number * 37 % 211
    return f'level=info app={container} method=GET path="{path}" status={status} duration_ms={took} n={number}'


def build_still_world(store: ObjectStore, clock: SimulatedClock, *, pods: int, seed: int, now: datetime) -> StillWorld:
    """Write nodes, namespaces and workloads with so many pods into the store; the same seed writes the same names."""
    random = Random(seed)  # noqa: S311 - names have to repeat, nothing is protected by them
    nodes = [f"node-{number:03}" for number in range(max(3, pods // PODS_PER_NODE))]
    clock.set(now - _OLDEST)
    for number, name in enumerate(nodes):
        store.create(served.NODES, node_object(name, number=number, now=now))
    workloads = list(plan_workloads(pods, random=random))
    for namespace in dict.fromkeys(("default", "kube-system", *(workload.namespace for workload in workloads))):
        store.create(served.NAMESPACES, namespace_object(namespace))
    planned = sorted(
        ((now - timedelta(minutes=random.randint(60, 50_000)), number) for number in range(len(workloads))),
    )
    for created, number in planned:
        clock.set(created)
        fault = random.choice(FAULTS) if number % _FAULTY_WORKLOADS == _FIRST_FAULTY else None
        _write_workload(store, workloads[number], nodes, random=random, moments=(created, now), fault=fault)
    clock.set(now)
    return StillWorld(store, clock)


def _write_workload(
    store: ObjectStore,
    workload: Workload,
    nodes: Sequence[str],
    *,
    random: Random,
    moments: tuple[datetime, datetime],
    fault: Fault | None,
) -> None:
    """`moments` are when the workload was made, and the present."""
    created, now = moments
    faulty = min(_FAULTY_PODS, workload.replicas) if fault else 0
    unready = 0 if fault is out_of_memory else faulty
    create_configuration(store, workload)
    example = _make_pod(workload, nodes, created=created, random=random, owner_uid="")
    replica_set = create_owners(store, workload, _template_of(example), unready=unready)
    owner_uid = replica_set["metadata"]["uid"]
    pods = []
    for number in range(workload.replicas):
        pod = _make_pod(workload, nodes, created=created, random=random, owner_uid=owner_uid)
        warnings = fault(pod, now) if fault and number < faulty else []
        stored = store.create(served.PODS, pod)
        create_events(store, stored, warnings, now=now)
        pods.append(stored)
    create_service(store, workload, pods, unready=unready)


def _template_of(pod: JsonObject) -> JsonObject:
    own = {"nodeName", "serviceAccount", "serviceAccountName", "tolerations", "priority", "volumes"}
    spec = {field: value for field, value in pod["spec"].items() if field not in own}
    spec["volumes"] = [volume for volume in pod["spec"]["volumes"] if volume["name"] == "config"]
    return {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": spec}


def _make_pod(
    workload: Workload, nodes: Sequence[str], *, created: datetime, random: Random, owner_uid: str
) -> JsonObject:
    number = random.randrange(len(nodes))
    placed = Placed(
        name=f"{workload.replica_set}-{pod_suffix(random)}",
        node=nodes[number],
        node_ip=f"192.0.2.{number % 250 + 1}",
        pod_ip=f"10.{number % 250}.{random.randint(0, 255)}.{random.randint(2, 250)}",
        created=created,
    )
    return running_pod(workload, placed, uid=random_uid(random), owner_uid=owner_uid)
