"""Budgets of a run."""

from typing import Annotated

from pydantic import BaseModel, Field


class AgentSettings(BaseModel):
    """Limits that hold for every run, whichever model answers."""

    max_model_calls: Annotated[int, Field(ge=1)] = 24
    """Model calls per turn. A diagnosis needs under ten; more means the model walks in circles."""
    max_tool_calls: Annotated[int, Field(ge=1)] = 80
    """Tool calls per turn."""
    model_attempts: Annotated[int, Field(ge=1)] = 3
    """How often one model is asked again after a passing fault before the next one takes over."""
    retry_seconds: Annotated[float, Field(ge=0)] = 1.0
    """Wait before the second attempt, doubled each time, unless the provider names a time itself."""
    max_retry_seconds: Annotated[float, Field(ge=0)] = 30.0
    """The longest wait a person is left with before the next model takes over."""
    approval_seconds: Annotated[int, Field(ge=10)] = 600
    """How long an approval stays open. Ten minutes: the preview it shows ages."""
    delta_interval_seconds: Annotated[float, Field(ge=0)] = 0.03
    """Text is gathered this long before it is stored, so the log does not cost a write per token."""
    history_turns: Annotated[int, Field(ge=0)] = 20
    """Earlier turns of the session that the model sees."""
    breaker_failures: Annotated[int, Field(ge=1)] = 3
    """Failures of one model in a row before it is left alone for a while."""
    breaker_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How long it is left alone; doubled each time it fails again, up to an hour."""
    max_repairs: Annotated[int, Field(ge=0)] = 2
    """How often per turn a tool call that a model printed as text is made in its place."""
    result_tokens: Annotated[int, Field(ge=200)] = 8000
    """A larger tool result is kept as artifact, and the model sees its beginning and end."""
    output_reserve_tokens: Annotated[int, Field(ge=256)] = 4096
    """Room left for the answer in a model's window, at most a quarter of the window."""
    max_turn_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens one turn may use before rules answer; no limit unless set."""
    max_day_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens all turns of one UTC day may use before rules answer; no limit unless set."""
    budget_near_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    """From this share of a token limit on the small model answers, if one is configured."""
