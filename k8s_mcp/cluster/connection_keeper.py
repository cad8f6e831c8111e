"""Keeps one open connection to a cluster: opened when first needed, renewed when its login or kubeconfig is stale."""

from __future__ import annotations

import asyncio

from k8s_mcp.cluster.connection import Connection, find_kubeconfig, fingerprint_of, open_connection
from k8s_mcp.cluster.status_errors import unreachable
from k8s_mcp.settings import K8sSettings


class ConnectionKeeper:
    def __init__(self, settings: K8sSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    async def connect(self) -> Connection:
        """The connection; raises ClusterUnreachable when the configuration cannot be used."""
        async with self._opening:
            if self._connection is not None and self._is_current(self._connection):
                return self._connection
            await self.close()
            self._connection = await self._open_in_time()
            return self._connection

    async def renew(self, stale: Connection) -> bool:
        """Log in again after a refusal, once per connection: tokens of login plugins expire while we run.

        Returns whether there are other credentials now.
        """
        async with self._opening:
            if self._connection is not stale or "BearerToken" not in stale.client.configuration.api_key:
                return self._connection is not stale
            fresh = await self._open_in_time()
            self._connection = fresh
            await stale.client.close()
            return bool(fresh.client.configuration.api_key != stale.client.configuration.api_key)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    def _is_current(self, connection: Connection) -> bool:
        return not connection.fingerprint or connection.fingerprint == fingerprint_of(find_kubeconfig(self._settings))

    async def _open_in_time(self) -> Connection:
        # A login plugin may open a browser or ask a slow service, hence more than one request's time.
        limit = self._settings.request_timeout_seconds * 3
        try:
            async with asyncio.timeout(limit):
                return await open_connection(self._settings)
        except TimeoutError as error:
            raise unreachable(
                "(not known yet)", reason=f"login took over {limit:g} s", advice=advice_for(None)
            ) from error


def advice_for(connection: Connection | None) -> str:
    source = connection.source if connection else "the kubeconfig"
    return f"Check KUBECONFIG_PATH and that the cluster is up (configuration read from {source})."
