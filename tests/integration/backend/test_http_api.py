"""The HTTP surface over a real database: contract shapes, streams, problem details."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from backend.features.access.rate_limit import RateLimits
from backend.features.access.settings import AccessSettings
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Text
from backend.web.app import create_app
from backend.web.services import Services
from tests.fakes.agent import ScriptedModel, call, say
from tests.fakes.operations import make_operations
from tests.integration.backend.conftest import Chat, OpenChat

BROKEN_JSON = {"content": b"{broken", "headers": {"Content-Type": "application/json"}}


class Api:
    """A client of the application, in process."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.is_database_up = True
        app = create_app()
        app.state.services = Services(
            chat=chat.service,
            tools=chat.tools,
            mode="model",
            model="scripted",
            models=chat.directory,
            usage=chat.usage,
            check_database=self._check,
            access=chat.access,
            limits=RateLimits(AccessSettings()),
            audit=chat.audit,
            operations=make_operations(chat.audit),
        )
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://localhost",
            headers={"Accept-Language": "en"},
        )

    async def _check(self) -> None:
        if not self.is_database_up:
            raise Unavailable(Text(en="gone", zh="没了"))

    async def ask(self, message: str) -> Any:  # Any: JSON
        """Start a run and wait until it is over."""
        response = await self.http.post(f"/api/v2/sessions/{self.chat.session.id}/runs", json={"message": message})
        assert response.status_code == 201, response.text
        await self.chat.executor.wait()
        return response.json()

    async def read_events(self, run_id: str, **headers: str) -> list[tuple[int, Any]]:  # Any: JSON
        response = await self.http.get(f"/api/v2/runs/{run_id}/events", headers=headers)
        assert response.headers["content-type"].startswith("text/event-stream")
        return parse_events(response.text)


def parse_events(text: str) -> list[tuple[int, Any]]:  # Any: JSON
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            events.append((int(fields["id"]), json.loads(fields["data"])))
    return events


@pytest.fixture
async def open_api(open_chat: OpenChat) -> AsyncIterator[Any]:  # Any: an async factory of Api
    opened: list[Api] = []

    async def open_one(*models: ScriptedModel) -> Api:
        opened.append(Api(await open_chat(*models)))
        return opened[-1]

    yield open_one
    for api in opened:
        await api.http.aclose()


async def test_question_is_answered_and_still_there_after_a_reload(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(call(("list-things", "{}")), say("One thing.")))

    started = await api.ask("what is there?")

    page = (await api.http.get(f"/api/v2/sessions/{started['session_id']}/messages")).json()
    assert [message["role"] for message in page["items"]] == ["user", "assistant"]
    assert [block["type"] for block in page["items"][1]["blocks"]] == ["tool_call", "text"]
    assert page["active_run"] is None


async def test_stream_is_numbered_and_resumes_after_the_last_event_id(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(say("one two three")))
    started = await api.ask("count")

    whole = await api.read_events(started["run_id"])
    rest = await api.read_events(started["run_id"], **{"Last-Event-ID": "3"})

    assert [seq for seq, _event in whole] == list(range(1, len(whole) + 1))
    assert rest == whole[3:]
    assert whole[0][1]["type"] == "RUN_STARTED"
    assert whole[-1][1]["type"] == "RUN_FINISHED"


async def test_start_under_event_stream_answers_with_the_stream_itself(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(say("hello")))

    response = await api.http.post(
        f"/api/v2/sessions/{api.chat.session.id}/runs",
        json={"message": "hi"},
        headers={"Accept": "text/event-stream"},
    )

    assert parse_events(response.text)[-1][1]["type"] == "RUN_FINISHED"


async def test_approval_is_listed_decided_once_and_continues_the_turn(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(call(("change-thing", '{"n": 5}')), say("Done.")))
    await api.ask("change")
    [approval] = (await api.http.get("/api/v2/approvals?state=pending")).json()["items"]

    first = await api.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
    second = await api.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "reject"})
    await api.chat.executor.wait()

    assert approval["question"] == "Change {'n': 5}?"
    assert "resume_state" not in approval
    assert (first.status_code, second.status_code) == (200, 409)
    events = await api.read_events(first.json()["run_id"])
    assert [event["name"] for _seq, event in events if event["type"] == "CUSTOM"][:2] == [
        "run-info",
        "approval-decided",
    ]


async def test_late_decision_is_gone(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(call(("change-thing", '{"n": 5}'))))
    await api.ask("change")
    [approval] = (await api.http.get("/api/v2/approvals")).json()["items"]
    api.chat.clock.advance(700)

    response = await api.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})

    assert response.status_code == 410
    assert response.json()["code"] == "expired"
    assert (await api.http.get("/api/v2/approvals?state=pending")).json()["items"] == []


async def test_sessions_are_listed_searched_renamed_and_deleted(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(say("支付网关正常。")))
    await api.ask("网关怎么样?")
    other = (await api.http.post("/api/v2/sessions", json={"title": "50% off_topic"})).json()

    found = (await api.http.get("/api/v2/sessions", params={"query": "支付"})).json()["items"]
    literal = (await api.http.get("/api/v2/sessions", params={"query": "50%"})).json()["items"]
    nothing = (await api.http.get("/api/v2/sessions", params={"query": "5%f"})).json()["items"]
    renamed = (await api.http.patch(f"/api/v2/sessions/{other['id']}", json={"title": "New"})).json()
    deleted = await api.http.delete(f"/api/v2/sessions/{other['id']}")
    gone = await api.http.get(f"/api/v2/sessions/{other['id']}")

    assert [(hit["title"], hit["snippet"]) for hit in found] == [("网关怎么样?", "支付网关正常。")]
    assert [hit["id"] for hit in literal] == [other["id"]]
    assert nothing == []
    assert renamed["title"] == "New"
    assert (deleted.status_code, gone.status_code) == (204, 404)


async def test_session_list_is_paged_by_cursor(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel())
    for number in range(4):
        api.chat.clock.advance(1)
        await api.http.post("/api/v2/sessions", json={"title": f"s{number}"})

    titles: list[str] = []
    cursor = None
    while True:
        page = (
            await api.http.get(
                "/api/v2/sessions", params={"limit": 2, "cursor": cursor or ""} if cursor else {"limit": 2}
            )
        ).json()
        titles += [session["title"] for session in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert titles == ["s3", "s2", "s1", "s0", ""]


async def test_transcript_is_paged_backwards_by_turn(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(*(say(f"a{number}") for number in range(3))))
    for number in range(3):
        await api.ask(f"q{number}")

    address = f"/api/v2/sessions/{api.chat.session.id}/messages"
    newest = (await api.http.get(address, params={"limit": 2})).json()
    older = (await api.http.get(address, params={"limit": 2, "before": newest["next_before"]})).json()

    assert [m["blocks"][0]["text"].strip() for m in newest["items"]] == ["q1", "a1", "q2", "a2"]
    assert [m["blocks"][0]["text"].strip() for m in older["items"]] == ["q0", "a0"]
    assert older["next_before"] is None


async def test_session_is_exported_as_markdown_and_json(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(call(("list-things", "{}")), say("One thing.")))
    await api.ask("what?")

    markdown = await api.http.get(f"/api/v2/sessions/{api.chat.session.id}/export")
    exported = await api.http.get(f"/api/v2/sessions/{api.chat.session.id}/export?format=json")

    assert "## what?" in markdown.text
    assert "One thing." in markdown.text
    assert len(exported.json()["messages"]) == 2


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("POST", "/api/v2/sessions/{session}/runs", {"json": {"message": ""}}, 422, "invalid_input"),
        ("POST", "/api/v2/sessions/{session}/runs", {"json": {"message": "x" * 100_000}}, 413, "body_too_large"),
        ("POST", "/api/v2/sessions/{session}/runs", {"json": {"message": "x" * 40_000}}, 422, "invalid_input"),
        ("POST", "/api/v2/sessions/{session}/runs", BROKEN_JSON, 400, "invalid_json"),
        ("POST", "/api/v2/sessions/{session}/runs", {"json": {"message": "hi", "modell": "x"}}, 422, "invalid_input"),
        ("POST", "/api/v2/sessions/nope/runs", {"json": {"message": "hi"}}, 404, "not_found"),
        ("GET", "/api/v2/sessions/nope/messages", {}, 404, "not_found"),
        ("GET", "/api/v2/sessions?cursor=bogus", {}, 422, "invalid_input"),
        ("GET", "/api/v2/runs/nope/events", {}, 404, "not_found"),
        ("POST", "/api/v2/runs/nope/cancel", {}, 404, "not_found"),
        ("GET", "/api/v2/approvals/nope", {}, 404, "not_found"),
        ("POST", "/api/v2/approvals/nope", {"json": {"decision": "approve"}}, 404, "not_found"),
        ("POST", "/api/v2/approvals/nope", {"json": {"decision": "maybe"}}, 422, "invalid_input"),
        ("GET", "/api/v2/nothing", {}, 404, "not_found"),
        ("GET", "/api/v2/sessions", {"headers": {"Host": "evil.example"}}, 421, "wrong_host"),
        ("POST", "/api/v2/sessions", {"headers": {"Origin": "https://evil.example"}}, 403, "wrong_origin"),
    ],
)  # fmt: skip
async def test_bad_request_is_a_problem_and_writes_nothing(
    open_api: Any, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    api: Api = await open_api(ScriptedModel())

    response = await api.http.request(method, path.format(session=api.chat.session.id), **options)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    session = (await api.http.get(f"/api/v2/sessions/{api.chat.session.id}")).json()
    assert session["message_count"] == 0


@pytest.mark.parametrize("position", ["abc", "-1", "9999", "1e3", "²"])
async def test_bad_last_event_id_is_refused(open_api: Any, position: str) -> None:
    api: Api = await open_api(ScriptedModel(say("hello")))
    started = await api.ask("hi")

    response = await api.http.get(
        f"/api/v2/runs/{started['run_id']}/events", headers={b"Last-Event-ID": position.encode()}
    )

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_problem_speaks_the_callers_language(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel())

    response = await api.http.get("/api/v2/sessions/nope", headers={"Accept-Language": "zh-CN,zh;q=0.9"})

    assert "没有会话" in response.json()["detail"]


async def test_health_names_each_part_and_fails_without_a_database(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel())

    well = await api.http.get("/api/v2/health")
    api.is_database_up = False
    ill = [await api.http.get(path) for path in ("/api/v2/health", "/api/v1/health", "/healthz", "/api/status")]

    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert {part["name"] for part in well.json()["parts"]} == {"database", "model", "tools:fixture"}
    assert [response.status_code for response in ill] == [503] * 4


async def test_models_and_what_they_used_are_listed(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(say("Fine.")))
    started = await api.ask("how are my pods?")

    models = (await api.http.get("/api/v2/models")).json()["items"]
    of_run = (await api.http.get("/api/v2/usage", params={"run_id": started["run_id"]})).json()
    of_other_day = (await api.http.get("/api/v2/usage", params={"day": "2026-11-20"})).json()
    wrong_day = await api.http.get("/api/v2/usage", params={"day": "yesterday"})

    assert [(model["name"], model["state"], model["is_default"]) for model in models] == [("scripted", "closed", True)]
    assert (of_run["calls"], of_run["input_tokens"], of_run["items"][0]["model"]) == (1, 10, "scripted")
    assert of_other_day == {"items": [], "calls": 0, "input_tokens": 0, "output_tokens": 0, "cost": 0.0}
    assert wrong_day.status_code == 422


async def test_unknown_model_is_refused_with_the_nearest_names(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel())

    path = f"/api/v2/sessions/{api.chat.session.id}"
    refused = await api.http.post(f"{path}/runs", json={"message": "hi", "model": "script"})

    assert refused.status_code == 422
    assert "scripted" in refused.json()["hint"]
    assert (await api.http.get(path)).json()["message_count"] == 0


async def test_tool_catalogue_lists_risk_and_servers(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel())

    catalogue = (await api.http.get("/api/v2/tools")).json()

    assert {tool["name"]: tool["risk"] for tool in catalogue["items"]}["change-thing"] == "change"
    assert catalogue["servers"] == [{"name": "fixture", "state": "connected", "error": None, "tools": 3}]


async def test_deleting_a_session_stops_its_run(open_api: Any) -> None:
    model = ScriptedModel(say("a long answer"))
    model.hold = asyncio.Event()
    api: Api = await open_api(model)
    await api.http.post(f"/api/v2/sessions/{api.chat.session.id}/runs", json={"message": "hi"})

    response = await api.http.delete(f"/api/v2/sessions/{api.chat.session.id}")
    await api.chat.executor.wait()

    assert response.status_code == 204


async def test_approval_for_the_session_is_granted_listed_and_revoked(open_api: Any) -> None:
    change = call(("change-thing", '{"n": 5}'))
    api: Api = await open_api(ScriptedModel(change, say("Done."), change))
    api.chat.tools.remember_key = "thing"
    started = await api.ask("change")
    [approval] = (await api.http.get("/api/v2/approvals?state=pending")).json()["items"]
    grants = f"/api/v2/sessions/{started['session_id']}/grants"

    decided = await api.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve_for_session"})
    await api.chat.executor.wait()
    listed = (await api.http.get(grants)).json()["items"]
    left = (await api.http.delete(grants)).json()["items"]

    assert (approval["can_remember"], approval["remember_key"]) == (True, "thing")
    assert decided.status_code == 200
    assert [(grant["tool"], grant["remember_key"]) for grant in listed] == [("change-thing", "thing")]
    assert left == []
    assert (await api.http.get("/api/v2/sessions/nowhere/grants")).status_code == 404


async def test_approval_for_the_session_without_a_key_is_refused_and_stays_open(open_api: Any) -> None:
    api: Api = await open_api(ScriptedModel(call(("change-thing", '{"n": 5}'))))
    await api.ask("change")
    [approval] = (await api.http.get("/api/v2/approvals?state=pending")).json()["items"]

    response = await api.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve_for_session"})

    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert (await api.http.get(f"/api/v2/approvals/{approval['id']}")).json()["state"] == "pending"
