"""Who may come in and what they may do, through the application's front door."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.features.access.domain import Role
from backend.features.access.rate_limit import RateLimits
from backend.features.access.service import AccessService
from backend.features.access.settings import AccessSettings
from backend.records import StartRefused, administer, check_may_serve
from backend.settings import Settings
from backend.storage.token_store import SqlTokenStore
from backend.web.access_guard import COOKIE
from backend.web.app import create_app
from backend.web.services import Services
from tests.fakes.agent import ScriptedModel, call, say
from tests.fakes.operations import make_operations
from tests.integration.backend.conftest import Chat, OpenChat

FAR, NEAR = "10.1.2.3", "127.0.0.1"


@dataclass
class Door:
    """The application as one caller at some address meets it."""

    chat: Chat
    access: AccessService
    app: Any  # Any: an ASGI application

    def client(self, *, token: str | None = None, address: str = FAR, language: str = "en") -> httpx2.AsyncClient:
        headers = {"Accept-Language": language}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app, client=(address, 40000), raise_app_exceptions=False),
            base_url="http://localhost",
            headers=headers,
        )

    async def token(self, role: Role, name: str | None = None) -> str:
        return await self.access.create_token(name or role.value, role=role, actor="test")

    async def audited(self, action: str) -> list[Any]:  # Any: audit records
        return list(await self.chat.audit.read_newest(before=None, limit=100, action=action))


OpenDoor = Callable[..., Awaitable[Door]]


@pytest.fixture
def open_door(open_chat: OpenChat) -> OpenDoor:
    async def open_one(
        *models: ScriptedModel, is_login_required: bool = True, settings: AccessSettings | None = None
    ) -> Door:
        chat: Chat = await open_chat(*models)
        chosen = settings or AccessSettings()
        access = AccessService(
            tokens=SqlTokenStore(chat.database),
            audit=chat.audit,
            clock=chat.clock,
            settings=chosen,
            is_login_required=is_login_required,
        )
        app = create_app()
        app.state.services = Services(
            chat=chat.service,
            tools=chat.tools,
            mode="model",
            model="scripted",
            models=chat.directory,
            usage=chat.usage,
            check_database=chat.database.ping,
            access=access,
            limits=RateLimits(chosen),
            audit=chat.audit,
            operations=make_operations(chat.audit),
        )
        return Door(chat=chat, access=access, app=app)

    return open_one


async def test_without_required_login_this_machine_is_the_admin(open_door: OpenDoor) -> None:
    door = await open_door(is_login_required=False)

    me = await door.client(address=NEAR).get("/api/v2/me")
    audit = await door.client(address=NEAR).get("/api/v2/audit")

    assert me.json() == {"name": "local", "role": "admin", "is_login_required": False}
    assert audit.status_code == 200


async def test_far_address_is_not_local_even_when_no_login_is_required(open_door: OpenDoor) -> None:
    door = await open_door(is_login_required=False)

    answer = await door.client(address=FAR).get("/api/v2/sessions")

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer ding_wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "bearer\tding_x"},
        {"Cookie": f"{COOKIE}=made-up"},
    ],
    ids=["nothing", "wrong token", "empty", "another scheme", "odd space", "made-up cookie"],
)
async def test_nobody_comes_in_without_a_token(open_door: OpenDoor, headers: dict[str, str]) -> None:
    door = await open_door()

    answer = await door.client(address=NEAR).get("/api/v2/sessions", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(("language", "word"), [("en", "login"), ("zh-CN", "登录")])
async def test_refusal_speaks_the_callers_language(open_door: OpenDoor, language: str, word: str) -> None:
    door = await open_door()

    answer = await door.client(language=language).get("/api/v2/sessions")

    assert word in answer.json()["detail"]


async def test_wrong_token_is_refused_also_where_no_login_is_required(open_door: OpenDoor) -> None:
    door = await open_door(is_login_required=False)

    answer = await door.client(address=NEAR, token="ding_wrong").get("/api/v2/sessions")

    assert answer.status_code == 401


async def test_revoked_token_ends_at_once_and_its_logins_with_it(open_door: OpenDoor) -> None:
    door = await open_door()
    token = await door.token(Role.ADMIN, "amy")
    browser = door.client()
    await browser.post("/api/v2/login", json={"token": token})
    before = [(await browser.get("/api/v2/sessions")).status_code, (await bearer(door, token)).status_code]

    await door.access.revoke_token("amy", actor="test")
    after = [(await browser.get("/api/v2/sessions")).status_code, (await bearer(door, token)).status_code]
    renewed = await door.token(Role.ADMIN, "amy")

    assert (before, after) == ([200, 200], [401, 401])
    assert (await browser.get("/api/v2/sessions")).status_code == 401
    assert (await bearer(door, renewed)).status_code == 200


async def bearer(door: Door, token: str) -> httpx2.Response:
    return await door.client(token=token).get("/api/v2/sessions")


MATRIX = [
    ("GET", "/api/v2/sessions", None, (200, 200, 200)),
    ("GET", "/api/v2/tools", None, (200, 200, 200)),
    ("GET", "/api/v2/approvals", None, (200, 200, 200)),
    ("POST", "/api/v2/sessions", {}, (403, 201, 201)),
    ("POST", "/api/v2/runs/none/cancel", None, (403, 404, 404)),
    ("POST", "/api/v2/sessions/none/runs", {"message": "hi"}, (403, 404, 404)),
    ("DELETE", "/api/v2/sessions/none", None, (403, 404, 404)),
    ("POST", "/api/v2/approvals/none", {"decision": "approve"}, (403, 403, 404)),
    ("GET", "/api/v2/audit", None, (403, 403, 200)),
    ("GET", "/api/v2/nothing-here", None, (404, 404, 404)),
    ("PUT", "/api/v2/sessions", None, (405, 405, 405)),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), MATRIX, ids=[f"{m} {p}" for m, p, _b, _e in MATRIX])
async def test_each_role_may_do_what_its_right_allows(
    open_door: OpenDoor, method: str, path: str, body: Any, expected: tuple[int, int, int]
) -> None:
    door = await open_door()
    anonymous = await door.client().request(method, path, json=body)

    seen = tuple(
        [
            (await door.client(token=await door.token(role)).request(method, path, json=body)).status_code
            for role in Role
        ]
    )

    assert anonymous.status_code == 401
    assert seen == expected


async def test_undeclared_route_is_hidden_from_all_but_admins(open_door: OpenDoor) -> None:
    door = await open_door()

    @door.app.get("/api/v2/forgotten")  # type: ignore[untyped-decorator]  # the application is Any here
    async def forgotten() -> str:
        return "secret"

    seen = [(await door.client(token=await door.token(role)).get("/api/v2/forgotten")).status_code for role in Role]

    assert seen == [404, 404, 200]


async def test_operators_approve_when_the_settings_say_so(open_door: OpenDoor) -> None:
    door = await open_door(settings=AccessSettings(approvers="operator"))
    operator = await door.token(Role.OPERATOR)

    answer = await door.client(token=operator).post("/api/v2/approvals/none", json={"decision": "approve"})

    assert answer.status_code == 404


async def test_names_of_who_asked_and_who_approved_are_kept(open_door: OpenDoor) -> None:
    door = await open_door(ScriptedModel(call(("change-thing", '{"n": 5}')), say("Done.")))
    asker = door.client(token=await door.token(Role.OPERATOR, "olga"))
    approver = door.client(token=await door.token(Role.ADMIN, "amy"))
    session = (await asker.post("/api/v2/sessions", json={})).json()["id"]
    await asker.post(f"/api/v2/sessions/{session}/runs", json={"message": "change"})
    await door.chat.executor.wait()
    [approval] = (await asker.get("/api/v2/approvals")).json()["items"]

    decided = await approver.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
    await door.chat.executor.wait()

    assert decided.json()["approval"]["decided_by"] == "amy"
    assert door.chat.tools.changed == [{"n": 5}]
    assert [record.entry.actor for record in await door.audited("approval.asked")] == ["olga"]
    assert [record.entry.actor for record in await door.audited("approval.decided")] == ["amy"]
    [executed] = await door.audited("approval.executed")
    assert executed.entry.actor == "olga"
    assert '"approved_by":"amy"' in executed.entry.details
    assert approval["arguments_sha256"] in executed.entry.details


async def test_login_gives_a_cookie_that_scripts_cannot_read_and_logout_ends_it(open_door: OpenDoor) -> None:
    door = await open_door()
    browser = door.client()
    token = await door.token(Role.VIEWER, "eve")

    login = await browser.post("/api/v2/login", json={"token": token})
    inside = await browser.get("/api/v2/me")
    cookie = browser.cookies[COOKIE]
    await browser.post("/api/v2/logout")
    browser.cookies.set(COOKIE, cookie)
    outside = await browser.get("/api/v2/me")

    flags = login.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("httponly", "samesite=strict", "path=/", "max-age="))
    assert inside.json() == {"name": "eve", "role": "viewer", "is_login_required": True}
    assert outside.json() == {"name": None, "role": None, "is_login_required": True}


async def test_login_expires(open_door: OpenDoor) -> None:
    door = await open_door(settings=AccessSettings(login_hours=1))
    browser = door.client()
    await browser.post("/api/v2/login", json={"token": await door.token(Role.VIEWER)})

    door.chat.clock.advance(3599)
    shortly_before = await browser.get("/api/v2/sessions")
    door.chat.clock.advance(1)
    then = await browser.get("/api/v2/sessions")

    assert (shortly_before.status_code, then.status_code) == (200, 401)


async def test_login_form_works_without_scripts_and_leads_back(open_door: OpenDoor) -> None:
    door = await open_door()
    browser = door.client()
    token = await door.token(Role.VIEWER)

    form = await browser.get("/login", params={"next": '/spa/sessions/1"><script>'})
    wrong = await browser.post("/login", data={"token": "nope", "next": "/spa/sessions/1"})
    right = await browser.post("/login", data={"token": token, "next": "/spa/sessions/1"})
    inside = await browser.get("/api/v2/sessions")

    assert "<script>" not in form.text
    assert "default-src 'self'" in form.headers["content-security-policy"]
    assert (wrong.status_code, right.status_code, inside.status_code) == (401, 303, 200)
    assert right.headers["location"] == "/spa/sessions/1"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/spa/\r\nX: y", ""])
async def test_login_leads_nowhere_else(open_door: OpenDoor, target: str) -> None:
    door = await open_door()

    answer = await door.client().post("/login", data={"token": await door.token(Role.VIEWER), "next": target})

    assert answer.headers["location"] == "/spa/"


async def test_page_on_another_port_of_the_same_host_cannot_use_the_login(open_door: OpenDoor) -> None:
    door = await open_door()
    browser = door.client()
    await browser.post("/api/v2/login", json={"token": await door.token(Role.ADMIN)})

    foreign = await browser.post("/api/v2/sessions", json={}, headers={"Origin": "http://localhost:9999"})
    own = await browser.post("/api/v2/sessions", json={}, headers={"Origin": "http://localhost"})

    assert (foreign.status_code, own.status_code) == (403, 201)
    assert foreign.json()["code"] == "wrong_origin"


async def test_logins_are_limited_per_address(open_door: OpenDoor) -> None:
    door = await open_door(settings=AccessSettings(logins_per_minute=3))
    token = await door.token(Role.VIEWER)
    attacker, other = door.client(address="10.0.0.66"), door.client(address="10.0.0.7")

    codes = [(await attacker.post("/api/v2/login", json={"token": f"guess-{n}"})).status_code for n in range(5)]
    refused = await attacker.post("/api/v2/login", json={"token": token})
    elsewhere = await other.post("/api/v2/login", json={"token": token})

    assert codes == [401, 401, 401, 429, 429]
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["code"] == "too_many_requests"
    assert elsewhere.status_code == 200
    assert len(await door.audited("login.failed")) == 3


async def test_guessing_bearer_tokens_is_limited_but_a_right_one_still_works(open_door: OpenDoor) -> None:
    door = await open_door(settings=AccessSettings(logins_per_minute=2))
    token = await door.token(Role.VIEWER)

    codes = [(await bearer(door, f"ding_guess{n}")).status_code for n in range(4)]

    assert codes == [401, 401, 429, 429]
    assert (await bearer(door, token)).status_code == 200
    assert len(await door.audited("login.failed")) == 2


async def test_questions_are_limited_per_token(open_door: OpenDoor) -> None:
    door = await open_door(settings=AccessSettings(runs_per_minute=2))
    one, two = await door.token(Role.OPERATOR, "one"), await door.token(Role.OPERATOR, "two")
    path = "/api/v2/sessions/none/runs"

    codes = [(await door.client(token=one).post(path, json={"message": "hi"})).status_code for _ in range(3)]
    other = await door.client(token=two).post(path, json={"message": "hi"})

    assert codes == [404, 404, 429]
    assert other.status_code == 404


async def test_health_is_open_but_says_no_details_to_strangers(open_door: OpenDoor) -> None:
    door = await open_door()

    stranger = await door.client().get("/healthz")
    viewer = await door.client(token=await door.token(Role.VIEWER)).get("/healthz")

    assert stranger.status_code == 200
    assert [part["detail"] for part in stranger.json()["parts"]] == [None] * len(stranger.json()["parts"])
    assert any(part["detail"] for part in viewer.json()["parts"])


async def test_secrets_are_stored_as_digests_only(open_door: OpenDoor, tmp_path: Path) -> None:
    door = await open_door()
    token = await door.token(Role.ADMIN)
    browser = door.client()
    await browser.post("/api/v2/login", json={"token": token})

    with sqlite3.connect(tmp_path / "chat.db") as connection:
        dump = "\n".join(connection.iterdump())

    assert "access_tokens" in dump
    assert token not in dump
    assert token.removeprefix("ding_") not in dump
    assert browser.cookies[COOKIE] not in dump


async def test_database_that_is_down_lets_nobody_in(open_door: OpenDoor) -> None:
    door = await open_door()
    token = await door.token(Role.ADMIN)
    async with door.chat.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE access_tokens RENAME TO gone")

    guarded = await bearer(door, token)
    health = await door.client(token=token).get("/healthz")

    assert guarded.status_code == 503
    assert health.status_code == 200


async def test_websockets_are_closed(open_door: OpenDoor) -> None:
    door = await open_door(is_login_required=False)
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/v2/sessions", "headers": [], "client": (NEAR, 1)}
    await door.app({**scope, "query_string": b"", "subprotocols": []}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


def settings_on(host: str, tmp_path: Path, *, require_login: bool | None = None) -> Settings:
    settings = Settings(data_directory=tmp_path)
    settings.web.host = host
    settings.web.require_login = require_login
    return settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "robot.example.com"])
async def test_server_refuses_to_stand_open(host: str, tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="ding-robot token create"):
        await check_may_serve(settings_on(host, tmp_path))


async def test_login_cannot_be_turned_off_beyond_loopback(tmp_path: Path) -> None:
    await make_token(tmp_path)

    with pytest.raises(StartRefused, match="WEB_REQUIRE_LOGIN"):
        await check_may_serve(settings_on("0.0.0.0", tmp_path, require_login=False))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.7"])
async def test_loopback_needs_no_token_unless_login_is_required(host: str, tmp_path: Path) -> None:
    await check_may_serve(settings_on(host, tmp_path))

    with pytest.raises(StartRefused, match="token create"):
        await check_may_serve(settings_on(host, tmp_path, require_login=True))


async def test_server_starts_with_a_token_and_not_with_a_revoked_one(tmp_path: Path) -> None:
    await make_token(tmp_path)
    await check_may_serve(settings_on("0.0.0.0", tmp_path))

    async with administer(Settings(data_directory=tmp_path)) as (access, _audit):
        await access.revoke_token("amy", actor="test")

    with pytest.raises(StartRefused):
        await check_may_serve(settings_on("0.0.0.0", tmp_path))


async def make_token(tmp_path: Path) -> None:
    async with administer(Settings(data_directory=tmp_path)) as (access, _audit):
        await access.create_token("amy", role=Role.ADMIN, actor="test")
