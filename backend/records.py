"""Who may come in, and what was done: all that the server and the command line have in common."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.agent.guarding.redaction import redact
from backend.features.access.service import AccessService
from backend.features.audit.service import AuditService
from backend.settings import Settings
from backend.storage.audit_store import SqlAuditStore
from backend.storage.database import Database
from backend.storage.token_store import SqlTokenStore
from backend.vocabulary.clock import SystemClock


class StartRefused(Exception):
    """The server would stand open, or nobody could come in; the message says what to do."""


def new_id() -> str:
    """For everything that is stored."""
    return str(uuid.uuid4())


def open_records(database: Database, *, settings: Settings) -> tuple[AccessService, AuditService]:
    clock = SystemClock()
    audit = AuditService(store=SqlAuditStore(database), clock=clock, redact=redact)
    access = AccessService(
        tokens=SqlTokenStore(database),
        audit=audit,
        clock=clock,
        settings=settings.access,
        is_login_required=settings.is_login_required,
    )
    return access, audit


@asynccontextmanager
async def administer(settings: Settings | None = None) -> AsyncIterator[tuple[AccessService, AuditService]]:
    """Access and audit alone, without the rest of the product."""
    chosen = settings or Settings()
    database = Database(chosen.resolved_database_url)
    try:
        await database.migrate()
        yield open_records(database, settings=chosen)
    finally:
        await database.close()


async def check_may_serve(settings: Settings) -> None:
    """Raise StartRefused before anything is started."""
    async with administer(settings) as (access, _audit):
        await refuse_open_doors(access, settings=settings)


async def refuse_open_doors(access: AccessService, *, settings: Settings) -> None:
    """Raise StartRefused when a login is needed and nobody could log in, or when it was turned off where it must be."""
    if not settings.is_login_required:
        return
    if settings.web.require_login is False:
        raise StartRefused(
            f"WEB_REQUIRE_LOGIN=false is not possible on {settings.web.host}: "
            "only loopback (127.0.0.1) can be without a login."
        )
    if not await access.has_tokens():
        raise StartRefused(
            f"Serving on {settings.web.host} needs a login, and there is no access token yet. Make one first:\n"
            "    ding-robot token create NAME --role admin"
        )
