"""What the product measures of itself."""

from fastapi import APIRouter, Response

from backend.web.schemas.measurements import EventLog, Performance, Runs
from backend.web.services import ServicesDep

router = APIRouter(tags=["operations"])


@router.get("/api/v2/debug/performance", operation_id="get_performance")
async def get_performance(services: ServicesDep) -> Performance:
    """Latency of tools, models, queue and event log since the start of the process."""
    report = await services.operations.measure()
    measured = report.measured
    runs = Runs.model_validate(
        {
            "active": report.active_runs,
            "ended": measured.ended_runs,
            "total_ms": measured.run_ms,
            "queue_wait_ms": measured.queue_wait_ms,
        }
    )
    event_log = EventLog.model_validate({"events": measured.events_appended, "append_ms": measured.event_append_ms})
    return Performance.model_validate(
        {
            "uptime_seconds": measured.uptime_seconds,
            "tools": measured.tools,
            "models": measured.models,
            "runs": runs,
            "event_log": event_log,
            "open_streams": measured.open_streams,
        }
    )


@router.get(
    "/metrics", operation_id="get_metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def get_metrics(services: ServicesDep) -> Response:
    """The same for Prometheus."""
    text, content_type = await services.operations.write_metrics()
    return Response(text, headers={"Content-Type": content_type})
