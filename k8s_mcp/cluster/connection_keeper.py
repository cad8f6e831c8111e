"""Keeps one open connection to a cluster: opened when first needed, renewed when its login or kubeconfig is stale."""

from __future__ import annotations

import asyncio
import ssl

from k8s_mcp.cluster.connection import Connection, find_kubeconfig, fingerprint_of, open_connection
from k8s_mcp.cluster.status_errors import unreachable
from k8s_mcp.errors import ClusterUnreachable
from k8s_mcp.settings import K8sSettings


class ConnectionKeeper:
    def __init__(self, settings: K8sSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._failure: ClusterUnreachable | None = None
        self._failed_at = 0.0

    async def connect(self) -> Connection:
        """The connection; raises ClusterUnreachable when the configuration cannot be used."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self._opening:
            if self._connection is not None and self._is_current(self._connection):
                return self._connection
            if self._failure is not None and self._failed_at >= asked_at:
                # Who waited for a slow login that failed does not wait for another one.
                raise ClusterUnreachable(str(self._failure)) from self._failure
            await self.close()
            try:
                self._connection = await self._open_in_time()
            except ClusterUnreachable as error:
                self._failure, self._failed_at = error, loop.time()
                raise
            self._failure = None
            return self._connection

    async def renew(self, stale: Connection) -> bool:
        """Log in again after a refusal, once per connection: tokens of login plugins expire while we run.

        Returns whether there are other credentials now.
        """
        async with self._opening:
            if self._connection is not stale or not stale.credentials:
                return self._connection is not stale
            fresh = await self._open_in_time()
            self._connection = fresh
            await stale.client.close()
            return fresh.credentials != stale.credentials

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    def _is_current(self, connection: Connection) -> bool:
        return not connection.fingerprint or connection.fingerprint == fingerprint_of(find_kubeconfig(self._settings))

    async def _open_in_time(self) -> Connection:
        # Beyond the limit of a login plugin, which says by itself what took so long.
        limit = self._settings.request_timeout_seconds * 4
        try:
            async with asyncio.timeout(limit):
                return await open_connection(self._settings)
        except TimeoutError as error:
            raise unreachable(
                "(address not known yet)", reason=f"login took over {limit:g} s", advice=advice_for(None)
            ) from error


def advice_for(connection: Connection | None, *, error: BaseException | None = None) -> str:
    """The next step, by what went wrong."""
    source = connection.source if connection else "the kubeconfig"
    if isinstance(_cause_of(error), ssl.SSLCertVerificationError):
        return (
            "The certificate of the server is not one that this kubeconfig context trusts: check "
            f"certificate-authority-data and the host in server (in {source}); if neither was changed, somebody may be "
            "between. Verification is not switched off."
        )
    if isinstance(_cause_of(error), ssl.SSLError):
        return f"The server does not speak TLS as https asks for: check scheme and port of server in {source}."
    return f"Check KUBECONFIG_PATH and that the cluster is up (configuration read from {source})."


def _cause_of(error: BaseException | None) -> BaseException | None:
    """The fault of TLS or the network that the HTTP library wraps."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
    return inner if isinstance(inner, BaseException) else error
