"""Signs of life while a call takes long: clients give up on one that is silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import Context

_BEAT_SECONDS = 5.0


@asynccontextmanager
async def beating(
    context: Context[Any, Any],  # Any: the lifespan state does not matter here
    describe: Callable[[], str],
) -> AsyncIterator[None]:
    """Report every few seconds how long the call has been at work, with what `describe` says by then."""
    started = time.monotonic()

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            seconds = time.monotonic() - started
            await context.report_progress(round(seconds, 1), None, f"{describe()}, {seconds:.0f} s")

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
