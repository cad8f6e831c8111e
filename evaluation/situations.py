"""A simulated cluster in a known state, served over HTTP on loopback for as long as it is asked."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from simulator.api import KubernetesApi, administrator
from simulator.api_resources import NAMESPACES
from simulator.clock import SimulatedClock
from simulator.kubeconfig import write_kubeconfig
from simulator.store import ObjectStore
from simulator.world import HISTORY, Scenario, build_world

PRESENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
"""Every situation is looked at in this moment, so that two runs say the same."""

HOST = "127.0.0.1"
TOKEN = "evaluation"  # noqa: S105  # of a server that lives for a second on loopback
START_SECONDS = 10


class Situation:
    """The world of one scenario; time passes only in `heal`."""

    def __init__(self, scenario: Scenario, *, as_twin: bool = False) -> None:
        self._scenario = scenario
        self._clock = SimulatedClock(PRESENT - HISTORY)
        self._store = ObjectStore(self._clock, seed=7)
        self._world = build_world(self._store, self._clock, scenarios=[scenario.id], as_twins=as_twin)

    def now(self) -> datetime:
        return self._clock.now()

    def existing(self, namespaces: Sequence[str]) -> list[str]:
        """Those of the namespaces that are there; a repair may have taken one away."""
        return [name for name in namespaces if self._store.find(NAMESPACES, name=name) is not None]

    def heal(self, *, minutes: float) -> None:
        """Carry out the scenario's fix and let time pass."""
        self._world.carry_out(self._scenario.fix.steps)
        self._world.run_until(self._clock.now() + timedelta(minutes=minutes))

    @contextlib.asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[Path]:
        """Serve the Kubernetes API and answer the kubeconfig that leads to it."""
        api = KubernetesApi(
            store=self._store,
            clock=self._clock,
            logs=self._world.logs,
            usage=self._world.usage,
            tokens={TOKEN: administrator()},
        )
        config = uvicorn.Config(api.app, log_level="warning", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        with socket.create_server((HOST, 0)) as listener:
            kubeconfig = folder / "kubeconfig.yaml"
            write_kubeconfig(kubeconfig, server=f"http://{HOST}:{listener.getsockname()[1]}", token=TOKEN)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                async with asyncio.timeout(START_SECONDS):
                    while not server.started:
                        await asyncio.sleep(0.005)
                yield kubeconfig
            finally:
                server.should_exit = True
                api.close()
                await serving
