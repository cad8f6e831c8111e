"""The tools of all configured MCP servers as one source."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from backend.agent.domain import (
    ConfirmationNeeded,
    Json,
    ServerState,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
    ToolStatus,
)
from backend.integrations.mcp_servers.calling import from_state, run_call
from backend.integrations.mcp_servers.catalogue import Catalogue, build_catalogue
from backend.integrations.mcp_servers.config import Configuration, ServerConfig, read_configuration
from backend.integrations.mcp_servers.connection import ServerConnection
from backend.integrations.mcp_servers.questions import Question
from backend.integrations.mcp_servers.results import failed, find_bad_argument
from backend.integrations.mcp_servers.statistics import CallCounter
from backend.vocabulary.errors import ErrorKind

_READY_SECONDS = 10.0


class McpToolSource:
    """Implements ToolSource. Enter it to connect; leave it to end every connection and child process."""

    def __init__(self, *, config_path: Path, environment: Mapping[str, str], is_read_only: bool = False) -> None:
        """`environment` fills `${NAME}` in the file; `is_read_only` hides every tool that changes something."""
        self._config_path = config_path
        self._environment = environment
        self._is_read_only = is_read_only
        self._configuration = Configuration()
        self._connections: dict[str, ServerConnection] = {}
        self._catalogue = Catalogue(tools=(), hidden={})
        self._counter = CallCounter()

    async def __aenter__(self) -> Self:
        """Start all servers and wait, bounded, until each has connected or failed once."""
        self._configuration = await asyncio.to_thread(
            read_configuration, self._config_path, environment=self._environment
        )
        self._connections = {
            config.name: ServerConnection(config, on_change=self._list_tools, jitter=random.random)
            for config in self._configuration.servers
            if config.is_enabled
        }
        for connection in self._connections.values():
            connection.start()
        try:
            async with asyncio.timeout(_READY_SECONDS):
                for connection in self._connections.values():
                    await connection.wait_until_settled()
        except TimeoutError:
            # Slow servers go on connecting; their state says so.
            pass
        except asyncio.CancelledError:
            await self._stop_all()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stop_all()

    def tools(self) -> Sequence[ToolSpec]:
        """The tools that can be called: those of a server that lost its connection stay while it is built again."""
        usable = {name for name, connection in self._connections.items() if connection.state is not ServerState.FAILED}
        return [spec for spec in self._catalogue.tools if spec.server in usable]

    def servers(self) -> Sequence[ServerStatus]:
        """Every configured server, the wrong entries, and the file itself when it cannot be read."""
        statuses = [self._status_of(config) for config in self._configuration.servers]
        statuses += [
            ServerStatus(name=entry.name, state=ServerState.INVALID, error=entry.error)
            for entry in self._configuration.invalid
        ]
        if self._configuration.error is not None:
            name = self._config_path.name
            statuses.append(ServerStatus(name=name, state=ServerState.INVALID, error=self._configuration.error))
        return statuses

    def statistics(self) -> Mapping[str, ToolStatistics]:
        """Calls, errors and latency per tool name, of the tools called since the start."""
        return self._counter.read()

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        spec = self._catalogue.find(name)
        if spec is None:
            return failed(ErrorKind.TOOL_NOT_FOUND, f"There is no tool {name!r}.")
        fault = find_bad_argument(arguments, schema=spec.input_schema)
        if fault is not None:
            return failed(ErrorKind.TOOL_BAD_ARGUMENTS, f"{name} refuses its arguments: {fault}. Nothing was done.")
        return await self._run(spec, arguments=arguments, answer=None)

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        spec = self._catalogue.find(name)
        if spec is None or spec.server != state.get("server"):
            return failed(
                ErrorKind.TOOL_NOT_FOUND,
                f"{name} is no longer offered by server {state.get('server')!r}, which the yes was given to;"
                " nothing was changed.",
            )
        outcome = await self._run(spec, arguments=arguments, answer=from_state(state))
        if isinstance(outcome, ToolOutcome):
            return outcome
        return failed(
            ErrorKind.TOOL_FAILED,
            f"{spec.server} does not accept this yes any more and asks again: {outcome.question}\nNothing was changed.",
        )

    async def _run(
        self, spec: ToolSpec, *, arguments: Json, answer: Question | None
    ) -> ToolOutcome | ConfirmationNeeded:
        started = time.perf_counter()
        result = await run_call(self._connections[spec.server], spec, arguments=arguments, answer=answer)
        if isinstance(result, ToolOutcome):
            is_error = result.status in {ToolStatus.ERROR, ToolStatus.UNKNOWN}
            duration_ms = round((time.perf_counter() - started) * 1000)
            self._counter.add(spec.name, duration_ms=duration_ms, is_error=is_error)
        return result

    def _list_tools(self) -> None:
        listings = [(connection.config, connection.tools) for connection in self._connections.values()]
        self._catalogue = build_catalogue(listings, is_read_only=self._is_read_only)

    def _status_of(self, config: ServerConfig) -> ServerStatus:
        connection = self._connections.get(config.name)
        if connection is None:
            return ServerStatus(name=config.name, state=ServerState.DISABLED)
        notes = [connection.error] if connection.error else list(self._catalogue.hidden.get(config.name, ()))
        return ServerStatus(
            name=config.name,
            state=connection.state,
            error="; ".join(notes) or None,
            tool_count=sum(1 for spec in self._catalogue.tools if spec.server == config.name),
        )

    async def _stop_all(self) -> None:
        await asyncio.gather(*(connection.stop() for connection in self._connections.values()))
