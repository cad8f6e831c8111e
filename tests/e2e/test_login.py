"""A server that requires a login, and a real browser that logs in and out."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from backend.features.access.domain import Role
from backend.records import administer
from backend.settings import Settings
from tests.fakes.product import product

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of the server, and an operator's token."""
    data = tmp_path_factory.mktemp("guarded")

    async def make_token() -> str:
        async with administer(Settings(data_directory=data)) as (access, _audit):
            return await access.create_token("olga", role=Role.OPERATOR, actor="test")

    token = asyncio.run(make_token())
    with product("web", data=data, WEB_REQUIRE_LOGIN="true", OPENAI_API_KEY="", LLM_BASE_URL="") as (address, _process):
        yield address, token


def test_form_lets_in_who_has_a_token_and_cookie_lasts_until_logout(guarded: tuple[str, str], page: Page) -> None:
    address, token = guarded
    page.goto(f"{address}/login?next=/spa/")
    page.get_by_label("访问令牌").fill("wrong")
    page.get_by_role("button", name="登录").click()
    refusal = page.get_by_role("alert").inner_text()

    page.get_by_label("访问令牌").fill(token)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"{address}/spa/**")
    inside = page.evaluate("fetch('/api/v2/me').then(answer => answer.json())")
    created = page.evaluate("fetch('/api/v2/sessions', {method: 'POST'}).then(answer => answer.status)")
    visible_to_scripts = page.evaluate("document.cookie")
    page.evaluate("fetch('/api/v2/logout', {method: 'POST'})")
    outside = page.evaluate("fetch('/api/v2/sessions').then(answer => answer.status)")

    assert "令牌" in refusal
    assert (inside["name"], inside["role"]) == ("olga", "operator")
    assert (created, visible_to_scripts, outside) == (201, "", 401)
