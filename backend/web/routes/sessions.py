"""Sessions: list and search, create, rename, delete, read, export."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from backend.features.chat.export import write_markdown
from backend.web.schemas.runs import GrantList, read_grants
from backend.web.schemas.sessions import (
    ActiveRun,
    CreateSession,
    MessagePage,
    RenameSession,
    Session,
    SessionPage,
    read_message,
    read_session,
)
from backend.web.services import PrincipalDep, ServicesDep

router = APIRouter(prefix="/api/v2/sessions", tags=["sessions"])

Limit = Annotated[int | None, Query(ge=1, le=200)]


@router.get("", operation_id="list_sessions")
async def list_sessions(
    services: ServicesDep,
    query: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = None,
) -> SessionPage:
    """Sessions, newest activity first; `query` searches titles and all messages."""
    page = await services.chat.list_sessions(query=query, cursor=cursor, limit=limit)
    return SessionPage(items=[read_session(session) for session in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, operation_id="create_session")
async def create_session(services: ServicesDep, principal: PrincipalDep, body: CreateSession | None = None) -> Session:
    title = "" if body is None else body.title
    return read_session(await services.chat.create_session(title=title, actor=principal.name))


@router.get("/{session_id}", operation_id="get_session")
async def get_session(session_id: str, services: ServicesDep) -> Session:
    return read_session(await services.chat.sessions.get(session_id))


@router.patch("/{session_id}", operation_id="rename_session")
async def rename_session(session_id: str, body: RenameSession, services: ServicesDep) -> Session:
    return read_session(await services.chat.rename_session(session_id, title=body.title))


@router.delete("/{session_id}", status_code=204, operation_id="delete_session")
async def delete_session(session_id: str, principal: PrincipalDep, services: ServicesDep) -> None:
    """Stop what runs in the session and remove it with its messages, events and approvals."""
    await services.chat.delete_session(session_id, actor=principal.name)


@router.get("/{session_id}/messages", operation_id="list_messages")
async def list_messages(
    session_id: str,
    services: ServicesDep,
    before: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = None,
) -> MessagePage:
    """A page of turns, oldest first; `next_before` leads to older ones. Follow `active_run` from its `last_seq`."""
    messages, next_before, active = await services.chat.read_session(session_id, before=before, limit=limit)
    return MessagePage(
        items=[read_message(message) for message in messages],
        next_before=next_before,
        active_run=None if active is None else ActiveRun(run_id=active.id, last_seq=active.last_seq),
    )


@router.get("/{session_id}/grants", operation_id="list_grants")
async def list_grants(session_id: str, services: ServicesDep) -> GrantList:
    """What a person has approved for the rest of the session."""
    return read_grants(await services.chat.list_grants(session_id))


@router.delete("/{session_id}/grants", operation_id="revoke_grants")
async def revoke_grants(
    session_id: str,
    principal: PrincipalDep,
    services: ServicesDep,
    tool: Annotated[str | None, Query(max_length=200)] = None,
    remember_key: Annotated[str | None, Query(max_length=1000)] = None,
) -> GrantList:
    """Take back all of them, or those of one tool or key; answers with what is left."""
    left = await services.chat.revoke_grants(session_id, tool=tool, remember_key=remember_key, actor=principal.name)
    return read_grants(left)


@router.get("/{session_id}/export", operation_id="export_session")
async def export_session(
    session_id: str, services: ServicesDep, format: Literal["markdown", "json"] = "markdown"
) -> Response:
    """The whole transcript as a file."""
    session = await services.chat.sessions.get(session_id)
    messages = await services.chat.read_whole_session(session_id)
    if format == "json":
        body = {
            "session": read_session(session).model_dump(mode="json"),
            "messages": [read_message(message).model_dump(mode="json") for message in messages],
        }
        response: Response = JSONResponse(body)
    else:
        response = PlainTextResponse(write_markdown(session, messages), media_type="text/markdown; charset=utf-8")
    suffix = "json" if format == "json" else "md"
    response.headers["Content-Disposition"] = f'attachment; filename="session-{session.id}.{suffix}"'
    return response
