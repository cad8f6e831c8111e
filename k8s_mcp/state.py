"""What every tool call finds ready: the cluster, the settings and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from k8s_mcp.cluster.interfaces import Cluster
from k8s_mcp.settings import K8sSettings


@dataclass(frozen=True, slots=True)
class K8sState:
    cluster: Cluster
    settings: K8sSettings
    now: Callable[[], datetime]
