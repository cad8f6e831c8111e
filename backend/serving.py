"""Runs the application under uvicorn."""

import asyncio
import gc
import logging
import socket
import sys

import uvicorn
from fastapi import FastAPI

from backend.agent.guarding.redaction import RedactingFormatter
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


def serve(*, host: str | None, port: int | None, webhook: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
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
    server.run()


def configure_logging() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("httpx2", "httpcore2", "alembic", "mcp", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
