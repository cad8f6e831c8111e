"""A small HTTP server that answers as a handler says, and our cluster connected to it."""

from __future__ import annotations

import contextlib
import ssl
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from k8s_mcp.cluster.http_cluster import HttpCluster
from k8s_mcp.settings import K8sSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def api(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve every path with the handler; a client that leaves cancels it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def kubeconfig(folder: Path, server: str, *, user: str = "token: secret-token", cluster: str = "") -> Path:
    """`user` and `cluster` are further fields in the flow style of YAML."""
    path = folder / "kubeconfig.yaml"
    path.write_text(
        textwrap.dedent(f"""\
            apiVersion: v1
            kind: Config
            current-context: main
            clusters: [{{name: c, cluster: {{server: "{server}", {cluster}}}}}]
            users: [{{name: u, user: {{{user}}}}}]
            contexts:
              - {{name: main, context: {{cluster: c, user: u, namespace: shop}}}}
              - {{name: other, context: {{cluster: c, user: u, namespace: bank}}}}
            """),
        encoding="utf-8",
    )
    return path


@contextlib.asynccontextmanager
async def connect(
    folder: Path,
    handler: Handler,
    *,
    user: str = "token: secret-token",
    cluster: str = "",
    tls: ssl.SSLContext | None = None,
    seconds: float = 5.0,
    **more: Any,  # Any: settings
) -> AsyncIterator[HttpCluster]:
    async with api(handler, tls=tls) as server:
        path = kubeconfig(folder, server, user=user, cluster=cluster)
        settings = K8sSettings.model_validate({"kubeconfig_path": path, "request_timeout_seconds": seconds, **more})
        opened = HttpCluster(settings)
        try:
            yield opened
        finally:
            await opened.close()


def status(code: int, message: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return web.json_response(body, status=code)


def answering(response: Callable[[], web.Response]) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return response()

    return handle
