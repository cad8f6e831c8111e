"""How every change tool proceeds: look, try, ask, write onto exactly what was asked about, watch."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.preview import CallRisk, Preview, write_preview, write_question
from k8s_mcp.changes.protection import ChangePolicy
from k8s_mcp.changes.targets import Target, digest_targets
from k8s_mcp.cluster.interfaces import Cluster, Resource
from k8s_mcp.errors import (
    AccessDenied,
    ChangeConflict,
    ClusterError,
    FieldsOwned,
    ObjectNotFound,
    OutcomeUnknown,
    RequestRefused,
)
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.confirmation import Decision, Question, confirm
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result

WrittenT = TypeVar("WrittenT")
Status = Literal["done", "partial", "unchanged", "declined", "needs_approval"]

# The status of many objects changes all the time, and each change makes the read version stale.
_WRITE_ATTEMPTS = 4

_DECLINED = Words(
    en="The change was declined; nothing was changed. Do not repeat it unless asked to.",
    zh="变更被拒绝，没有做任何修改。除非再次要求，请勿重复。",
)
_NEEDS_APPROVAL = Words(
    en="Nothing was changed: the change needs the approval of a person, and this client cannot ask one (no "
    "elicitation). The operator may set K8S_MCP_ALLOW_UNCONFIRMED=true.",
    zh="没有做任何修改：变更需要人工批准，而这个客户端无法询问（不支持 elicitation）。管理员可设置 "
    "K8S_MCP_ALLOW_UNCONFIRMED=true。",
)


class NothingToChange(Exception):
    """The object is already as the change would leave it."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the cluster made of a change within the time of the watch."""

    progress: str
    words: Words


@dataclass(frozen=True, slots=True)
class Done:
    """What was written, the tool call that turns it back where there is one, and how to follow what comes of it."""

    words: Words
    watch: Callable[[], Awaitable[Outcome]]
    undo: str | None = None
    is_partial: bool = False
    """Something was written and the rest failed."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the call of a change tool ended."""

    status: Status
    words: Words
    outcome: str | None = None
    undo: str | None = None

    @property
    def text(self) -> str:
        return f"{self.words.en}\nUndo: {self.undo}" if self.undo else self.words.en


class Change(Protocol):
    """One change, made ready by a tool."""

    @property
    def targets(self) -> Sequence[Target]:
        """Everything the approval is bound to."""

    async def preview(self) -> Preview:
        """Try the change without making it, and look around.

        Raises ClusterError when it cannot be made, NothingToChange when there is nothing to do.
        """

    async def write(self) -> Done:
        """Make exactly this change; raises ClusterError or ToolError when it was not made."""


@dataclass(frozen=True, slots=True)
class ChangeCall:
    """What a change tool works with during one call."""

    context: Context[K8sState]
    tool: str
    cluster: Cluster
    cluster_argument: str | None
    """As it was given: a command that repeats the call needs it, and only then."""

    @property
    def state(self) -> K8sState:
        return state_of(self.context)

    @property
    def policy(self) -> ChangePolicy:
        settings = self.state.settings
        return ChangePolicy(
            protected_namespaces=settings.protected_namespaces,
            denied_kinds=settings.change_denied_kinds,
            allows_destructive=not settings.no_destructive,
        )

    async def place(self, resource: Resource, namespace: str | None) -> str | None:
        """The namespace of an object of this kind."""
        if not resource.is_namespaced:
            return None
        return namespace or await self.cluster.default_namespace()

    async def read(self, resource: Resource, *, name: str, namespace: str | None, verb: str = "patch") -> Target:
        """The object as it is now, if it may be changed; raises ChangeBlocked, or ToolError with the nearest names."""
        place = await self.place(resource, namespace)
        self.policy.check(Target(resource, place, name, None), verb=verb)
        try:
            found = await self.cluster.read_object(resource, name=name, namespace=place)
        except ObjectNotFound as error:
            raise await explain_missing(
                self.cluster, resource, name=name, namespace=place, tool=_listing_tool(resource)
            ) from error
        # Lists and watches may leave the kind out; the rules go by it.
        return Target(resource, place, name, {**found, "kind": resource.kind, "apiVersion": resource.api_version})

    def write_command(self, **arguments: object) -> str:
        """A call of this very tool as text, such as the one that turns the change back."""
        return write_command(self.tool, **arguments, cluster=self.cluster_argument)

    async def tell(self, message: str) -> None:
        """Let the client know how far the call has come, while it waits."""
        await self.context.report_progress(time.monotonic(), None, message)


def open_call(context: Context[K8sState], tool: str, cluster: str | None) -> ChangeCall:
    """Raises UnknownCluster, and AccessDenied where it must be known who asks."""
    return ChangeCall(context, tool, choose_cluster(context, cluster), cluster)


def write_command(tool: str, **arguments: object) -> str:
    """`tool name=value …`; arguments that are None are left out."""
    given = [f"{name}={_show_argument(value)}" for name, value in arguments.items() if value is not None]
    return " ".join([tool, *given])


def _show_argument(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listing_tool(resource: Resource) -> str:
    dedicated = {"Pod": "k8s-get-pods", "Deployment": "k8s-get-deployments", "Node": "k8s-get-nodes"}
    return dedicated.get(resource.kind, "k8s-get-resources")


async def carry_out(call: ChangeCall, change: Change, *, action: str) -> Report | InputRequiredResult:
    """Ask about the change unless it was answered already, and make it after a yes."""
    preview: Preview | None = None

    async def ask() -> Question:
        nonlocal preview
        preview = await _try(call, change)
        return Question(text=write_question(preview), preview=write_preview(preview))

    try:
        decision = await confirm(
            call.context,
            binding=digest_targets(change.targets),
            question=ask,
            allow_unconfirmed=call.state.settings.allow_unconfirmed,
        )
    except NothingToChange as nothing:
        return Report("unchanged", nothing.words)
    match decision:
        case InputRequiredResult():
            return decision
        case Decision.DECLINED:
            return Report("declined", _DECLINED)
        case Decision.NEEDS_APPROVAL:
            shown = f"\nThis is what it would do:\n{write_question(preview)}" if preview else ""
            return Report("needs_approval", Words(en=_NEEDS_APPROVAL.en + shown, zh=_NEEDS_APPROVAL.zh))
    return await _write_and_watch(call, change, action=action)


async def _try(call: ChangeCall, change: Change) -> Preview:
    """The preview, so that nobody is asked about something that cannot be done or is not allowed."""
    try:
        preview = await change.preview()
    except (AccessDenied, RequestRefused, ChangeConflict, ObjectNotFound) as error:
        raise KindedToolError(
            f"Nothing was changed and nobody was asked: a dry run of the change failed. {error}",
            kind=error.error_kind,
        ) from error
    if preview.risk is CallRisk.DESTRUCTIVE:
        call.policy.check_destructive(preview.title.en.removesuffix("?"))
    return preview


async def _write_and_watch(call: ChangeCall, change: Change, *, action: str) -> Report:
    # A request that is cut off in the middle leaves open what it did; each is bounded in time, so it is waited for.
    with anyio.CancelScope(shield=True):
        done = await change.write()
        _record(call, change.targets, action=action)
        await call.tell(f"{done.words.en} Watching what comes of it.")
    outcome = await done.watch()
    words = Words(en=f"{done.words.en} {outcome.words.en}".rstrip(), zh=f"{done.words.zh}{outcome.words.zh}")
    return Report("partial" if done.is_partial else "done", words, outcome=outcome.progress, undo=done.undo)


def _record(call: ChangeCall, targets: Sequence[Target], *, action: str) -> None:
    """What was written stands in the audit even if the client goes away before the answer."""
    call.state.audit.write(
        {
            "time": call.state.now().isoformat(timespec="milliseconds"),
            "event": "change_written",
            "tool": call.tool,
            "action": action,
            "cluster": call.cluster.name,
            "objects": [target.path for target in targets],
        }
    )


async def write_onto(call: ChangeCall, target: Target, write: Callable[[Target], Awaitable[WrittenT]]) -> WrittenT:
    """Write onto the state that was approved; status updates in between are fine, any other change is not."""
    latest = target
    for _ in range(_WRITE_ATTEMPTS):
        try:
            return await write(latest)
        except FieldsOwned:
            raise
        except ChangeConflict:
            latest = await _read_again(call, target)
            if digest_targets([latest]) != digest_targets([target]):
                raise _changed_meanwhile(target) from None
        except OutcomeUnknown as error:
            raise await _explain_unknown(call, target, error) from error
    raise ToolError(
        f"Nothing was changed: {target.title} is written so often at the moment that no change gets through. "
        "Try again shortly."
    )


async def _read_again(call: ChangeCall, target: Target) -> Target:
    try:
        found = await call.cluster.read_object(target.resource, name=target.name, namespace=target.namespace)
    except ObjectNotFound:
        return Target(target.resource, target.namespace, target.name, None)
    kind = {"kind": target.resource.kind, "apiVersion": target.resource.api_version}
    return Target(target.resource, target.namespace, target.name, {**found, **kind})


def _changed_meanwhile(target: Target) -> ToolError:
    return ToolError(
        f"Nothing was changed: {target.title} changed after the question was asked. Look at it and ask again."
    )


async def _explain_unknown(call: ChangeCall, target: Target, error: OutcomeUnknown) -> ToolError:
    """Look whether a change whose answer was lost shows in the cluster."""
    try:
        latest = await _read_again(call, target)
    except ClusterError as second:
        seen = f"It could not be read since ({second})"
    else:
        is_same = digest_targets([latest]) == digest_targets([target])
        seen = f"{target.title} {'is unchanged so far' if is_same else 'has changed since'}"
    return KindedToolError(
        f"Outcome unknown: {error} {seen}. Look at it before trying again.", kind=ErrorKind.OUTCOME_UNKNOWN
    )


def write_result(report: Report, targets: Sequence[Target], *, action: str) -> CallToolResult:
    """The answer of a change tool."""
    result = ChangeResult(
        status=report.status,
        action=action,
        objects=[target.path for target in targets],
        outcome=report.outcome or "",
        message=report.words.en,
        message_zh=report.words.zh,
        undo=report.undo or "",
    )
    answer = structured_result(result, text=report.text)
    return answer.model_copy(update={"is_error": True}) if report.status == "partial" else answer
