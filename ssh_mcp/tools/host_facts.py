"""ssh-host-facts: disks, memory, load, processes, failed services and more of a host, in one look."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from host_facts.collection import CERTIFICATE_PATHS, build_script
from host_facts.domain import HostFacts
from host_facts.parsing import parse_facts
from mcp_kit.results import structured_result
from ssh_mcp.commands.capture import OutputCapture
from ssh_mcp.commands.domain import Command, EndKind
from ssh_mcp.commands.fleet import Target
from ssh_mcp.commands.running import run_command
from ssh_mcp.commands.wrapping import make_tag
from ssh_mcp.errors import ConnectionBroke, HostError
from ssh_mcp.inventories.domain import choose_account
from ssh_mcp.results import HostFactsResult, HostFactsView
from ssh_mcp.state import SshState
from ssh_mcp.tools.arguments import AccountName, Assets
from ssh_mcp.tools.fact_texts import write_facts
from ssh_mcp.tools.progress import beating

TOOL = "ssh-host-facts"

FactsPart = Literal[
    "cpu",
    "memory",
    "filesystems",
    "top_processes",
    "zombies",
    "oom_kills",
    "failed_units",
    "listeners",
    "certificates",
    "clock",
]

_SCRIPT_SECONDS = 45.0
# A host with very many processes writes some megabytes; the parser wants the whole.
_CAPTURE_BYTES = 8 * 1024 * 1024
_AT_ONCE = 10
# Several hosts share one answer.
_FEW_PROCESSES = 5


async def read_host_facts(
    ctx: Context[SshState],
    assets: Assets,
    account: AccountName = None,
    certificate_paths: Annotated[
        list[str] | None,
        Field(max_length=20, description="Certificate files to look at, with * and ?; null means the usual ones."),
    ] = None,
    parts: Annotated[
        list[FactsPart] | None, Field(max_length=20, description="Answer only these parts; null means all.")
    ] = None,
) -> Annotated[CallToolResult, HostFactsResult]:
    """Look at the health of hosts: disks and inodes, CPU, load, memory, swap, top processes, zombies, OOM kills, failed
    services, listening ports, certificates, clock. Only reads. What could not be read is named, never zero."""
    state = ctx.request_context.lifespan_context
    limit = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def look(name: str) -> HostFactsView:
        nonlocal done
        async with limit:
            view = await _look_at(state, name, account=account, certificate_paths=certificate_paths)
        done += 1
        return view

    names = list(dict.fromkeys(assets))
    async with beating(ctx, lambda: f"{done} of {len(names)} hosts done"):
        views = await asyncio.gather(*map(look, names))
    if parts is not None:
        views = [_keep(view, parts=parts) for view in views]
    if len(views) > 1:
        views = [_shorten(view) for view in views]
    result = HostFactsResult(hosts=list(views))
    return structured_result(result, text="\n\n".join(_write(view) for view in views))


async def _look_at(
    state: SshState, name: str, *, account: str | None, certificate_paths: Sequence[str] | None
) -> HostFactsView:
    """The facts of one host, or why there are none."""
    try:
        (asset,) = await state.assets.find([name])
        facts = await _read(state, Target(asset, choose_account(asset, account)), certificate_paths=certificate_paths)
    except HostError as error:
        is_broken = isinstance(error, ConnectionBroke)
        kind = "unreachable" if is_broken else error.error_kind.value
        return HostFactsView(asset=name, error=str(error)[:500], error_kind=kind)
    except TimeoutError:
        text = f"{name} did not answer within {_SCRIPT_SECONDS:g} s; what was begun there was ended."
        return HostFactsView(asset=name, error=text, error_kind="timeout")
    except ValueError as error:
        return HostFactsView(asset=name, error=str(error)[:500], error_kind="bad_arguments")
    return HostFactsView(asset=name, facts=facts)


async def _read(state: SshState, target: Target, *, certificate_paths: Sequence[str] | None) -> HostFacts:
    tag = make_tag()
    paths = CERTIFICATE_PATHS if certificate_paths is None else certificate_paths
    command = Command(build_script(tag=tag, certificate_paths=paths), _SCRIPT_SECONDS)
    capture = OutputCapture(lambda _: io.BytesIO(), capacity=_CAPTURE_BYTES)
    asked_at = state.now()
    try:
        host = state.hosts.host(target.asset, target.account)
        ending = await run_command(host, command, capture=capture, reaper=state.reaper)
        output = capture.finish()["stdout"]
    finally:
        capture.close()
    if ending.kind is EndKind.TIMED_OUT:
        raise TimeoutError
    text = output.head.decode(errors="replace")
    return parse_facts(text, host=target.asset.id, tag=tag, taken_at=state.now(), asked_at=asked_at)


def _keep(view: HostFactsView, *, parts: Sequence[FactsPart]) -> HostFactsView:
    """The asked parts only: with several hosts, the whole of each would not fit one answer."""
    facts = view.facts
    if facts is None:
        return view
    dropped: dict[str, object] = dict.fromkeys(set(get_args(FactsPart)) - set(parts))
    unknown = {part: why for part, why in facts.unknown.items() if part not in dropped}
    return view.model_copy(update={"facts": facts.model_copy(update={**dropped, "unknown": unknown})})


def _shorten(view: HostFactsView) -> HostFactsView:
    facts = view.facts
    if facts is None or facts.top_processes is None:
        return view
    few = facts.model_copy(update={"top_processes": facts.top_processes[:_FEW_PROCESSES]})
    return view.model_copy(update={"facts": few})


def _write(view: HostFactsView) -> str:
    return f"{view.asset}: {view.error}" if view.facts is None else write_facts(view.asset, view.facts)
