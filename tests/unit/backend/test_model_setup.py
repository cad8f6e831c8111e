"""From settings to models: names, order, keys, and what is refused at the start."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.agent.model_routing.named_models import ModelDirectory
from backend.model_setup import build_models
from backend.settings import Settings

LISTED = """
models:
  - {name: small, base_url: "http://127.0.0.1:1/v1", model: tiny, is_small: true}
  - name: qwen
    base_url: "http://127.0.0.1:2/v1"
    model: qwen-max
    api_key_env: QWEN_KEY
    context_tokens: 32000
    input_price: 2.4
    extra_body: {enable_thinking: true}
    can_call_tools: false
"""


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "LLM_BASE_URL", "LLM_MODEL", "LLM_FALLBACKS", "MODELS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


def write_yaml(text: str) -> None:
    Path("config").mkdir()
    Path("config/config.yaml").write_text(text)


def build(stack: AsyncExitStack) -> ModelDirectory:
    return build_models(Settings(), environment={"QWEN_KEY": "k"}, now=lambda: datetime.now(UTC), stack=stack)


def order(directory: ModelDirectory) -> list[str]:
    return [model.name for model in directory.chain(None)]


def test_without_any_model_rules_answer(stack: AsyncExitStack) -> None:
    directory = build(stack)

    assert order(directory) == ["rules"]
    assert directory.first.client.mode == "rules"


def test_flat_settings_are_the_default_and_fall_backs_follow(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_yaml(LISTED)
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:3/v1")
    monkeypatch.setenv("LLM_MODEL", "big-1")
    monkeypatch.setenv("LLM_FALLBACKS", " qwen, small ,qwen")

    directory = build(stack)

    assert order(directory) == ["default", "qwen", "small", "rules"]
    assert directory.first.label == "big-1"


def test_first_listed_model_that_is_not_small_answers_without_flat_settings(stack: AsyncExitStack) -> None:
    write_yaml(LISTED)

    directory = build(stack)

    assert order(directory) == ["qwen", "rules"]
    assert directory.small is not None
    assert directory.small.name == "small"
    profile = directory.first.profile
    assert (profile.context_tokens, profile.input_price, profile.can_call_tools) == (32_000, 2.4, False)


def test_list_can_come_from_the_environment(stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS", '[{"name": "local", "base_url": "http://127.0.0.1:11434/v1", "model": "qwen3"}]')

    assert order(build(stack)) == ["local", "rules"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("models: [{name: default, model: m}]", "reserved or used twice: default"),
        ("models: [{name: a, model: m}, {name: A, model: m}]", "used twice: a"),
        ("llm: {fallbacks: 'gone'}", "does not list: gone"),
        ("models: [{name: 'a b', model: m}]", "pattern"),
        ("models: [{name: a, model: m, api_key: secret}]", "Extra inputs"),
    ],
)
def test_wrong_lists_are_refused_at_the_start(text: str, complaint: str) -> None:
    write_yaml(text)

    with pytest.raises(ValidationError, match=complaint):
        Settings()
