"""What every tool call finds ready: the clusters, the settings, the clock and the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from mcp.server.mcpserver import Context

from k8s_mcp.cluster.asking_user import read_asking_user
from k8s_mcp.cluster.clusters import Clusters
from k8s_mcp.cluster.interfaces import Cluster
from k8s_mcp.settings import K8sSettings
from mcp_kit.audit import AuditLog


@dataclass(frozen=True, slots=True)
class K8sState:
    clusters: Clusters
    settings: K8sSettings
    now: Callable[[], datetime]
    audit: AuditLog
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """How a watch waits between two looks."""


def state_of(ctx: Context[K8sState]) -> K8sState:
    return ctx.request_context.lifespan_context


def choose_cluster(ctx: Context[K8sState], name: str | None) -> Cluster:
    """The cluster a call means, with the rights of the person who asks where the settings want that.

    Raises UnknownCluster, and AccessDenied when it must be known who asks and the call does not say so.
    """
    state = state_of(ctx)
    if not state.settings.impersonate:
        return state.clusters.choose(name)
    # The SDK types the metadata by the keys it knows itself.
    user = read_asking_user(cast("Mapping[str, object] | None", ctx.request_context.meta))
    return state.clusters.choose(name).acting_as(user)
