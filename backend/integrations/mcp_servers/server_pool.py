"""One configured server: a connection per replica, of which the least busy one answers."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from mcp_types import Tool

from backend.agent.domain import ServerState
from backend.features.operations.domain import ReplicaStatus
from backend.integrations.mcp_servers.config import HttpTarget, ServerConfig, StdioTarget
from backend.integrations.mcp_servers.connection import ServerConnection

_DRAIN_GRACE_SECONDS = 5.0


class ServerPool:
    """The connections of one entry of the configuration."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        on_change: Callable[[], None],
        jitter: Callable[[], float],
        last_known: tuple[Tool, ...] = (),
    ) -> None:
        """`last_known` are the tools its predecessor offered: they stay listed while this one connects."""
        self._config = config
        self._turns = itertools.count()
        self._last_used: dict[int, int] = {}
        self._calls = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.connections = [
            ServerConnection(config, target=target, on_change=on_change, jitter=jitter) for target in config.targets
        ]
        for connection in self.connections:
            connection.tools = last_known

    @property
    def config(self) -> ServerConfig:
        return self._config

    def adopt(self, config: ServerConfig) -> None:
        """Take over another policy for the same connections."""
        self._config = config
        for connection in self.connections:
            connection.config = config

    @property
    def state(self) -> ServerState:
        """The best of the replicas' states: one that answers is enough."""
        states = {connection.state for connection in self.connections}
        return next(
            state for state in (ServerState.CONNECTED, ServerState.CONNECTING, ServerState.FAILED) if state in states
        )

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the first replica that is connected offers; while none is, what was offered last."""
        ordered = sorted(self.connections, key=lambda connection: connection.state is not ServerState.CONNECTED)
        return next((connection.tools for connection in ordered if connection.tools), ())

    @property
    def calls_under_way(self) -> int:
        return self._calls

    def notes(self) -> list[str]:
        """What is wrong with the connections."""
        if len(self.connections) == 1:
            return [connection.error for connection in self.connections if connection.error]
        notes = [
            f"replica {show_address(connection.target)}: {connection.error}"
            for connection in self.connections
            if connection.error
        ]
        odd = [
            show_address(connection.target)
            for connection in self.connections
            if connection.state is ServerState.CONNECTED and connection.tools != self.tools
        ]
        return notes + [f"replica {address} offers other tools than the first; those are not called" for address in odd]

    def replicas(self) -> tuple[ReplicaStatus, ...]:
        return tuple(
            ReplicaStatus(
                address=show_address(connection.target),
                state=connection.state,
                error=connection.error,
                calls_under_way=connection.calls_under_way,
                times_connected=connection.times_connected,
            )
            for connection in self.connections
        )

    def rank(self, tool: str) -> list[ServerConnection]:
        """The replicas that offer exactly this tool, the connected and least busy first; equals take turns."""
        offered = next((offer for offer in self.tools if offer.name == tool), None)
        fitting = [connection for connection in self.connections if offered in connection.tools]
        ranked = sorted(
            fitting,
            key=lambda connection: (
                connection.state is not ServerState.CONNECTED,
                connection.calls_under_way,
                self._last_used.get(id(connection), -1),
            ),
        )
        if ranked:
            self._last_used[id(ranked[0])] = next(self._turns)
        return ranked

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Keeps the connections open until the block is left."""
        self._calls += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if self._calls == 0:
                self._is_idle.set()

    def start(self) -> None:
        for connection in self.connections:
            connection.start()

    async def wait_until_settled(self) -> None:
        for connection in self.connections:
            await connection.wait_until_settled()

    async def drain(self) -> None:
        """Let the calls under way finish, as long as each of them may take, then close."""
        try:
            await asyncio.wait_for(self._is_idle.wait(), self._config.timeout_seconds + _DRAIN_GRACE_SECONDS)
        except TimeoutError:
            pass
        finally:
            await self.stop()

    async def stop(self) -> None:
        await asyncio.gather(*(connection.stop() for connection in self.connections))


def show_address(target: StdioTarget | HttpTarget) -> str:
    """Where a server is, without anything that may be a credential: no arguments, no path, no query."""
    match target:
        case StdioTarget(command=command, args=("-m", module, *_)):
            return f"{command} -m {module}"
        case StdioTarget(command=command, args=args):
            return f"{command} …" if args else command
        case HttpTarget(url=url):
            parts = urlsplit(url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
