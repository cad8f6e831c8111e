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
