"""A scripted model, a tool source and an executor that live in the test's own process."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from backend.agent.domain import (
    AssistantMessage,
    ConfirmationNeeded,
    Json,
    Mode,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    Risk,
    ServerState,
    ServerStatus,
    TextDelta,
    TokenUsage,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
    ToolStatus,
)
from backend.features.chat.domain import Run
from backend.vocabulary.errors import ModelError

READ_TOOL = ToolSpec(name="list-things", server="fixture", description="", input_schema={}, risk=Risk.READ)
CHANGE_TOOL = ToolSpec(
    name="change-thing", server="fixture", description="", input_schema={}, risk=Risk.CHANGE, asks_itself=True
)
UNASKED_CHANGE_TOOL = ToolSpec(
    name="foreign-change", server="foreign", description="", input_schema={}, risk=Risk.CHANGE
)


def say(text: str) -> AssistantMessage:
    return AssistantMessage(text=text)


def call(*calls: tuple[str, str], text: str = "") -> AssistantMessage:
    """A reply with tool calls, each as name and arguments in JSON; ids repeat from reply to reply."""
    return AssistantMessage(
        text=text,
        tool_calls=tuple(
            ToolCall(id=f"call_{number}", name=name, arguments_text=arguments)
            for number, (name, arguments) in enumerate(calls)
        ),
    )


class ScriptedModel:
    """Plays replies in order. A ModelError in the script is raised, after the text that stands before it."""

    def __init__(self, *script: AssistantMessage | ModelError, name: str = "scripted", mode: Mode = "model") -> None:
        self._script = list(script)
        self._name = name
        self._mode = mode
        self.requests: list[ModelRequest] = []
        self.hold: asyncio.Event | None = None
        """When set, replies wait for it after their first word."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def mode(self) -> Mode:
        return self._mode

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        self.requests.append(request)
        entry = self._script.pop(0)
        if isinstance(entry, ModelError):
            yield TextDelta("half a sen")
            raise entry
        if entry.reasoning:
            yield ReasoningDelta(entry.reasoning)
        for word in entry.text.split(" ") if entry.text else ():
            yield TextDelta(f"{word} ")
            if self.hold is not None:
                await self.hold.wait()
        for tool_call in entry.tool_calls:
            yield ToolCallStarted(tool_call.id, tool_call.name)
            half = len(tool_call.arguments_text) // 2
            yield ToolCallDelta(tool_call.id, tool_call.arguments_text[:half])
            yield ToolCallDelta(tool_call.id, tool_call.arguments_text[half:])
        yield ModelFinished(message=entry, usage=TokenUsage(10, 5))


@dataclass
class FixtureTools:
    """Three tools: one reads, one changes and asks, one changes without asking. Records what was executed."""

    specs: list[ToolSpec] = field(default_factory=lambda: [READ_TOOL, CHANGE_TOOL, UNASKED_CHANGE_TOOL])
    read: list[Json] = field(default_factory=list)
    changed: list[Json] = field(default_factory=list)
    read_result: ToolOutcome = field(
        default_factory=lambda: ToolOutcome(status=ToolStatus.OK, text="one thing", structured={"shown": 1})
    )
    hold: asyncio.Event | None = None
    was_cancelled: bool = False
    remember_key: str | None = None
    preview: Json | None = None
    """What comes with the question of the changing tool."""

    def tools(self) -> Sequence[ToolSpec]:
        return self.specs

    def servers(self) -> Sequence[ServerStatus]:
        return [ServerStatus(name="fixture", state=ServerState.CONNECTED, tool_count=len(self.specs))]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        return {}

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                raise
        if name == CHANGE_TOOL.name:
            return ConfirmationNeeded(
                question=f"Change {dict(arguments)}?",
                state={"key": "sealed"},
                remember_key=self.remember_key,
                preview=self.preview,
            )
        if name == UNASKED_CHANGE_TOOL.name:
            self.changed.append(arguments)
            return ToolOutcome(status=ToolStatus.OK, text="changed")
        self.read.append(arguments)
        return self.read_result

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        assert state == {"key": "sealed"}
        self.changed.append(arguments)
        return ToolOutcome(status=ToolStatus.OK, text="changed")


class InProcessExecutor:
    """Advances every enqueued run in a task of its own; keeps nothing over a restart."""

    def __init__(self, advance: Callable[[str, asyncio.Event], Awaitable[bool]]) -> None:
        self._advance = advance
        self._cancels: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def expect_work(self) -> None:
        """Runs start at once here anyway."""

    async def enqueue(self, run: Run) -> None:
        if run.id not in self._tasks:
            self._cancels[run.id] = asyncio.Event()
            self._tasks[run.id] = asyncio.create_task(self._execute(run.id))

    def cancel(self, run_id: str) -> None:
        self._cancels[run_id].set()

    async def wait(self) -> None:
        """Until every run is over or waits for a person."""
        await asyncio.wait_for(asyncio.gather(*self._tasks.values()), timeout=10)

    async def _execute(self, run_id: str) -> None:
        while not await self._advance(run_id, self._cancels[run_id]):
            pass
