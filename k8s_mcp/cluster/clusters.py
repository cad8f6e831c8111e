"""All clusters a call may name, each opened when it is first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from k8s_diagnosis.text.names import list_nearest
from k8s_mcp.cluster.contexts import ClusterContext
from k8s_mcp.cluster.interfaces import Cluster
from k8s_mcp.cluster.status_errors import not_configured
from k8s_mcp.errors import UnknownCluster
from k8s_mcp.settings import K8sSettings

OpenCluster = Callable[[K8sSettings], Cluster]
ReadContexts = Callable[[K8sSettings], Sequence[ClusterContext]]


class Clusters:
    def __init__(self, settings: K8sSettings, *, open_cluster: OpenCluster, read_contexts: ReadContexts) -> None:
        self._settings = settings
        self._open_cluster = open_cluster
        self._read_contexts = read_contexts
        self._opened: dict[str, Cluster] = {}

    def list_contexts(self) -> Sequence[ClusterContext]:
        """What can be chosen; the kubeconfig is read anew, so a changed one counts at once."""
        return self._read_contexts(self._settings)

    def choose(self, name: str | None = None) -> Cluster:
        """The cluster of that name, or the default one.

        Raises UnknownCluster for a name that is unknown or not allowed: which of the two is not told.
        """
        contexts = self.list_contexts()
        chosen = self._find(contexts, name)
        if chosen not in self._opened:
            self._opened[chosen] = self._open_cluster(self._settings.model_copy(update={"context": chosen}))
        return self._opened[chosen]

    def _find(self, contexts: Sequence[ClusterContext], name: str | None) -> str:
        names = [context.name for context in contexts]
        if name is None:
            default = next((context.name for context in contexts if context.is_default), None)
            if default is not None:
                return default
            if not names:
                wanted = f"context {self._settings.context!r}" if self._settings.context else "a context it may use"
                raise not_configured(f"the kubeconfig does not have {wanted}, so it cannot be used")
            raise UnknownCluster(f"Several clusters can be meant; name one as cluster: {', '.join(names)}.")
        if name not in names:
            raise UnknownCluster(f'No cluster "{name[:80]}"; {list_nearest(name, among=names)}.')
        return name

    async def close(self) -> None:
        opened, self._opened = self._opened, {}
        await asyncio.gather(*(cluster.close() for cluster in opened.values()))
