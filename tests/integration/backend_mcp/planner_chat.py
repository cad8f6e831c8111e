"""A person who talks with the rule planner over real tool servers."""

import asyncio
import json

from backend.agent.domain import (
    AssistantMessage,
    ConfirmationNeeded,
    HistoryMessage,
    ModelFinished,
    ModelRequest,
    ToolMessage,
    UserMessage,
)
from backend.agent.rule_planner import RulePlanner
from backend.integrations.mcp_servers import McpToolSource
from backend.vocabulary.language import Language


class PlannerChat:
    """Asks the planner and runs its calls; says yes to every question, and keeps the questions."""

    def __init__(self, source: McpToolSource, *, planner: RulePlanner | None = None) -> None:
        self._source = source
        self._planner = planner or RulePlanner()
        self._history: list[HistoryMessage] = []
        self.questions: list[str] = []

    async def ask(self, question: str) -> str:
        self._history.append(UserMessage(question))
        async with asyncio.timeout(40):
            while True:
                message = await self._reply()
                self._history.append(message)
                if not message.tool_calls:
                    return message.text
                for call in message.tool_calls:
                    arguments = json.loads(call.arguments_text)
                    outcome = await self._source.call(call.name, arguments=arguments)
                    if isinstance(outcome, ConfirmationNeeded):
                        self.questions.append(outcome.question)
                        outcome = await self._source.confirm(call.name, arguments=arguments, state=outcome.state)
                    self._history.append(ToolMessage(call, outcome))

    async def _reply(self) -> AssistantMessage:
        tools = tuple(self._source.tools())
        request = ModelRequest(instructions="", history=tuple(self._history), tools=tools, language=Language.ZH)
        events = [event async for event in self._planner.stream(request)]
        assert isinstance(events[-1], ModelFinished)
        return events[-1].message
