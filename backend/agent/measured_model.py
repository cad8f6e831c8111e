"""A model whose calls are measured."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from backend.agent.domain import Mode, ModelEvent, ModelFinished, ModelRequest
from backend.agent.interfaces import ModelClient, Telemetry
from backend.vocabulary.errors import ModelError


class MeasuredModel:
    """Implements ModelClient around another one."""

    def __init__(self, client: ModelClient, *, telemetry: Telemetry) -> None:
        self._client = client
        self._telemetry = telemetry

    @property
    def name(self) -> str:
        return self._client.name

    @property
    def mode(self) -> Mode:
        return self._client.mode

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        with self._telemetry.model_call(model=self.name) as record:
            try:
                async with aclosing(self._client.stream(request)) as stream:
                    async for event in stream:
                        record.note_token()
                        if isinstance(event, ModelFinished):
                            record.outcome, record.usage = "ok", event.usage
                        yield event
            except ModelError as error:
                record.outcome = error.kind.value
                raise
