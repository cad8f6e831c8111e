"""Opens one SSH connection: only to a trusted host key, and with nothing of the server user's own configuration."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncssh
from asyncssh.public_key import get_default_public_key_algs

from ssh_mcp.connections.credentials import ClientKey, Credentials
from ssh_mcp.connections.host_keys import HostKeys, TrustedKeys
from ssh_mcp.errors import HostError, HostKeyChanged, HostKeyUnknown, HostUnreachable, LoginRefused
from ssh_mcp.inventories.domain import Endpoint

_KEEPALIVE_SECONDS = 15
_KEEPALIVE_LOST_AFTER = 3
_METHODS = "publickey,keyboard-interactive,password"


@dataclass(frozen=True, slots=True)
class Login:
    """Whom to connect, and as whom."""

    endpoint: Endpoint
    user: str
    credentials: Credentials


class _Client(asyncssh.SSHClient):
    """Refuses every host key that is not trusted and keeps the reason."""

    def __init__(self, host_keys: HostKeys, trusted: TrustedKeys) -> None:
        self._host_keys = host_keys
        self._trusted = trusted
        self.refusal: HostKeyChanged | HostKeyUnknown | None = None
        self.on_closed: Callable[[], None] | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.refusal = self._host_keys.judge(self._trusted, key)
        return self.refusal is None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.on_closed is not None:
            self.on_closed()


async def open_connection(
    login: Login,
    *,
    host_keys: HostKeys,
    tunnel: asyncssh.SSHClientConnection | None,
    timeout_seconds: float,
    on_closed: Callable[[], None],
) -> asyncssh.SSHClientConnection:
    """Connect and log in; raise HostUnreachable or one of its kinds, after which nothing ran.

    `on_closed` is called once, when a connection that was opened is over.
    """
    trusted = host_keys.trusted(login.endpoint)
    client = _Client(host_keys, trusted)
    try:
        async with asyncio.timeout(timeout_seconds):
            connection = await _connect(login, trusted=trusted, client=client, tunnel=tunnel)
    except TimeoutError as error:
        text = f"{login.endpoint} did not let us in within {timeout_seconds:g} s."
        raise HostUnreachable(text) from error
    except (OSError, asyncssh.Error) as error:
        raise _translate(error, login=login, trusted=trusted, client=client) from error
    client.on_closed = on_closed
    return connection


async def _connect(
    login: Login, *, trusted: TrustedKeys, client: _Client, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    credentials = login.credentials
    if credentials.agent_path is None:
        return await _connect_with(login, list(credentials.keys), trusted=trusted, client=client, tunnel=tunnel)
    agent = await _connect_agent(credentials.agent_path)
    try:
        keys = [*credentials.keys, *await agent.get_keys()]
        return await _connect_with(login, keys, trusted=trusted, client=client, tunnel=tunnel)
    finally:
        agent.close()


async def _connect_agent(path: str) -> asyncssh.SSHAgentClient:
    try:
        return await asyncssh.connect_agent(path)
    except OSError as error:
        raise LoginRefused(f"The ssh-agent at {path} does not answer: {_explain(error)}.") from error


async def _connect_with(
    login: Login,
    keys: Sequence[ClientKey | asyncssh.SSHKeyPair],
    *,
    trusted: TrustedKeys,
    client: _Client,
    tunnel: asyncssh.SSHClientConnection | None,
) -> asyncssh.SSHClientConnection:
    is_new = not (trusted.keys or trusted.authorities)
    return await asyncssh.connect(
        login.endpoint.address,
        login.endpoint.port,
        tunnel=tunnel or (),
        # Without these, ~/.ssh of the server's user would have its say.
        config=None,
        client_keys=list(keys) or None,
        # The keys of an agent were fetched from it: given its path alone, the library would add those of ~/.ssh.
        agent_path=None,
        gss_host=None,
        username=login.user,
        password=login.credentials.password,
        preferred_auth=_METHODS,
        known_hosts=(list(trusted.keys), list(trusted.authorities), list(trusted.revoked)),
        # A certificate of an unknown signer would only hide the key that a person can compare.
        server_host_key_algs=[name.decode() for name in get_default_public_key_algs()] if is_new else (),
        client_factory=lambda: client,
        keepalive_interval=_KEEPALIVE_SECONDS,
        keepalive_count_max=_KEEPALIVE_LOST_AFTER,
        login_timeout=0,
    )


def _translate(error: Exception, *, login: Login, trusted: TrustedKeys, client: _Client) -> HostError:
    endpoint = login.endpoint
    if client.refusal is not None:
        return client.refusal
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return HostKeyChanged(f"The host key of {endpoint} is refused: {error.reason}. Nothing ran.")
    if isinstance(error, asyncssh.PermissionDenied):
        tried = login.credentials.describe()
        return LoginRefused(f"{endpoint} does not let {login.user!r} in (tried {tried}): {error.reason}.")
    if isinstance(error, asyncssh.KeyExchangeFailed) and trusted.is_known and "host key" in error.reason.lower():
        return HostKeyChanged(
            f"HOST KEY CHANGED for {trusted.host}: the host offers no key of the kinds that are known. Nothing ran. "
            f"An operator can accept it with `python -m ssh_mcp.host_keys forget {trusted.host}`."
        )
    if isinstance(error, asyncssh.ChannelOpenError):
        return HostUnreachable(f"The jump host cannot reach {endpoint}: {error.reason or error}.")
    if isinstance(error, asyncssh.DisconnectError):
        return HostUnreachable(f"{endpoint} ended the connection: {error.reason or error}.")
    return HostUnreachable(f"{endpoint} cannot be connected: {_explain(error)}.")


def _explain(error: Exception) -> str:
    """The system's own words; asyncio puts its own before them."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
