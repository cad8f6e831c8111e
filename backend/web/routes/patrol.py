"""Patrols, their log, and findings."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from backend.features.hosts.domain import Target, TargetKind
from backend.features.patrol.domain import FindingState, PatrolRun, Trigger
from backend.features.patrol.interfaces import FindingFilter
from backend.vocabulary.severity import Severity
from backend.web.schemas import patrol as schemas
from backend.web.services import PrincipalDep, ServicesDep, WatchDep
from backend.web.sse import RunStream, read_position

router = APIRouter(prefix="/api/v2/patrol", tags=["patrol"])

Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str | None, Query(max_length=64)]
_STREAM: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI fragments
    200: {"description": "Log entries as JSON; `id:` is the number of the entry", "content": {"text/event-stream": {}}}
}
_STATES = {
    "open": frozenset({FindingState.OPEN}),
    "suspected": frozenset({FindingState.SUSPECTED}),
    "closed": frozenset({FindingState.CLOSED}),
    "active": frozenset({FindingState.OPEN, FindingState.SUSPECTED}),
    "all": None,
}
_TREND_POINTS = 500


@router.get("", operation_id="get_patrol")
async def get_patrol(watch: WatchDep) -> schemas.PatrolStatus:
    """How patrol stands: what runs, what ran last, when the next one begins, how much is open."""
    running = await watch.patrol.find_active()
    runs = await watch.patrol.list_runs(before=None, limit=2)
    counts = await watch.findings.count_open()
    last = next((run for run in runs if run.is_over), None)
    return schemas.PatrolStatus(
        is_enabled=watch.schedule.is_running,
        interval_seconds=watch.schedule.interval_seconds,
        next_at=watch.schedule.next_at,
        running=None if running is None else schemas.read_run(running),
        last=None if last is None else schemas.read_run(last),
        open=schemas.OpenFindings(critical=counts[Severity.CRITICAL], warning=counts[Severity.WARNING]),
        checks=schemas.list_checks(),
    )


@router.post(
    "/runs",
    status_code=201,
    operation_id="start_patrol",
    responses={200: {"model": schemas.StartedPatrol, "description": "The patrol that is at work"}},
)
async def start_patrol(principal: PrincipalDep, watch: WatchDep, response: Response) -> schemas.StartedPatrol:
    """Patrol now: 201 with the new patrol, or 200 with the one that is at work."""
    run, is_new = await watch.patrol.start(trigger=Trigger.PERSON, by=principal.name)
    response.status_code = 201 if is_new else 200
    return schemas.StartedPatrol(**schemas.read_run(run).model_dump(), is_new=is_new)


@router.get("/runs", operation_id="list_patrols")
async def list_patrols(watch: WatchDep, before: Before = None, limit: Limit = 50) -> schemas.PatrolRunPage:
    """Patrols, newest first."""
    runs = await watch.patrol.list_runs(before=before, limit=limit + 1)
    page = runs[:limit]
    return schemas.PatrolRunPage(items=[schemas.read_run(run) for run in page], next_before=_next(runs, page))


@router.get("/runs/{run_id}", operation_id="get_patrol_run")
async def get_patrol_run(run_id: str, watch: WatchDep) -> schemas.PatrolRun:
    return schemas.read_run(await watch.patrol.get_run(run_id))


@router.post("/runs/{run_id}/cancel", status_code=202, operation_id="cancel_patrol")
async def cancel_patrol(run_id: str, principal: PrincipalDep, watch: WatchDep) -> schemas.PatrolRun:
    """Stop after the looks that are under way; one that is over stays as it is."""
    return schemas.read_run(await watch.patrol.cancel(run_id, by=principal.name))


@router.get("/stream", operation_id="follow_patrol", response_class=Response, responses=_STREAM)
async def follow_patrol(
    request: Request,
    services: ServicesDep,
    watch: WatchDep,
    after: Annotated[str | None, Query(max_length=16)] = None,
    back: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> Response:
    """The log as it is written, without end: after `Last-Event-ID` (or `after`), else from `back` entries ago."""
    is_placed = "last-event-id" in request.headers or after is not None
    position = read_position(request, after=after) if is_placed else await watch.patrol.find_position(back=back)
    return RunStream(watch.patrol.follow(after=position), telemetry=services.telemetry)


@router.get("/findings", operation_id="list_findings")
async def list_findings(
    watch: WatchDep,
    state: Literal["open", "suspected", "closed", "active", "all"] = "open",
    severity: Literal["warning", "critical"] | None = None,
    target: Annotated[str | None, Query(max_length=253)] = None,
    check: Annotated[str | None, Query(max_length=64)] = None,
    before: Before = None,
    limit: Limit = 50,
) -> schemas.FindingPage:
    """Findings, newest first; `active` are the open and the suspected ones."""
    wanted = FindingFilter(
        states=_STATES[state],
        severity=None if severity is None else Severity(severity),
        target=target,
        check=check,
    )
    found = await watch.findings.list_page(wanted, before=before, limit=limit + 1)
    page = found[:limit]
    return schemas.FindingPage(
        items=[schemas.read_finding(finding) for finding in page],
        next_before=page[-1].id if len(found) > limit else None,
    )


@router.get("/findings/{finding_id}", operation_id="get_finding")
async def get_finding(finding_id: str, watch: WatchDep) -> schemas.FindingDetail:
    """One finding with its history."""
    return schemas.read_detail(await watch.findings.read(finding_id))


@router.post("/findings/{finding_id}/acknowledge", operation_id="acknowledge_finding")
async def acknowledge_finding(
    finding_id: str, principal: PrincipalDep, watch: WatchDep, body: schemas.AcknowledgeFinding | None = None
) -> schemas.Finding:
    """Say that somebody is at work on it: only a higher severity is told from then on. 409 when it is closed."""
    note = "" if body is None else body.note
    return schemas.read_finding(await watch.findings.acknowledge(finding_id, by=principal.name, note=note))


@router.post("/findings/{finding_id}/silence", operation_id="silence_finding")
async def silence_finding(
    finding_id: str, body: schemas.SilenceFinding, principal: PrincipalDep, watch: WatchDep
) -> schemas.Finding:
    """Tell nobody of it for a while, even if it ends and begins again."""
    duration = timedelta(minutes=body.minutes)
    finding = await watch.findings.silence(finding_id, by=principal.name, duration=duration, reason=body.reason)
    return schemas.read_finding(finding)


@router.delete("/findings/{finding_id}/silence", operation_id="unsilence_finding")
async def unsilence_finding(finding_id: str, principal: PrincipalDep, watch: WatchDep) -> schemas.Finding:
    return schemas.read_finding(await watch.findings.unsilence(finding_id, by=principal.name))


@router.post("/findings/{finding_id}/close", operation_id="close_finding")
async def close_finding(
    finding_id: str, principal: PrincipalDep, watch: WatchDep, body: schemas.CloseFinding | None = None
) -> schemas.Finding:
    """Take it for done; what is still wrong at the next looks is a new finding. 409 when it is closed."""
    note = "" if body is None else body.note
    return schemas.read_finding(await watch.findings.close(finding_id, by=principal.name, note=note))


@router.get("/trend", operation_id="get_trend")
async def get_trend(
    watch: WatchDep,
    target: Annotated[str, Query(min_length=1, max_length=253)],
    check: Annotated[str, Query(min_length=1, max_length=64)],
    subject: Annotated[str, Query(max_length=1000)] = "",
    since: AwareDatetime | None = None,
) -> schemas.Trend:
    """The figures of a check of a host; of the last 24 hours unless `since` says otherwise."""
    points = await watch.findings.read_trend(
        Target(TargetKind.HOST, target), check=check, subject=subject, since=since, limit=_TREND_POINTS
    )
    return schemas.Trend(check=check, subject=subject, points=[schemas.Point.model_validate(point) for point in points])


def _next(runs: Sequence[PatrolRun], page: Sequence[PatrolRun]) -> str | None:
    return page[-1].id if len(runs) > len(page) else None
