"""Settings of the SSH server, read from the environment only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from ssh_mcp.inventories.domain import Endpoint, Tier

JUMPSERVER_SSH_PORT = 2222

ENVIRONMENT = {
    "inventory": "SSH_INVENTORY",
    "openssh_config": "SSH_CONFIG",
    "ansible_inventory": "ANSIBLE_INVENTORY",
    "local": "SSH_LOCAL",
    "known_hosts": "SSH_KNOWN_HOSTS",
    "agent_socket": "SSH_AUTH_SOCK",
    "jumpserver_url": "JUMPSERVER_URL",
    "jumpserver_key_id": "JUMPSERVER_KEY_ID",
    "jumpserver_key_secret": "JUMPSERVER_KEY_SECRET",
    "jumpserver_organisation": "JUMPSERVER_ORG",
    "jumpserver_ssh": "JUMPSERVER_SSH",
    "read_only": "READ_ONLY",
    "read_only_tiers": "SSH_READ_ONLY_TIERS",
    "connect_timeout_seconds": "SSH_CONNECT_TIMEOUT_SECONDS",
    "idle_connection_seconds": "SSH_IDLE_CONNECTION_SECONDS",
    "keep_days": "SSH_KEEP_DAYS",
    "record_input": "SSH_RECORD_INPUT",
    "data_directory": "SSH_MCP_DATA_DIRECTORY",
    "host": "SSH_MCP_HOST",
    "port": "SSH_MCP_PORT",
    "allowed_hosts": "SSH_MCP_ALLOWED_HOSTS",
    "allow_unconfirmed": "SSH_MCP_ALLOW_UNCONFIRMED",
    "request_state_key": "MCP_REQUEST_STATE_KEY",
    "auth_token": "MCP_AUTH_TOKEN",
}
"""Setting → environment variable."""

_LISTS = frozenset({"inventory", "ansible_inventory", "known_hosts", "read_only_tiers", "allowed_hosts"})
_PATHS = frozenset({"inventory", "openssh_config", "ansible_inventory", "known_hosts", "data_directory"})


class SettingsInvalid(ValueError):
    """A setting cannot be used; the text names the environment variable."""


class SshSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    inventory: tuple[Path, ...] = ()
    """Files of our own form, comma separated."""

    openssh_config: Path | None = None
    """An OpenSSH client configuration whose named hosts become assets."""

    ansible_inventory: tuple[Path, ...] = ()
    """Ansible inventory files, INI or YAML, comma separated."""

    local: bool = True
    """Whether the machine of the server itself is an asset, called `local`."""

    known_hosts: tuple[Path, ...] = (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts"))
    """Files with host keys that people already trust, comma separated; only read. Missing ones count as empty."""

    agent_socket: str | None = None
    """Socket of the ssh-agent, for accounts that use one."""

    jumpserver_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] | None = None
    jumpserver_key_id: str | None = None
    jumpserver_key_secret: SecretStr | None = None
    jumpserver_organisation: str | None = None
    """Organisation id; empty means the caller's default one."""
    jumpserver_ssh: Annotated[str, Field(pattern=r"^[^\s:]+(:\d+)?$|^\[[^\]\s]+\](:\d+)?$")] | None = None
    """host:port of its SSH service; empty means port 2222 of the URL's host."""

    read_only: bool = False
    """True runs commands that only read, and refuses every other."""

    read_only_tiers: tuple[Tier, ...] = ()
    """The same for the assets of these tiers, comma separated."""

    connect_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Limit for connecting and logging in to one host."""

    idle_connection_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300.0
    """How long an unused connection stays open. Opening one costs ten times a command on an open one."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long outputs and recordings are kept."""

    record_input: bool = False
    """Whether recordings of sessions hold what was typed into programs; passwords are typed too."""

    data_directory: Path = Path("~/.local/share/ding-robot/ssh").expanduser()
    """Approved host keys, kept outputs, recordings and the audit."""

    host: str = "127.0.0.1"
    """Address of the HTTP transport. Anything but loopback needs a token."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8767

    allowed_hosts: tuple[str, ...] = ()
    """Further Host header values the HTTP transport accepts, comma separated, e.g. `ssh-mcp:*`."""

    allow_unconfirmed: bool = False
    """Operator's permission to run confirmable commands for clients that cannot show a question to a person."""

    request_state_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    """Secret that seals open questions, shared by all replicas. Unset: a random one, questions end with the process."""

    auth_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Bearer token of the HTTP transport."""

    @property
    def jumpserver_endpoint(self) -> Endpoint:
        """Where its SSH service listens."""
        parts = urlsplit(f"ssh://{self.jumpserver_ssh}" if self.jumpserver_ssh else self.jumpserver_url or "")
        port = parts.port if self.jumpserver_ssh else None
        return Endpoint(parts.hostname or "", port or JUMPSERVER_SSH_PORT)

    @model_validator(mode="after")
    def _check_jumpserver(self) -> Self:
        if self.jumpserver_url and not (self.jumpserver_key_id and self.jumpserver_key_secret):
            raise ValueError("JUMPSERVER_URL needs JUMPSERVER_KEY_ID and JUMPSERVER_KEY_SECRET, an access key")
        return self


def read_settings(environment: Mapping[str, str]) -> SshSettings:
    """Build the settings; raise SettingsInvalid naming the variable, never its value."""
    given: dict[str, Any] = {  # Any: strings that pydantic converts
        field: environment[variable].strip()
        for field, variable in ENVIRONMENT.items()
        if environment.get(variable, "").strip()
    }
    for field in _LISTS & given.keys():
        given[field] = tuple(part.strip() for part in given[field].split(",") if part.strip())
    for field in _PATHS & given.keys():
        value = given[field]
        given[field] = tuple(map(_to_path, value)) if isinstance(value, tuple) else _to_path(value)
    try:
        return SshSettings(**given)
    except ValidationError as error:
        raise SettingsInvalid("; ".join(_describe(fault["loc"], fault["msg"]) for fault in error.errors())) from error


def _to_path(text: str) -> Path:
    return Path(text).expanduser()


def _describe(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{ENVIRONMENT[str(location[0])]}: {message}" if location else message
