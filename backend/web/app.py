"""Assembles the FastAPI application."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from backend.web.access_guard import AccessGuard
from backend.web.access_rules import RuleBook
from backend.web.error_mapping import install_error_mapping
from backend.web.openapi import describe_problems
from backend.web.request_guard import LOOPBACK_HOSTS, RequestGuard
from backend.web.routes import (
    access,
    approvals,
    audit,
    clusters,
    hosts,
    measurements,
    models,
    notifications,
    operations,
    patrol,
    runs,
    sessions,
    tools,
)
from backend.web.schemas.operations import Problem

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    *,
    lifespan: Lifespan | None = None,
    page_directory: Path | None = None,
    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS,
) -> FastAPI:
    """Routes, errors, limits and the page. The lifespan puts `Services` into `app.state.services`."""
    app = FastAPI(
        title="ding-robot",
        version=version("ding-robot"),
        lifespan=lifespan,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    install_error_mapping(app)
    app.add_middleware(AccessGuard, rules=RuleBook())
    app.add_middleware(RequestGuard, allowed_hosts=allowed_hosts)
    for routes in (
        sessions,
        runs,
        approvals,
        operations,
        access,
        audit,
        models,
        tools,
        measurements,
        patrol,
        hosts,
        clusters,
        notifications,
    ):
        app.include_router(routes.router)

    describe_problems(app)

    @app.get("/", include_in_schema=False)
    async def open_page() -> RedirectResponse:
        return RedirectResponse("/spa/")

    if page_directory is not None and (page_directory / "index.html").is_file():
        app.frontend("/spa", directory=page_directory, fallback="index.html")
    return app
