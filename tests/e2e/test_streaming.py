"""Reloads, second tabs and stops in the middle of a streamed answer."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.openai_server import (
    Hold,
    RecordedRequest,
    Reply,
    ScriptedModelServer,
    delta_chunk,
    stream,
    text_steps,
    usage_chunk,
)
from tests.fakes.product import product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

WORDS = [f"w{number:02d}x" for number in range(50)]
PART = 10


class PacedModel:
    """Answers every question with fifty words in five parts; each part waits until the test lets it go."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = ScriptedModelServer(replies=self._reply)
        self._holds: list[Hold] = []

    def __enter__(self) -> "PacedModel":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.__aenter__(), self._loop).result(timeout=10)
        return self

    def __exit__(self, *_exc: object) -> None:
        for hold in self._holds:
            self._loop.call_soon_threadsafe(hold.release.set)
        asyncio.run_coroutine_threadsafe(self._server.__aexit__(None, None, None), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    @property
    def hang_ups(self) -> int:
        return self._server.hang_ups

    def let_go(self, *, parts: int) -> None:
        for hold in [hold for hold in self._holds if not hold.release.is_set()][:parts]:
            self._loop.call_soon_threadsafe(hold.release.set)

    def _reply(self, _request: RecordedRequest) -> Reply:
        self._holds = [Hold() for _ in range(len(WORDS) // PART - 1)]
        steps = list(text_steps(" ".join(WORDS[:PART]) + " "))
        for number, hold in enumerate(self._holds, start=1):
            words = WORDS[number * PART : (number + 1) * PART]
            steps += [hold, *text_steps(" ".join(words) + " ")]
        return stream(*steps).then(delta_chunk({}, finish_reason="stop"), usage_chunk(input_tokens=1, output_tokens=50))


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, PacedModel]]:
    """The product with a model whose pace the test sets, and no tool servers."""
    folder: Path = tmp_path_factory.mktemp("paced")
    config = folder / "mcp_config.json"
    config.write_text(json.dumps({"mcpServers": {}}))
    with (
        PacedModel() as model,
        product(
            "web",
            data=folder / "data",
            MCP_CONFIG=str(config),
            LLM_BASE_URL=model.base_url,
            OPENAI_API_KEY="sk-test",
        ) as (address, _process),
    ):
        yield address, model


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="消息").fill(question)
    page.get_by_role("button", name="发送").click()


def read_words(page: Page) -> list[str]:
    text = page.get_by_role("article", name="机器人").last.inner_text()
    return [word for word in text.split() if word in WORDS]


def wait_for_word(page: Page, word: str) -> None:
    expect(page.get_by_role("article", name="机器人").last).to_contain_text(word)


def test_reload_in_mid_stream_loses_and_doubles_nothing(paced: tuple[str, PacedModel], page: Page) -> None:
    address, model = paced
    page.goto(f"{address}/spa/")
    ask(page, "count")
    wait_for_word(page, "w09x")

    for last in ("w19x", "w29x", "w39x"):
        page.reload()
        model.let_go(parts=1)
        wait_for_word(page, last)
    model.let_go(parts=1)
    wait_for_word(page, "w49x")

    assert read_words(page) == WORDS


def test_second_tab_follows_the_same_answer_and_can_stop_it(paced: tuple[str, PacedModel], page: Page) -> None:
    address, model = paced
    page.goto(f"{address}/spa/")
    ask(page, "count")
    wait_for_word(page, "w09x")
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_word(other, "w09x")
    model.let_go(parts=1)
    wait_for_word(other, "w19x")

    other.get_by_role("button", name="停止").click()

    expect(other.get_by_role("article", name="机器人").last).to_contain_text("已停止")
    page.bring_to_front()
    expect(page.get_by_role("article", name="机器人").last).to_contain_text("已停止")
    assert read_words(other) == WORDS[:20]


def test_stop_closes_the_connection_to_the_model(paced: tuple[str, PacedModel], page: Page) -> None:
    address, model = paced
    page.goto(f"{address}/spa/")
    ask(page, "count")
    wait_for_word(page, "w09x")
    before = model.hang_ups

    page.get_by_role("button", name="停止").click()
    expect(page.get_by_role("article", name="机器人").last).to_contain_text("已停止")

    for _ in range(100):
        if model.hang_ups > before:
            break
        page.wait_for_timeout(50)
    assert model.hang_ups == before + 1
