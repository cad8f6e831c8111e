"""Channels, messages on their way, and the health report."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from backend.features.notifications.domain import DeliveryState
from backend.features.reports.rendering import write_data, write_markdown, write_page
from backend.vocabulary.language import Language
from backend.web.error_mapping import language_of
from backend.web.schemas import notifications as schemas
from backend.web.services import PrincipalDep, WatchDep

router = APIRouter(prefix="/api/v2", tags=["notifications"])


@router.get("/channels", operation_id="list_channels")
async def list_channels(watch: WatchDep) -> schemas.ChannelList:
    """The configured channels with the state of each robot; addresses and secrets are never shown."""
    return schemas.ChannelList(items=[schemas.read_channel(one) for one in await watch.notifications.list_channels()])


@router.post("/channels/{name}/test", status_code=202, operation_id="test_channel")
async def test_channel(name: str, principal: PrincipalDep, watch: WatchDep) -> schemas.SentReport:
    """Send a test message; robots that refused everything get another chance."""
    await watch.notifications.send_test(name, by=principal.name)
    return schemas.SentReport(channels=1)


@router.get("/notifications", operation_id="list_notifications")
async def list_notifications(
    watch: WatchDep,
    state: Literal["waiting", "sending", "sent", "refused", "expired"] | None = None,
    channel: Annotated[str | None, Query(max_length=32)] = None,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> schemas.DeliveryPage:
    """Messages, newest first."""
    found = await watch.notifications.list_deliveries(
        state=None if state is None else DeliveryState(state), channel=channel, before=before, limit=limit + 1
    )
    page = found[:limit]
    return schemas.DeliveryPage(
        items=[schemas.read_delivery(one) for one in page], next_before=page[-1].id if len(found) > limit else None
    )


@router.get(
    "/report",
    operation_id="get_report",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "text/markdown": {}, "text/html": {}}}},
)
async def get_report(
    request: Request,
    watch: WatchDep,
    format: Literal["json", "markdown", "html"] = "json",
    language: Literal["zh", "en"] | None = None,
) -> Response:
    """The health report of this moment, in the language of the caller unless given."""
    report = await watch.reports.build()
    chosen = language_of(request) if language is None else {"zh": Language.ZH, "en": Language.EN}[language]
    audience = replace(watch.reports.audience, language=chosen)
    if format == "markdown":
        text = write_markdown(report, audience=audience)
        return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")
    if format == "html":
        return HTMLResponse(write_page(report, audience=audience))
    return JSONResponse(write_data(report))


@router.post("/report/send", status_code=202, operation_id="send_report")
async def send_report(
    principal: PrincipalDep, watch: WatchDep, body: schemas.SendReport | None = None
) -> schemas.SentReport:
    """Send the health report of this moment to all channels, or to those named."""
    channels = None if body is None else body.channels
    return schemas.SentReport(channels=await watch.reports.send_now(by=principal.name, channels=channels))
