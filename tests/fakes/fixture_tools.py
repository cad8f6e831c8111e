"""A tool source whose tools answer as a test says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.agent.domain import (
    ConfirmationNeeded,
    Json,
    Risk,
    ServerState,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
    ToolStatus,
)

Answer = Callable[[Json], ToolOutcome | ConfirmationNeeded]


class FixtureTools:
    """Implements ToolSource with one function per tool."""

    def __init__(self, *, risk: Risk = Risk.READ, **answers: Answer) -> None:
        self._answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self._risk = risk
        self.state = ServerState.CONNECTED
        self.calls: list[tuple[str, Json]] = []

    def tools(self) -> Sequence[ToolSpec]:
        schema: Json = {"properties": {"cluster": {}, "all_namespaces": {}}}
        return [
            ToolSpec(name=name, server="s", description="", input_schema=schema, risk=self._risk)
            for name in self._answers
        ]

    def servers(self) -> Sequence[ServerStatus]:
        return [ServerStatus(name="s", state=self.state)]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        return {}

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        self.calls.append((name, arguments))
        return self._answers[name](arguments)

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        raise AssertionError("patrol never says yes")


def ok(structured: Any) -> Answer:  # Any: JSON
    return lambda _arguments: ToolOutcome(status=ToolStatus.OK, text="fine", structured=structured)
