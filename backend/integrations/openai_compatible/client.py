"""One model behind an OpenAI-compatible URL."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic import SecretStr
from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import InstructionPart, ModelResponseStreamEvent
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from backend.agent.domain import Mode, ModelEvent, ModelFinished, ModelRequest, TokenUsage
from backend.integrations.openai_compatible.failures import to_model_error
from backend.integrations.openai_compatible.history import PROVIDER, to_model_messages, to_tool_definitions
from backend.integrations.openai_compatible.reply import ReplyAssembly, find_call_ids
from backend.integrations.openai_compatible.tool_call_deltas import SortingChatModel
from backend.vocabulary.errors import ErrorKind, ModelError

OPENAI_URL = "https://api.openai.com/v1"
_UNUSED_TAGS = ("\x00reasoning\x00", "\x00/reasoning\x00")
"""Tags no model writes: we split reasoning tags ourselves, because the library misses tags cut by a delta."""


class OpenAiCompatibleModel:
    """Implements ModelClient. It never retries by itself: the agent loop decides about that."""

    def __init__(
        self,
        *,
        model: str,
        name: str | None = None,
        base_url: str | None,
        api_key: SecretStr | None,
        first_token_seconds: float = 60.0,
        idle_seconds: float = 60.0,
        temperature: float | None = None,
        extra_body: Mapping[str, Any] | None = None,  # Any: vendors' own JSON fields
    ) -> None:
        """The first token may be late, as reasoning models think first; later silence means a dead stream.

        `name` is what people read, the endpoint's own name for the model unless given.
        """
        self._name = name or model
        self._first_token_seconds = first_token_seconds
        self._idle_seconds = idle_seconds
        key = api_key.get_secret_value() if api_key else ""
        self._client = AsyncOpenAI(
            base_url=base_url or OPENAI_URL,
            # Local servers need no key, but the client insists on one.
            api_key=key or "none",
            max_retries=0,
            timeout=httpx2.Timeout(max(first_token_seconds, idle_seconds) + 5, connect=10.0),
        )
        profile = OpenAIModelProfile(
            thinking_tags=_UNUSED_TAGS,
            openai_chat_streaming_requires_finish_reason=True,
            openai_supports_strict_tool_definition=False,
        )
        self._model = SortingChatModel(
            model, provider=OpenAICompatibleProvider(PROVIDER, openai_client=self._client), profile=profile
        )
        self._settings = ModelSettings()
        if temperature is not None:
            self._settings["temperature"] = temperature
        if extra_body:
            self._settings["extra_body"] = dict(extra_body)
        self._reasoning_field: str | None = "reasoning_content"

    @property
    def name(self) -> str:
        return self._name

    @property
    def mode(self) -> Mode:
        return "model"

    async def close(self) -> None:
        """Close the connection pool."""
        await self._client.close()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Stream one reply, ending with ModelFinished; raise ModelError. Closing the iterator ends the HTTP stream."""
        assembly = ReplyAssembly(known_ids=find_call_ids(request.history))
        async with AsyncExitStack() as stack:
            response = await self._open(request, stack=stack)
            events = aiter(response)
            while (event := await self._next(events)) is not None:
                for translated in assembly.translate(event):
                    yield translated
            for translated in assembly.flush(refusal=_find_refusal(response)):
                yield translated
        if assembly.reasoning_field is not None:
            self._reasoning_field = assembly.reasoning_field
        usage = response.usage
        yield ModelFinished(
            message=assembly.build_message(model=self._name),
            usage=TokenUsage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
        )

    async def _open(self, request: ModelRequest, *, stack: AsyncExitStack) -> StreamedResponse:
        context = model_request_stream(
            self._model,
            to_model_messages(request.history, reasoning_field=self._reasoning_field),
            model_settings=self._settings,
            model_request_parameters=ModelRequestParameters(
                function_tools=to_tool_definitions(request.tools),
                instruction_parts=[InstructionPart(content=request.instructions)] if request.instructions else [],
            ),
            instrument=False,
        )
        with _Translation(self._name):
            async with asyncio.timeout(self._first_token_seconds):
                return await stack.enter_async_context(context)

    async def _next(self, events: AsyncIterator[ModelResponseStreamEvent]) -> ModelResponseStreamEvent | None:
        with _Translation(self._name):
            try:
                async with asyncio.timeout(self._idle_seconds):
                    return await anext(events)
            except StopAsyncIteration:
                return None


class _Translation:
    """Turns what the library raises into ModelError."""

    def __init__(self, model: str) -> None:
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, TimeoutError):
            raise ModelError(ErrorKind.MODEL_TIMEOUT, f"{self._model} fell silent") from error
        # Vendors' malformed chunks surface as whatever the library trips over.
        malformed = (AgentRunError, httpx2.HTTPError, ValueError, TypeError, AttributeError, KeyError)
        if isinstance(error, malformed):
            raise to_model_error(error, model=self._model) from error


def _find_refusal(response: StreamedResponse) -> str:
    refusal = (response.provider_details or {}).get("refusal")
    return refusal if isinstance(refusal, str) else ""
