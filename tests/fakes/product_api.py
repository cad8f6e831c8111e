"""What a user of the product's HTTP API does, in short words."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2

PATIENCE_SECONDS = 30


class Backend:
    """The HTTP API of a running backend."""

    def __init__(self, address: str) -> None:
        self.http = httpx2.AsyncClient(base_url=address, timeout=20)

    async def ask(self, message: str) -> Mapping[str, Any]:  # Any: JSON
        session = (await self.http.post("/api/v2/sessions", json={})).json()
        started = await self.http.post(f"/api/v2/sessions/{session['id']}/runs", json={"message": message})
        return dict(started.json())

    async def wait_for_run(self, run_id: str, *states: str) -> Mapping[str, Any]:  # Any: JSON
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                run = (await self.http.get(f"/api/v2/runs/{run_id}")).json()
                if run["state"] in states:
                    return dict(run)
                await asyncio.sleep(0.05)

    async def wait_for_text(self, session_id: str, text: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while text not in json.dumps(await self.read_answer(session_id)):
                await asyncio.sleep(0.05)

    async def read_answer(self, session_id: str) -> Mapping[str, Any]:  # Any: JSON
        page = (await self.http.get(f"/api/v2/sessions/{session_id}/messages")).json()
        return dict(page["items"][-1])
