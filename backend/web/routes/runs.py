"""Runs: start, follow, cancel."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from backend.web.error_mapping import language_of
from backend.web.schemas.runs import Run, StartedRun, StartRun, read_run
from backend.web.services import PrincipalDep, ServicesDep
from backend.web.sse import check_position, read_position, stream_run

router = APIRouter(prefix="/api/v2", tags=["runs"])

_STREAM: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI fragments
    200: {"description": "AG-UI 1.0 events; `id:` is the sequence number", "content": {"text/event-stream": {}}}
}


@router.post(
    "/sessions/{session_id}/runs",
    status_code=201,
    operation_id="start_run",
    response_model=StartedRun,
    responses=_STREAM,
)
async def start_run(
    session_id: str, body: StartRun, request: Request, principal: PrincipalDep, services: ServicesDep
) -> Response:
    """Ask a question: 201 with the run, or its event stream under `Accept: text/event-stream`."""
    run = await services.chat.start_run(
        session_id,
        message=body.message,
        model=body.model,
        language=language_of(request),
        asked_by=principal.name,
    )
    if "text/event-stream" in request.headers.get("accept", ""):
        return stream_run(services.chat, run.id, after=0, telemetry=services.telemetry)
    started = StartedRun(
        run_id=run.id,
        session_id=run.session_id,
        turn_id=run.turn_id,
        state=run.state.value,
        events_url=f"/api/v2/runs/{run.id}/events",
    )
    return JSONResponse(started.model_dump(), status_code=201)


@router.get("/runs/{run_id}", operation_id="get_run")
async def get_run(run_id: str, services: ServicesDep) -> Run:
    return read_run(await services.chat.get_run(run_id))


@router.get("/runs/{run_id}/events", operation_id="follow_run", response_class=Response, responses=_STREAM)
async def follow_run(
    run_id: str,
    request: Request,
    services: ServicesDep,
    after: Annotated[str | None, Query(max_length=16)] = None,
) -> Response:
    """The run's events from the start, or after `Last-Event-ID` (or `after`); ends with the run."""
    position = read_position(request, after=after)
    await check_position(services.chat, run_id, after=position)
    return stream_run(services.chat, run_id, after=position, telemetry=services.telemetry)


@router.post("/runs/{run_id}/cancel", status_code=202, operation_id="cancel_run")
async def cancel_run(run_id: str, services: ServicesDep) -> Run:
    """Stop a run; one that is over stays as it is."""
    return read_run(await services.chat.cancel_run(run_id))
