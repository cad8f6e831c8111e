"""Builds the simulated cluster and serves it on loopback until a signal ends it."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import uvicorn

from simulator.api import ANONYMOUS, KubernetesApi, administrator, trusted_neighbour
from simulator.clock import SimulatedClock
from simulator.hosts.login.inventory import write_inventory
from simulator.hosts.login.server import SshFleet
from simulator.interfaces import World
from simulator.kubeconfig import write_kubeconfig
from simulator.load import StillWorld, build_still_world
from simulator.settings import LaunchOptions, read_options
from simulator.store import ObjectStore
from simulator.world import HISTORY, SimulatedWorld, UnknownScenario, build_world

TICK_SECONDS = 0.2
"""How often the world moves on: faster than a person or a poll notices, slow enough to idle at no cost."""
HOST = "127.0.0.1"

logger = logging.getLogger(__name__)


def main() -> None:
    options = read_options()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        return
    except (LaunchFailed, UnknownScenario) as error:
        raise SystemExit(f"simulator: {error}") from error


class LaunchFailed(Exception):
    """The simulator cannot start; the message says why."""


async def serve(options: LaunchOptions) -> None:
    """Serve until SIGTERM or SIGINT; prints one line when requests are answered."""
    listener = _open_listener(options.port)
    clock = SimulatedClock(datetime.now(UTC) - HISTORY)
    store = ObjectStore(clock, seed=options.seed)
    world = _build(options, store, clock)
    token = secrets.token_urlsafe(24)
    api = KubernetesApi(
        store=store,
        clock=clock,
        logs=world.logs,
        usage=world.usage,
        tokens={token: administrator()},
        anonymous=ANONYMOUS if options.requires_token else trusted_neighbour(),
    )
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    server = _QuickServer(
        api,
        announce=lambda: _announce(options, url=url, token=token),
        ends_with_stdin=options.ends_with_stdin,
    )
    hosts = await _open_hosts(options, world)
    ticking = asyncio.create_task(_let_time_pass(world))
    try:
        await server.serve(sockets=[listener])
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        if hosts is not None:
            await hosts.close()


async def _open_hosts(options: LaunchOptions, world: SimulatedWorld | StillWorld) -> SshFleet | None:
    if options.ssh_port is None or isinstance(world, StillWorld):
        return None
    fleet = world.fleet
    fleet.add_spares(options.hosts)
    hosts = SshFleet(fleet)
    try:
        await hosts.open(first_port=options.ssh_port)
    except OSError as error:
        raise LaunchFailed(f"cannot listen for the SSH hosts from port {options.ssh_port} on: {error}") from error
    if options.inventory is not None:
        write_inventory(options.inventory, hosts.doors, client_key=hosts.client_key)
    return hosts


def _build(options: LaunchOptions, store: ObjectStore, clock: SimulatedClock) -> SimulatedWorld | StillWorld:
    if options.pods is None:
        return build_world(store, clock, seed=options.seed, scenarios=options.scenarios)
    return build_still_world(store, clock, pods=options.pods, seed=options.seed, now=datetime.now(UTC))


def _open_listener(port: int) -> socket.socket:
    try:
        listener = socket.create_server((HOST, port))
        # asyncio does this only for sockets that it makes itself; without it small answers wait 40 ms for an
        # acknowledgement that the other side delays.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise LaunchFailed(f"cannot listen on {HOST}:{port}: {error.strerror}") from error


async def _let_time_pass(world: World) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            world.run_until(datetime.now(UTC))
        except Exception:
            # The API stays useful while one part of the world misbehaves; the log says which.
            logger.exception("the world stumbled")


def _announce(options: LaunchOptions, *, url: str, token: str) -> None:
    if options.kubeconfig is not None:
        write_kubeconfig(options.kubeconfig, server=url, token=token)
    print(f"simulator ready {url}", flush=True)


class _QuickServer(uvicorn.Server):
    """Ends open watches as soon as a signal arrives, instead of waiting for clients to go."""

    def __init__(self, api: KubernetesApi, *, announce: Callable[[], None], ends_with_stdin: bool) -> None:
        config = uvicorn.Config(
            api.app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=64 * 1024,
        )
        super().__init__(config)
        self._api = api
        self._announce = announce
        self._ends_with_stdin = ends_with_stdin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own version raises the signal again afterwards, which would end us with a traceback.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        if self._ends_with_stdin:
            loop.add_reader(sys.stdin.fileno(), self._read_stdin)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _read_stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._stop()

    def _stop(self) -> None:
        self.should_exit = True
        self._api.close()
