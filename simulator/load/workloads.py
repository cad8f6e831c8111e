"""What runs in a cluster made for measuring: workloads with names, images and sizes as real ones have them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

PODS_PER_NAMESPACE = 200
_SERVICES = (
    "checkout", "catalog", "payments", "search", "orders", "inventory", "gateway", "profile", "pricing", "shipping",
    "reviews", "sessions", "notifier", "reports", "exporter", "scheduler", "recommender", "ledger", "billing", "feeds",
)  # fmt: skip
_TEAMS = ("core", "growth", "platform", "data", "risk")
_REPLICAS = (2, 3, 3, 4, 5, 6, 8, 10, 12)
_HASH = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment and its pods."""

    namespace: str
    name: str
    team: str
    version: str
    template_hash: str
    replicas: int

    @property
    def replica_set(self) -> str:
        return f"{self.name}-{self.template_hash}"

    @property
    def labels(self) -> dict[str, str]:
        return {
            "app.kubernetes.io/name": self.name,
            "app.kubernetes.io/part-of": self.team,
            "app.kubernetes.io/version": self.version,
            "pod-template-hash": self.template_hash,
        }


def plan_workloads(pods: int, *, random: Random) -> Iterator[Workload]:
    """Workloads whose replicas add up to the number of pods, 200 to a namespace."""
    left, number = pods, 0
    while left > 0:
        namespace = f"bench-{(pods - left) // PODS_PER_NAMESPACE:02}"
        room = PODS_PER_NAMESPACE - (pods - left) % PODS_PER_NAMESPACE
        replicas = min(random.choice(_REPLICAS), left, room)
        service = _SERVICES[number % len(_SERVICES)]
        yield Workload(
            namespace=namespace,
            name=f"{service}-{_suffix(number // len(_SERVICES))}",
            team=random.choice(_TEAMS),
            version=f"{random.randint(1, 9)}.{random.randint(0, 30)}.{random.randint(0, 12)}",
            template_hash="".join(random.choice(_HASH) for _ in range(10)),
            replicas=replicas,
        )
        left -= replicas
        number += 1


def _suffix(number: int) -> str:
    return ("api", "worker", "web", "job", "cache", "proxy")[number % 6] + (f"-{number // 6}" if number >= 6 else "")


def pod_suffix(random: Random) -> str:
    return "".join(random.choice(_HASH) for _ in range(5))
