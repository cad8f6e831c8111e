"""A simulated world for tests: built with its history, moved on by hand, asked in short words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.api.patching import apply_strategic_patch
from simulator.api_resources import DEPLOYMENTS, ENDPOINTSLICES, EVENTS, PODS, ResourceType
from simulator.clock import SimulatedClock
from simulator.store import JsonObject, ObjectStore
from simulator.world import HISTORY, SimulatedWorld, build_world
from simulator.world.scenario import Scenario

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


class LivingWorld:
    """The store and the world over it; time passes only in `pass_time`."""

    def __init__(self, *scenarios: str, seed: int = 7, as_twins: bool = False) -> None:
        self.clock = SimulatedClock(NOW - HISTORY)
        self.store = ObjectStore(self.clock, seed=seed)
        self.world: SimulatedWorld = build_world(
            self.store, self.clock, seed=seed, scenarios=scenarios, as_twins=as_twins
        )

    def pass_time(self, seconds: float, *, step: float = 0.2) -> None:
        """Move on in small steps, as the launcher does."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            self.world.run_until(min(end, self.clock.now() + timedelta(seconds=step)))

    def wait_for(self, what: Callable[[], bool], *, at_most: float) -> float:
        """Let time pass until something holds and answer how many seconds that took."""
        begin = self.clock.now()
        while not what():
            waited = (self.clock.now() - begin).total_seconds()
            assert waited < at_most, f"did not come true within {at_most} simulated seconds"
            self.pass_time(0.2)
        return (self.clock.now() - begin).total_seconds()

    def pods(self, workload: str, *, namespace: str = "default") -> list[JsonObject]:
        found = self.store.list_objects(PODS, namespace=namespace)
        return [pod for pod in found if pod["metadata"]["name"].startswith(f"{workload}-")]

    def deployment(self, name: str, *, namespace: str = "default") -> JsonObject:
        return self.store.get(DEPLOYMENTS, namespace=namespace, name=name)

    def patch(self, resource: ResourceType, name: str, patch: JsonObject, *, namespace: str = "default") -> None:
        current = self.store.get(resource, namespace=namespace, name=name)
        self.store.replace(resource, apply_strategic_patch(resource.schema, current, patch))

    def heal(self, scenario: Scenario) -> None:
        self.world.carry_out(scenario.fix.steps)

    def events(self, about: str = "", *, namespace: str | None = None) -> list[JsonObject]:
        found = self.store.list_objects(EVENTS, namespace=namespace)
        return [event for event in found if event["involvedObject"]["name"].startswith(about)]

    def endpoints(self, service: str, *, namespace: str = "default") -> list[JsonObject]:
        slices = self.store.list_objects(ENDPOINTSLICES, namespace=namespace)
        mine = [item for item in slices if item["metadata"]["labels"]["kubernetes.io/service-name"] == service]
        return [endpoint for item in mine for endpoint in item["endpoints"] or []]

    def unhealthy_pods(self) -> list[str]:
        return [
            f"{pod['metadata']['namespace']}/{pod['metadata']['name'].rsplit('-', 2)[0]}"
            for pod in self.store.list_objects(PODS)
            if not is_healthy(pod)
        ]

    def log(self, pod: JsonObject, *, previous: bool = False, tail: int | None = None) -> list[str]:
        metadata = pod["metadata"]
        container = pod["spec"]["containers"][0]["name"]
        lines = self.world.logs.read_log(
            namespace=metadata["namespace"], pod=metadata["name"], container=container, previous=previous, tail=tail
        )
        return [line.text for line in lines]


def is_healthy(pod: JsonObject) -> bool:
    """Ready, or a completed job's pod."""
    status = pod["status"]
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or []}
    return status.get("phase") == "Succeeded" or conditions.get("Ready") == "True"


def container_status(pod: JsonObject) -> JsonObject:
    found: JsonObject = pod["status"]["containerStatuses"][0]
    return found
