"""The tools of all configured MCP servers as one source."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from mcp_types import Tool

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
from backend.agent.interfaces import Telemetry
from backend.agent.telemetry import NoTelemetry
from backend.features.operations.domain import CatalogueEntry, Hidden, HiddenReason, ServerDetail
from backend.integrations.mcp_servers.calling import from_state, run_call
from backend.integrations.mcp_servers.catalogue import Catalogue, build_catalogue
from backend.integrations.mcp_servers.config import (
    Configuration,
    HttpTarget,
    InvalidServer,
    ServerConfig,
    read_configuration,
)
from backend.integrations.mcp_servers.questions import Question
from backend.integrations.mcp_servers.reloading import watch_file
from backend.integrations.mcp_servers.results import failed, find_bad_argument
from backend.integrations.mcp_servers.server_pool import ServerPool
from backend.integrations.mcp_servers.statistics import CallCounter
from backend.integrations.mcp_servers.tool_memory import ToolMemory, TransientToolMemory
from backend.vocabulary.errors import AlreadyDecided, ErrorKind, InvalidInput, NotFound
from backend.vocabulary.language import Text

_READY_SECONDS = 10.0
_log = logging.getLogger(__name__)


class McpToolSource:
    """Implements ToolSource and ToolCatalogue. Enter it to connect; leave it to end every connection and process."""

    def __init__(
        self,
        *,
        config_path: Path,
        environment: Mapping[str, str],
        is_read_only: bool = False,
        memory: ToolMemory | None = None,
        telemetry: Telemetry | None = None,
        on_reload: Callable[[Json], Awaitable[None]] | None = None,
    ) -> None:
        """`environment` fills `${NAME}` in the file; `is_read_only` hides every tool that changes something.

        `on_reload` is told the names of servers that an edit added, removed, changed or got wrong.
        """
        self._config_path = config_path
        self._environment = environment
        self._is_read_only = is_read_only
        self._memory = memory or TransientToolMemory()
        self._telemetry = telemetry or NoTelemetry()
        self._on_reload = on_reload
        self._configuration = Configuration()
        self._pools: dict[str, ServerPool] = {}
        self._draining: dict[asyncio.Task[None], ServerPool] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._catalogue = Catalogue(entries=(), notes={})
        self._counter = CallCounter()

    async def __aenter__(self) -> Self:
        """Start all servers and wait, bounded, until each has connected or failed once."""
        self._apply(await self._read_file())
        try:
            async with asyncio.timeout(_READY_SECONDS):
                for pool in list(self._pools.values()):
                    await pool.wait_until_settled()
        except TimeoutError:
            # Slow servers go on connecting; their state says so.
            pass
        except asyncio.CancelledError:
            await self._stop_all()
            raise
        self._watcher = asyncio.create_task(
            watch_file(self._config_path, read=self._read_file, on_change=self._reload), name="mcp-config"
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._stop_all()

    def tools(self) -> Sequence[ToolSpec]:
        """The tools that can be called: those of a server that lost its connection stay while it is built again."""
        return [entry.spec for entry in self.entries() if entry.hidden is None]

    def entries(self) -> Sequence[CatalogueEntry]:
        """Every tool of every server with the reason why it is hidden."""
        down = {name for name, pool in self._pools.items() if pool.state is ServerState.FAILED}
        return [_mark_down(entry) if entry.spec.server in down else entry for entry in self._catalogue.entries]

    def servers(self) -> Sequence[ServerStatus]:
        """Every configured server, the wrong entries, and the file itself when it cannot be read."""
        statuses = [self._status_of(config) for config in self._configuration.servers]
        running = {config.name for config in self._configuration.servers}
        statuses += [
            ServerStatus(name=entry.name, state=ServerState.INVALID, error=entry.error)
            for entry in self._configuration.invalid
            if entry.name not in running
        ]
        if self._configuration.error is not None:
            name = self._config_path.name
            statuses.append(ServerStatus(name=name, state=ServerState.INVALID, error=self._configuration.error))
        return statuses

    def server_details(self) -> Sequence[ServerDetail]:
        """The servers with their replicas and statistics."""
        configs = {config.name: config for config in self._configuration.servers}
        return [self._detail_of(status, config=configs.get(status.name)) for status in self.servers()]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        """Calls, errors and latency per tool name, of the tools called since the start."""
        return self._counter.read()

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        spec = self._find_callable(name)
        if isinstance(spec, ToolOutcome):
            return spec
        fault = find_bad_argument(arguments, schema=spec.input_schema)
        if fault is not None:
            return failed(ErrorKind.TOOL_BAD_ARGUMENTS, f"{name} refuses its arguments: {fault}. Nothing was done.")
        return await self._run(spec, arguments=arguments, answer=None)

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        spec = self._find_callable(name)
        if isinstance(spec, ToolOutcome):
            return spec
        if spec.server != state.get("server"):
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

    def find(self, name: str) -> CatalogueEntry:
        entry = self._catalogue.find(name)
        if entry is None:
            raise NotFound(Text(en=f"No server offers a tool {name!r}.", zh=f"没有服务器提供工具 {name!r}。"))
        return entry

    def find_acceptable(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        entry = self.find(name)
        if self._pools[entry.spec.server].config.is_trusted:
            raise InvalidInput(
                Text(
                    en=f"{name} belongs to a trusted server; there is nothing to accept.",
                    zh=f"{name} 属于受信任的服务器，无需接受。",
                )
            )
        if fingerprint is not None and fingerprint != entry.fingerprint:
            raise AlreadyDecided(
                Text(
                    en=f"The description of {name} has changed again; look at it before accepting.",
                    zh=f"{name} 的描述又发生了变化，请查看后再接受。",
                )
            )
        return entry

    def find_server(self, name: str) -> ServerDetail:
        if name not in self._pools:
            raise NotFound(Text(en=f"No tool server {name!r} is switched on.", zh=f"没有已启用的工具服务器 {name!r}。"))
        return next(detail for detail in self.server_details() if detail.status.name == name)

    async def set_enabled(self, name: str, *, is_enabled: bool) -> CatalogueEntry:
        entry = self.find(name)
        self._memory.set_disabled(entry.spec.server, name, is_disabled=not is_enabled)
        self._list_tools()
        _log.info("tool %s of %s is switched %s", name, entry.spec.server, "on" if is_enabled else "off")
        return self.find(name)

    async def accept(self, name: str, *, fingerprint: str | None) -> CatalogueEntry:
        entry = self.find_acceptable(name, fingerprint=fingerprint)
        self._memory.pin(entry.spec.server, name, entry.fingerprint)
        self._list_tools()
        _log.info("the description of tool %s of %s is accepted", name, entry.spec.server)
        return self.find(name)

    async def reconnect(self, server: str) -> ServerDetail:
        self.find_server(server)
        self._start_pool(self._pools[server].config)
        self._list_tools()
        return self.find_server(server)

    def _find_callable(self, name: str) -> ToolSpec | ToolOutcome:
        entry = self._catalogue.find(name)
        if entry is None:
            return failed(ErrorKind.TOOL_NOT_FOUND, f"There is no tool {name!r}. Nothing was done.")
        if entry.hidden is not None:
            return failed(ErrorKind.PERMISSION_DENIED, f"{entry.hidden.message}. Nothing was done.")
        return entry.spec

    async def _run(
        self, spec: ToolSpec, *, arguments: Json, answer: Question | None
    ) -> ToolOutcome | ConfirmationNeeded:
        started = time.perf_counter()
        with self._telemetry.tool_call(tool=spec.name, server=spec.server, risk=spec.risk) as record:
            result = await run_call(self._pools[spec.server], spec, arguments=arguments, answer=answer)
            record.status = result.status.value if isinstance(result, ToolOutcome) else "asked"
        if isinstance(result, ToolOutcome):
            is_error = result.status in {ToolStatus.ERROR, ToolStatus.UNKNOWN}
            duration_ms = round((time.perf_counter() - started) * 1000)
            self._counter.add(spec.name, server=spec.server, duration_ms=duration_ms, is_error=is_error)
        return result

    async def _read_file(self) -> Configuration:
        return await asyncio.to_thread(read_configuration, self._config_path, environment=self._environment)

    async def _reload(self, found: Configuration) -> None:
        if found == self._configuration:
            return
        if found.error is not None:
            _log.warning("%s; the earlier configuration stays in force", found.error)
            self._configuration = replace(self._configuration, error=f"{found.error}; the earlier one stays in force")
            return
        for entry in found.invalid:
            _log.warning("%s", entry.error)
        before = self._configuration
        self._apply(_keep_running(found, before=before))
        _log.info("%s was read again: %d servers", self._config_path.name, len(self._configuration.servers))
        if self._on_reload is not None:
            await self._on_reload(_describe_edit(before, self._configuration))

    def _apply(self, found: Configuration) -> None:
        """Start what is new, retire what is gone or connects otherwise, leave alone what stays."""
        self._configuration = found
        wanted = {config.name: config for config in found.servers if config.is_enabled}
        for name in self._pools.keys() - wanted.keys():
            self._retire(self._pools.pop(name))
        for name, config in wanted.items():
            pool = self._pools.get(name)
            if pool is not None and pool.config.connects_like(config):
                pool.adopt(config)
            else:
                self._start_pool(config)
        self._pools = {name: self._pools[name] for name in wanted}
        self._list_tools()

    def _start_pool(self, config: ServerConfig) -> None:
        """Connect; what an earlier pool of this name is still doing is finished beside the new one."""
        earlier = self._pools.get(config.name)
        last_known: tuple[Tool, ...] = () if earlier is None else earlier.tools
        pool = ServerPool(config, on_change=self._list_tools, jitter=random.random, last_known=last_known)
        self._pools[config.name] = pool
        pool.start()
        if earlier is not None:
            self._retire(earlier)

    def _retire(self, pool: ServerPool) -> None:
        task = asyncio.create_task(pool.drain(), name=f"mcp-drain-{pool.config.name}")
        self._draining[task] = pool
        task.add_done_callback(lambda done: self._draining.pop(done, None))

    def _list_tools(self) -> None:
        listings = [(pool.config, pool.tools) for pool in self._pools.values()]
        self._catalogue = build_catalogue(listings, is_read_only=self._is_read_only, memory=self._memory)

    def _status_of(self, config: ServerConfig) -> ServerStatus:
        notes = [entry.error for entry in self._configuration.invalid if entry.name == config.name]
        pool = self._pools.get(config.name)
        if pool is None:
            return ServerStatus(name=config.name, state=ServerState.DISABLED, error="; ".join(notes) or None)
        notes += pool.notes() or self._catalogue.notes.get(config.name, ())
        return ServerStatus(
            name=config.name,
            state=pool.state,
            error="; ".join(notes) or None,
            tool_count=sum(1 for spec in self._catalogue.tools if spec.server == config.name),
        )

    def _detail_of(self, status: ServerStatus, *, config: ServerConfig | None) -> ServerDetail:
        if config is None:
            return ServerDetail(status=status)
        pool = self._pools.get(config.name)
        draining = [old for old in self._draining.values() if old.config.name == config.name]
        return ServerDetail(
            status=status,
            transport="http" if isinstance(config.target, HttpTarget) else "stdio",
            is_trusted=config.is_trusted,
            replicas=() if pool is None else pool.replicas(),
            statistics=self._counter.read_server(config.name),
            calls_draining=sum(old.calls_under_way for old in draining),
        )

    async def _stop_all(self) -> None:
        tasks, pools = list(self._draining), [*self._draining.values(), *self._pools.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(pool.stop() for pool in pools))
        await asyncio.gather(*tasks, return_exceptions=True)


def _keep_running(found: Configuration, *, before: Configuration) -> Configuration:
    """A server whose entry is wrong now goes on as it was; the error says so."""
    wrong = {entry.name for entry in found.invalid}
    kept = {config.name: config for config in before.servers if config.name in wrong}
    invalid = tuple(
        InvalidServer(entry.name, f"{entry.error}; its earlier entry stays in force") if entry.name in kept else entry
        for entry in found.invalid
    )
    return replace(found, servers=(*found.servers, *kept.values()), invalid=invalid)


def _describe_edit(before: Configuration, after: Configuration) -> Json:
    old = {config.name: config for config in before.servers}
    new = {config.name: config for config in after.servers}
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
        "invalid": sorted(entry.name for entry in after.invalid),
    }


def _mark_down(entry: CatalogueEntry) -> CatalogueEntry:
    if entry.hidden is not None:
        return entry
    return replace(entry, hidden=Hidden(HiddenReason.SERVER_DOWN, f"server {entry.spec.server!r} is not connected"))
