"""The data the agent loop works on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from backend.vocabulary.errors import Failure
from backend.vocabulary.language import Language

Json: TypeAlias = Mapping[str, Any]  # Any: JSON objects from tools and models have no fixed shape
"""A JSON object."""


class Risk(StrEnum):
    """What a tool may do. Decided by the server's declaration and our configuration, never by the model."""

    READ = "read"
    CHANGE = "change"
    DESTRUCTIVE = "destructive"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool in the catalogue."""

    name: str
    server: str
    description: str
    input_schema: Json
    risk: Risk
    title: str = ""
    asks_itself: bool = False
    """The server is trusted to ask for confirmation itself, with a preview; else the backend asks before the call."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call a model asked for; `arguments_text` is the raw JSON, as it may be malformed."""

    id: str
    name: str
    arguments_text: str


class ToolStatus(StrEnum):
    """How a tool call ended."""

    OK = "ok"
    ERROR = "error"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What came of a tool call: the text the model reads and the structured form the page and the planner read."""

    status: ToolStatus
    text: str
    structured: Json | None = None
    failure: Failure | None = None
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmationNeeded:
    """The tool server wants a person's yes before it acts; `state` brings exactly this call back, from any process."""

    question: str
    state: Json
    remember_key: str | None = None
    """Set when a trusted server says that approving everything under this key for the session is safe."""
    preview: Json | None = None
    """What the change would do, as the server found it out beforehand; shown beside the question."""


class ServerState(StrEnum):
    """Where a connection to a tool server stands."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    DISABLED = "disabled"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One configured tool server; `error` says why it is not connected."""

    name: str
    state: ServerState
    error: str | None = None
    tool_count: int = 0


@dataclass(frozen=True, slots=True)
class ToolStatistics:
    """What is known of one tool since the start; the latencies cover its newest calls."""

    calls: int = 0
    errors: int = 0
    p50_ms: int | None = None
    p99_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UserMessage:
    text: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """One model reply: text, reasoning, and the tool calls it asks for."""

    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolMessage:
    """The answer to one tool call."""

    call: ToolCall
    outcome: ToolOutcome


HistoryMessage: TypeAlias = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class TokenUsage:
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything one model call sees. `history` ends with a user or tool message."""

    instructions: str
    history: tuple[HistoryMessage, ...]
    tools: tuple[ToolSpec, ...]
    language: Language


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    call_id: str
    arguments_delta: str


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """The last event of a stream: the whole reply, complete."""

    message: AssistantMessage
    usage: TokenUsage = field(default_factory=TokenUsage)


ModelEvent: TypeAlias = TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta | ModelFinished

Mode: TypeAlias = Literal["model", "rules"]
"""Who produced an answer: a language model, or the rule planner."""
