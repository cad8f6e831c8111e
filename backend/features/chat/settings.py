"""Limits of the chat."""

from typing import Annotated

from pydantic import BaseModel, Field


class ChatSettings(BaseModel):
    """How much is answered at once, and how many runs work side by side."""

    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    """Sessions or turns per page when the caller names no limit."""
    max_parallel_runs: Annotated[int, Field(ge=1)] = 8
    """Runs at work at once, over all sessions; further ones wait in the queue."""
    event_batch: Annotated[int, Field(ge=1)] = 500
    """Events read per step when a client follows a run."""
    poll_seconds: Annotated[float, Field(gt=0)] = 1.0
    """How long a follower sleeps without a wake-up before it looks again; wake-ups come from the same process only."""
