"""`ding-robot patrol`: watching without the web server."""

import asyncio
import getpass
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from backend.agent.telemetry import NoTelemetry
from backend.features.notifications.domain import DeliveryState
from backend.features.patrol.domain import Finding, FindingState, PatrolRun, RunState, Trigger
from backend.features.patrol.interfaces import FindingFilter
from backend.features.patrol.service import PatrolProcess
from backend.model_setup import build_models
from backend.patrol_setup import UnusableWebhook, WatchNeeds, apply_webhook, build_watch, keep_watch
from backend.records import new_id, open_records
from backend.settings import Settings, read_server_environment
from backend.storage.database import Database
from backend.storage.usage_store import SqlUsageStore
from backend.terminal.patrol_view import print_findings, write_line
from backend.tool_setup import make_tool_source
from backend.vocabulary.clock import SystemClock
from backend.vocabulary.language import Language
from backend.web.schemas.patrol import read_finding, read_run
from backend.web.watch import Watch

EXIT_WELL, EXIT_FINDINGS, EXIT_BLIND = 0, 1, 2
_DELIVERY_SECONDS = 60.0
_FOLLOW_SECONDS = 0.5
_MOST_FINDINGS = 200


class TaskStarter:
    """Implements RunStarter: a run is carried out by a task of this process, and by the next start after a crash."""

    def __init__(self, advance: Callable[[str], Awaitable[bool]]) -> None:
        self._advance = advance
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, run_id: str) -> None:
        task = self._tasks.get(run_id)
        if task is None or task.done():
            self._tasks = {name: one for name, one in self._tasks.items() if not one.done()}
            self._tasks[run_id] = asyncio.create_task(self._carry_out(run_id), name=f"patrol-{run_id}")

    async def wait(self) -> None:
        await asyncio.gather(*self._tasks.values())

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _carry_out(self, run_id: str) -> None:
        while not await self._advance(run_id):
            pass


@dataclass(frozen=True, slots=True)
class PatrolOptions:
    """`ding-robot patrol`."""

    is_once: bool
    is_json: bool
    interval_seconds: int | None
    webhook: str | None
    language: str | None


def run_patrol(options: PatrolOptions) -> int:
    """Returns the exit code."""
    settings = read_settings(webhook=options.webhook, language=options.language)
    if options.interval_seconds is not None:
        settings.patrol = settings.patrol.model_copy(update={"interval_seconds": options.interval_seconds})
    work = _patrol_once if options.is_once else _patrol_always
    try:
        return asyncio.run(work(settings, options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return EXIT_WELL


@asynccontextmanager
async def open_watch(
    settings: Settings, *, process: PatrolProcess, looks: bool = True
) -> AsyncIterator[tuple[Watch, TaskStarter]]:
    """Everything that watches, in this process; nothing runs yet. Who does not look needs no tool servers."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = Database(settings.resolved_database_url)
        stack.push_async_callback(database.close)
        await database.migrate()
        _access, audit = open_records(database, settings=settings)
        telemetry = NoTelemetry()
        settings.read_only = True  # patrol only reads, so nothing else is even offered to it
        tools = make_tool_source(settings, audit=audit, telemetry=telemetry)
        if looks:
            await stack.enter_async_context(tools)
        models = build_models(
            settings, environment=read_server_environment(settings), now=clock.now, stack=stack, telemetry=telemetry
        )
        needs = WatchNeeds(
            database=database,
            tools=tools,
            models=models,
            ledger=SqlUsageStore(database),
            audit=audit,
            clock=clock,
            new_id=new_id,
            process=process,
        )
        watch = build_watch(settings, needs, stack=stack)
        starter = TaskStarter(watch.patrol.advance)
        watch.patrol.connect(starter)
        stack.push_async_callback(starter.stop)
        yield watch, starter


async def _patrol_once(settings: Settings, options: PatrolOptions) -> int:
    language = settings.notifications.chosen_language
    async with open_watch(settings, process=PatrolProcess(owner=name_command())) as (watch, starter):
        run = await look_at_everything(watch, starter, is_silent=options.is_json, language=language)
        if await _list_findings(watch, FindingState.SUSPECTED):
            # What comes and goes needs a second look, and there is no next patrol that would give it.
            await asyncio.sleep(settings.patrol.confirm_seconds)
            run = await look_at_everything(watch, starter, is_silent=options.is_json, language=language)
        await deliver(watch)
        findings = await _list_findings(watch, FindingState.OPEN, FindingState.SUSPECTED)
    is_blind = run.state is not RunState.FINISHED or run.unknown == run.targets
    if options.is_json:
        print(json.dumps(_describe(run, findings), ensure_ascii=False))
    else:
        print_findings(findings, is_blind=is_blind, language=language, console=Console())
    if is_blind:
        return EXIT_BLIND
    return EXIT_FINDINGS if any(finding.state is FindingState.OPEN for finding in findings) else EXIT_WELL


async def _list_findings(watch: Watch, *states: FindingState) -> Sequence[Finding]:
    wanted = FindingFilter(states=frozenset(states))
    return await watch.findings.list_page(wanted, before=None, limit=_MOST_FINDINGS)


async def _patrol_always(settings: Settings, options: PatrolOptions) -> int:
    """Patrol now and at every tick until interrupted, showing the log."""
    end_orderly_on_sigterm()
    language = settings.notifications.chosen_language
    settings.patrol = settings.patrol.model_copy(update={"enabled": True})
    process = PatrolProcess(owner=f"patrol:{socket.gethostname()}")
    async with open_watch(settings, process=process) as (watch, _starter):
        position = await watch.patrol.find_position(back=0)
        async with keep_watch(settings, watch):
            await watch.patrol.start(trigger=Trigger.COMMAND, by=name_actor())
            async for batch in watch.patrol.follow(after=position):
                for _seq, data in batch:
                    print(data if options.is_json else write_line(data, language=language), flush=True)
    return EXIT_WELL


async def look_at_everything(watch: Watch, starter: TaskStarter, *, is_silent: bool, language: Language) -> PatrolRun:
    """One whole patrol; when another process is at one, wait for that."""
    position = await watch.patrol.find_position(back=0)
    run, is_new = await watch.patrol.start(trigger=Trigger.COMMAND, by=name_actor())
    if not is_new:
        print(f"A patrol is at work already (by {run.started_by}); waiting for it.", file=sys.stderr)
    async for batch in watch.patrol.follow(after=position, poll_seconds=_FOLLOW_SECONDS):
        for _seq, data in batch:
            if not is_silent:
                print(write_line(data, language=language), file=sys.stderr, flush=True)
        run = await watch.patrol.get_run(run.id)
        if run.is_over:
            break
        await starter.start(run.id)
    await starter.wait()
    return run


async def deliver(watch: Watch, *, key: str | None = None) -> None:
    """Send what waits, within a minute; what does not go out now is kept for the next process that delivers."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _DELIVERY_SECONDS
    await watch.notifications.retry_refused()
    clock = SystemClock()
    for channel in watch.notifications.channel_names:
        while (moment := await watch.notifications.deliver_due(channel)) is not None:
            wait = max(0.1, (moment - clock.now()).total_seconds())
            waiting = await watch.notifications.find_deliveries(key) if key is not None else None
            is_done = waiting is not None and all(one.state is not DeliveryState.WAITING for one in waiting)
            if is_done or loop.time() + wait > until:
                break
            await asyncio.sleep(wait)


def read_settings(*, webhook: str | None, language: str | None) -> Settings:
    settings = Settings()
    if webhook is not None:
        try:
            apply_webhook(settings, webhook)
        except UnusableWebhook as error:
            sys.exit(str(error))
    if language is not None:
        settings.notifications = settings.notifications.model_copy(update={"language": language})
    return settings


def end_orderly_on_sigterm() -> None:
    """What a service manager sends ends tool servers and connections as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None and hasattr(signal, "SIGTERM") and sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def name_command() -> str:
    """A process that runs once: nobody continues under its name."""
    return f"command:{socket.gethostname()}:{os.getpid()}"


def name_actor() -> str:
    """The account on this machine."""
    try:
        return f"command-line:{getpass.getuser()}"
    except (KeyError, OSError):
        return "command-line"


def _describe(run: PatrolRun, findings: Sequence[Finding]) -> dict[str, Any]:  # Any: JSON
    return {
        "run": read_run(run).model_dump(mode="json"),
        "findings": [read_finding(finding).model_dump(mode="json") for finding in findings],
    }
