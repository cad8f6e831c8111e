"""Tools, servers and measurements over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.agent.domain import Risk, ToolSpec
from backend.features.access.rate_limit import RateLimits
from backend.features.access.settings import AccessSettings
from backend.features.operations.domain import CatalogueEntry, Hidden, HiddenReason
from backend.web.app import create_app
from backend.web.services import Services
from tests.fakes.agent import ScriptedModel, say
from tests.fakes.operations import make_operations
from tests.integration.backend.conftest import Chat, OpenChat

FINGERPRINT = "a" * 64
CHANGED = CatalogueEntry(
    spec=ToolSpec(name="look", server="foreign", description="", input_schema={}, risk=Risk.CHANGE),
    fingerprint=FINGERPRINT,
    hidden=Hidden(HiddenReason.CHANGED, "another description"),
)


@pytest.fixture
async def chat(open_chat: OpenChat) -> Chat:
    opened: Chat = await open_chat(ScriptedModel(say("hello")))
    return opened


@pytest.fixture
async def http(chat: Chat) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app()
    app.state.services = Services(
        chat=chat.service,
        tools=chat.tools,
        mode="model",
        model="scripted",
        models=chat.directory,
        usage=chat.usage,
        check_database=chat.database.ping,
        access=chat.access,
        limits=RateLimits(AccessSettings()),
        audit=chat.audit,
        operations=make_operations(chat.audit, CHANGED),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        yield client


async def read_actions(chat: Chat) -> list[tuple[str, str, str]]:
    records = await chat.audit.read_newest(before=None, limit=10, action=None)
    return [(record.entry.action, record.entry.subject, record.entry.actor) for record in records]


async def test_hidden_tools_are_listed_with_the_reason(http: httpx2.AsyncClient) -> None:
    tools = {tool["name"]: tool for tool in (await http.get("/api/v2/tools")).json()["items"]}

    assert tools["look"]["enabled"] is False
    assert tools["look"]["hidden"] == {"reason": "changed", "message": "another description"}
    assert tools["list-things"]["enabled"] is True


async def test_a_tool_is_accepted_switched_off_and_on_and_all_of_it_is_audited(
    http: httpx2.AsyncClient, chat: Chat
) -> None:
    accepted = await http.post("/api/v2/tools/look/accept", json={"fingerprint": FINGERPRINT})
    disabled = await http.post("/api/v2/tools/look/disable")
    enabled = await http.post("/api/v2/tools/look/enable")
    reconnected = await http.post("/api/v2/servers/foreign/reconnect")

    assert [response.status_code for response in (accepted, disabled, enabled, reconnected)] == [200, 200, 200, 202]
    assert [response.json()["enabled"] for response in (accepted, disabled, enabled)] == [True, False, True]
    assert (await read_actions(chat))[:4] == [
        ("server.reconnected", "foreign", "local"),
        ("tool.enabled", "look", "local"),
        ("tool.disabled", "look", "local"),
        ("tool.accepted", "look", "local"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v2/tools/look/accept", {"fingerprint": "b" * 64}, 409),
        ("/api/v2/tools/look/accept", {"fingerprint": "short"}, 422),
        ("/api/v2/tools/nothing/disable", None, 404),
        ("/api/v2/servers/nothing/reconnect", None, 404),
    ],
)
async def test_what_cannot_be_done_is_a_problem_and_not_audited(
    http: httpx2.AsyncClient, chat: Chat, path: str, body: Any, status: int
) -> None:  # Any: JSON
    response = await http.post(path, json=body)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert not any(action.startswith(("tool.", "server.")) for action, _, _ in await read_actions(chat))


async def test_servers_are_listed(http: httpx2.AsyncClient) -> None:
    (server,) = (await http.get("/api/v2/servers")).json()["items"]

    assert (server["name"], server["state"], server["replicas"]) == ("foreign", "connected", [])


async def test_measurements_come_as_a_report_and_for_prometheus(http: httpx2.AsyncClient) -> None:
    report = (await http.get("/api/v2/debug/performance")).json()
    metrics = await http.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(metrics.text)}

    assert report["runs"]["active"] == {"queued": 0, "running": 1}
    assert report["event_log"] == {"events": 0, "append_ms": None}
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    active = {sample.labels["state"]: sample.value for sample in families["ding_robot_active_runs"].samples}
    assert active == {"queued": 0.0, "running": 1.0}
    assert families["ding_robot_tool_server_up"].samples[0].labels == {"server": "foreign"}
