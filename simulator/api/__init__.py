"""The Kubernetes API over HTTP, on top of the object store."""

from simulator.api.access import ANONYMOUS, AccessRule, User, administrator, service_account, trusted_neighbour
from simulator.api.app import KubernetesApi

__all__ = [
    "ANONYMOUS",
    "AccessRule",
    "KubernetesApi",
    "User",
    "administrator",
    "service_account",
    "trusted_neighbour",
]
