"""Runs the application under uvicorn."""

import asyncio
import gc
import logging
import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI

from backend.agent.guarding.redaction import RedactingFormatter
from backend.data_directory import DirectoryTaken, hold_directory
from backend.main import build_app
from backend.patrol_setup import UnusableWebhook, apply_webhook
from backend.records import StartRefused, check_may_serve
from backend.settings import Settings

GRACE_SECONDS = 3
"""Requests get this long at shutdown. Open event streams end by themselves; clients read on with Last-Event-ID."""


def create_default_app() -> FastAPI:
    """The application with the settings of this machine, for reloading servers."""
    return build_app(Settings())


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        # Modules, routes and schemas live as long as the process. Walking them in every full collection stopped all
        # streams for 300 ms at a time.
        gc.collect()
        gc.freeze()


def serve(*, host: str | None, port: int | None, webhook: str | None = None, ends_with_stdin: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, or also until standard input ends."""
    configure_logging()
    settings = Settings()
    chosen_host = host or settings.web.host
    settings.web.host = chosen_host
    try:
        if webhook is not None:
            apply_webhook(settings, webhook)
        asyncio.run(check_may_serve(settings))
    except (StartRefused, UnusableWebhook) as refusal:
        sys.exit(str(refusal))
    app = build_app(settings)
    config = uvicorn.Config(
        app,
        host=chosen_host,
        port=settings.port if port is None else port,
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        log_config=None,
    )
    server = _Server(config)
    app.state.is_stopping = lambda: server.should_exit
    if ends_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    _run(server, settings)


def _run(server: uvicorn.Server, settings: Settings) -> None:
    if not settings.is_on_sqlite:
        server.run()
        return
    try:
        with hold_directory(settings.data_directory, url=f"http://{server.config.host}:{server.config.port}"):
            server.run()
    except DirectoryTaken as taken:
        sys.exit(str(taken))


def _stop_with_stdin(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


def configure_logging() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("httpx2", "httpcore2", "alembic", "mcp", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
