"""The health of each part."""

import logging

from fastapi import APIRouter, Request, Response

from backend.agent.domain import ServerState, ServerStatus
from backend.agent.model_routing.circuit_breaker import CircuitState
from backend.features.patrol.blindness import is_blind
from backend.vocabulary.errors import Unavailable
from backend.web.schemas import operations as schemas
from backend.web.services import Services, ServicesDep, find_principal
from backend.web.watch import Watch

router = APIRouter(tags=["operations"])
_log = logging.getLogger(__name__)


@router.get("/api/v2/health", operation_id="get_health")
@router.get("/api/v1/health", include_in_schema=False)
@router.get("/api/status", include_in_schema=False)
@router.get("/healthz", include_in_schema=False)
async def get_health(services: ServicesDep, request: Request, response: Response) -> schemas.Health:
    """How each part stands; 503 when no question can be taken. Details only for those who are logged in."""
    database = await _check_database(services)
    parts = [database, _check_model(services), *(_read_part(status) for status in services.tools.servers())]
    if services.watch is not None and database.status == "ok":
        parts += await _check_watch(services.watch)
    if find_principal(request) is None:
        parts = [part.model_copy(update={"detail": None}) for part in parts]
    if database.status == "unavailable":
        response.status_code = 503
        return schemas.Health(status="unavailable", mode=services.mode, parts=parts)
    status: schemas.HealthStatus = "ok" if all(part.status == "ok" for part in parts) else "degraded"
    return schemas.Health(status=status, mode=services.mode, parts=parts)


def _check_model(services: Services) -> schemas.HealthPart:
    """The first model of the order; while it is left alone the others answer, which is not as it should be."""
    first = services.models.first
    if first.breaker.state is CircuitState.OPEN:
        return schemas.HealthPart(name="model", status="degraded", detail=f"{first.label} keeps failing")
    return schemas.HealthPart(name="model", status="ok", detail=first.label)


async def _check_database(services: Services) -> schemas.HealthPart:
    try:
        await services.check_database()
    except Unavailable as error:
        _log.warning("database check failed: %s", error)
        return schemas.HealthPart(name="database", status="unavailable", detail=error.message.en)
    return schemas.HealthPart(name="database", status="ok", detail=None)


async def _check_watch(watch: Watch) -> list[schemas.HealthPart]:
    """Patrol, by its newest run that is over, and each channel, by whether a robot takes messages."""
    runs = [run for run in await watch.patrol.list_runs(before=None, limit=5) if run.is_over]
    parts = []
    if runs:
        is_well = not is_blind(runs[0]) and runs[0].problem is None
        detail = runs[0].problem or f"{runs[0].looked - runs[0].unknown} of {runs[0].targets} looked at"
        parts.append(schemas.HealthPart(name="patrol", status="ok" if is_well else "degraded", detail=detail))
    for channel in await watch.notifications.list_channels():
        refusals = [robot.detail or "refused" for robot in channel.robots if robot.is_refused]
        detail = "; ".join(refusals) or f"{channel.waiting} messages waiting"
        name = f"channel:{channel.name}"
        parts.append(schemas.HealthPart(name=name, status="degraded" if refusals else "ok", detail=detail))
    return parts


def _read_part(status: ServerStatus) -> schemas.HealthPart:
    is_well = status.state in {ServerState.CONNECTED, ServerState.DISABLED} and status.error is None
    detail = status.error or (f"{status.tool_count} tools" if is_well else status.state.value)
    return schemas.HealthPart(name=f"tools:{status.name}", status="ok" if is_well else "degraded", detail=detail)
