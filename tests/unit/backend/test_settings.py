"""Settings: names from the field, priority, and where the databases lie."""

from pathlib import Path

import pytest

from backend.settings import Settings, read_server_environment


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "LLM_BASE_URL", "LLM_MODEL", "DATABASE_URL", "READ_ONLY"):
        monkeypatch.delenv(name, raising=False)


def test_flat_names_of_the_environment_reach_their_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    monkeypatch.setenv("LLM_MODEL", "qwen3")
    monkeypatch.setenv("WEB_ALLOWED_HOSTS", '["ops.example.com"]')
    monkeypatch.setenv("AGENT_MAX_MODEL_CALLS", "7")

    settings = Settings()

    assert (settings.llm.base_url, settings.llm.model) == ("http://127.0.0.1:11434/v1", "qwen3")
    assert settings.web.allowed_hosts == ("ops.example.com",)
    assert settings.agent.max_model_calls == 7


def test_environment_wins_over_stage_file_wins_over_common_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("llm: {model: common, idle_seconds: 5}\nport: 1000\n")
    (tmp_path / "config" / "config.night.yaml").write_text("llm: {model: night}\n")
    monkeypatch.setenv("ENV", "night")
    monkeypatch.setenv("PORT", "2000")

    settings = Settings()

    assert (settings.llm.model, settings.llm.idle_seconds, settings.port) == ("night", 5, 2000)


def test_model_needs_a_key_or_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Settings().has_model
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")

    assert (without, Settings().has_model) == (False, True)


@pytest.mark.parametrize(
    ("url", "durable"),
    [
        ("sqlite:////var/lib/robot.db", "sqlite:////var/lib/robot-runs.db"),
        ("postgresql://u:p@db/robot", "postgresql+psycopg://u:p@db/robot"),
    ],
)
def test_engine_keeps_its_tables_beside_the_database(url: str, durable: str) -> None:
    assert Settings(database_url=url).durable_database_url == durable


def test_request_state_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path / "data")

    first = read_server_environment(settings)["MCP_REQUEST_STATE_KEY"]
    second = read_server_environment(settings)["MCP_REQUEST_STATE_KEY"]

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "data" / "request-state.key").stat().st_mode & 0o077 == 0
