"""Every setting of the product, read in one place: environment, then config.env, then YAML, then code."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from sqlalchemy.engine import make_url

from backend.agent.guarding.settings import MaskingSettings
from backend.agent.settings import AgentSettings
from backend.features.access.domain import is_loopback
from backend.features.access.settings import AccessSettings
from backend.features.chat.settings import ChatSettings
from backend.features.hosts.settings import HostSettings
from backend.features.notifications.settings import NotificationSettings
from backend.features.patrol.settings import CheckSettings, PatrolSettings
from backend.features.reports.settings import ReportSettings
from backend.integrations.dingtalk.settings import DingTalkSettings
from backend.integrations.durable_execution.settings import DurableExecutionSettings
from backend.integrations.feishu.settings import FeishuSettings
from backend.integrations.webhook.settings import WebhookSettings

PACKAGE = Path(__file__).parent
SECRETS_FILE = PACKAGE / "config.env"
_STATE_KEY_FILE = "request-state.key"


class LlmSettings(BaseModel):
    """The language model. Without a key or a URL of its own the rule planner answers."""

    base_url: str | None = None
    """Any OpenAI-compatible endpoint, up to and including its version part, such as https://api.openai.com/v1."""
    model: str = "gpt-4.1"
    """The model's name at that endpoint."""
    first_token_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a model may think before its first sign of life."""
    idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a stream may be silent once it has begun."""
    context_tokens: Annotated[int, Field(ge=2000)] | None = None
    """Its window; without it nothing is cut before the provider refuses."""
    input_price: Annotated[float, Field(ge=0)] = 0.0
    output_price: Annotated[float, Field(ge=0)] = 0.0
    """Prices per million tokens."""
    can_call_tools: bool = True
    """false describes the tools in words to a model that has no tool calling."""
    fallbacks: str = ""
    """Names from `models`, separated by commas, tried in this order when the model fails."""

    @property
    def fallback_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.strip() for name in self.fallbacks.split(",") if name.strip()))


class ModelSettings(BaseModel):
    """One named model. The key stays in the environment; only the name of its variable is written down."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    base_url: str | None = None
    """OpenAI's own endpoint unless given."""
    model: str
    api_key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    context_tokens: Annotated[int, Field(ge=2000)] | None = None
    input_price: Annotated[float, Field(ge=0)] = 0.0
    output_price: Annotated[float, Field(ge=0)] = 0.0
    can_call_tools: bool = True
    extra_body: dict[str, Any] = {}  # Any: JSON that the vendor takes beyond OpenAI's fields
    first_token_seconds: Annotated[float, Field(gt=0)] = 60.0
    idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    is_small: bool = False
    """Answers when the token budget is nearly used up."""


class WebSettings(BaseModel):
    """The HTTP surface."""

    host: str = "127.0.0.1"
    """Loopback by default; on any other address nobody comes in without an access token."""
    require_login: bool | None = None
    """Whether an access token is needed; by default only beyond loopback, where it cannot be turned off."""
    allowed_hosts: tuple[str, ...] = ()
    """Names besides loopback under which browsers may reach the server."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    """The address that people open; messages in chat groups link to it."""


class Settings(BaseSettings):
    """All settings; the names in capitals are those of the environment."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="_",
        env_nested_max_split=1,
        nested_model_default_partial_update=True,
        env_file=SECRETS_FILE,
        env_ignore_empty=True,
        extra="ignore",
    )

    openai_api_key: SecretStr | None = None
    database_url: str | None = None
    """SQLite or PostgreSQL URL; by default an SQLite file in the data directory."""
    data_directory: Path = Path("data")
    """Where databases and the generated key live."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    read_only: bool = False
    """Removes every tool that changes something."""
    mcp_config: Path = PACKAGE / "config" / "mcp_config.json"
    """Which tool servers to connect."""
    llm: LlmSettings = LlmSettings()
    models: tuple[ModelSettings, ...] = ()
    """Named models; a person chooses one by name, and `LLM_FALLBACKS` refers to them."""
    web: WebSettings = WebSettings()
    access: AccessSettings = AccessSettings()
    agent: AgentSettings = AgentSettings()
    masking: MaskingSettings = MaskingSettings()
    chat: ChatSettings = ChatSettings()
    durable: DurableExecutionSettings = DurableExecutionSettings()
    patrol: PatrolSettings = PatrolSettings()
    checks: CheckSettings = CheckSettings()
    hosts: HostSettings = HostSettings()
    report: ReportSettings = ReportSettings()
    notifications: NotificationSettings = NotificationSettings()
    dingtalk: DingTalkSettings = DingTalkSettings()
    feishu: FeishuSettings = FeishuSettings()
    webhook: WebhookSettings = WebhookSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        stage = os.environ.get("ENV", "development")
        yaml = YamlConfigSettingsSource(
            settings_cls, yaml_file=["config/config.yaml", f"config/config.{stage}.yaml"], deep_merge=True
        )
        return init_settings, env_settings, dotenv_settings, yaml

    @model_validator(mode="after")
    def _check_model_names(self) -> Self:
        names = [entry.name.lower() for entry in self.models]
        taken = {name for name in names if names.count(name) > 1} | ({"default", "rules"} & set(names))
        if taken:
            raise ValueError(f"models: these names are reserved or used twice: {', '.join(sorted(taken))}")
        unknown = sorted(set(self.llm.fallback_names) - {entry.name for entry in self.models})
        if unknown:
            raise ValueError(f"LLM_FALLBACKS names models that `models` does not list: {', '.join(unknown)}")
        return self

    @property
    def has_model(self) -> bool:
        """A key alone means OpenAI's own endpoint; a URL alone means a local model that needs no key."""
        return self.openai_api_key is not None or self.llm.base_url is not None

    @property
    def page_link(self) -> str | None:
        """Where messages lead to."""
        return None if self.web.public_url is None else f"{self.web.public_url.rstrip('/')}/spa/dashboard"

    @property
    def is_login_required(self) -> bool:
        return bool(self.web.require_login) or not is_loopback(self.web.host)

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_directory / 'ding-robot.db').resolve()}"

    @property
    def is_on_sqlite(self) -> bool:
        return make_url(self.resolved_database_url).get_backend_name() == "sqlite"

    @property
    def durable_database_url(self) -> str:
        """The engine's tables: a file of their own beside an SQLite database, the same PostgreSQL otherwise."""
        url = make_url(self.resolved_database_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        path = Path(url.database)
        return f"sqlite:///{path.with_name(f'{path.stem}-runs{path.suffix}')}"


def read_server_environment(settings: Settings) -> Mapping[str, str]:
    """What `${NAME}` in mcp_config.json may refer to: the environment, config.env, the generated key, and
    where data lives.

    Tool servers seal what they hand out for an approval with the key; it outlives restarts, so that a question
    asked before one can be answered after it.
    """
    stored = {name: value for name, value in dotenv_values(SECRETS_FILE).items() if value is not None}
    return {
        "MCP_REQUEST_STATE_KEY": _read_state_key(settings.data_directory),
        "READ_ONLY": str(settings.read_only).lower(),
        **stored,
        **os.environ,
        "DATA_DIRECTORY": str(settings.data_directory.absolute()),
    }


def _read_state_key(directory: Path) -> str:
    path = directory / _STATE_KEY_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
