"""How runs are queued and which process owns them."""

from typing import Annotated

from pydantic import BaseModel, Field


class DurableExecutionSettings(BaseModel):
    """Settings of the durable engine."""

    executor_id: str = "local"
    """Names this process among replicas; the same over restarts, since a restarted process resumes its own runs."""
    poll_seconds: Annotated[float, Field(gt=0)] = 0.1
    """How often the queue is looked at. A question waits half of this on average before its run starts."""
    idle_poll_seconds: Annotated[float, Field(gt=0)] = 0.5
    """The same while nobody has opened a session or asked for a while; with an SQLite database only."""
    idle_after_seconds: Annotated[float, Field(gt=0)] = 60.0
    """After how long without anybody the queue is looked at less often."""
