"""Real OpenSSH servers on loopback, and the SSH server of ours reached by a real MCP client."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
import yaml
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

from ssh_mcp.server import make_server
from ssh_mcp.settings import SshSettings
from tests.fakes.openssh import USER, KeyPair, SshServer, make_key, ssh_server

Json = dict[str, Any]  # Any: JSON
Mode = Literal["auto", "legacy"]


@dataclass
class Person:
    """Who is asked: answers everything the same way and remembers the questions."""

    says_yes: bool = True
    questions: list[str] = field(default_factory=list)

    async def answer(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.questions.append(params.message)
        return ElicitResult(action="accept", content={"confirm": self.says_yes})


class Tools:
    """Calls tools and answers what came back."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: object) -> CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def execute(self, *assets: str, command: str, **arguments: object) -> list[Json]:
        """The results of the hosts; the call itself must not fail."""
        result = await self.call("ssh-execute", assets=list(assets), command=command, **arguments)
        assert not result.is_error, text_of(result)
        assert isinstance(result.structured_content, dict)
        assert result.structured_content["status"] == "done", result.structured_content
        hosts: list[Json] = result.structured_content["hosts"]
        return hosts


class OpenTools(Protocol):
    def __call__(
        self, *, person: Person | None = None, mode: Mode = "auto", **settings: object
    ) -> AbstractAsyncContextManager[Tools]: ...


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


def kind_of(result: CallToolResult) -> str:
    """The kind of an error, for programs."""
    return str((result.meta or {})["ding-robot/error-kind"])


def structured(result: CallToolResult) -> Json:
    assert isinstance(result.structured_content, dict), text_of(result)
    return result.structured_content


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return make_key(tmp_path_factory.mktemp("client") / "key")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, client_key: KeyPair) -> Iterator[SshServer]:
    """One sshd for the tests of a module that leave it as it is."""
    with ssh_server(tmp_path_factory.mktemp("sshd"), client_key=client_key) as running:
        yield running


@dataclass
class Estate:
    """The inventory and the known hosts of one test."""

    folder: Path
    client_key: KeyPair
    hosts: list[Json] = field(default_factory=list)

    @property
    def inventory(self) -> Path:
        return self.folder / "hosts.yaml"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def add(self, name: str, server: SshServer, *, is_known: bool = True, **entry: object) -> None:
        """Write the server into the inventory, and its key where trusted ones are."""
        login = {"name": USER, "keys": [str(self.client_key.path)]}
        self.hosts.append({"id": name, "address": "127.0.0.1", "port": server.port, "accounts": [login], **entry})
        self.inventory.write_text(yaml.safe_dump({"version": 1, "hosts": self.hosts}))
        with self.known_hosts.open("a") as file:
            file.write(server.known_hosts_line if is_known else "")


@pytest.fixture
def estate(tmp_path: Path, client_key: KeyPair) -> Estate:
    return Estate(tmp_path, client_key)


@pytest.fixture
def open_tools(estate: Estate) -> OpenTools:
    """Our server with the estate's inventory, in this process, and a client connected to it."""

    @asynccontextmanager
    async def open_tools(
        *, person: Person | None = None, mode: Mode = "auto", **settings: object
    ) -> AsyncIterator[Tools]:
        given = {
            "inventory": (estate.inventory,) if estate.hosts else (),
            "known_hosts": (estate.known_hosts,),
            "data_directory": estate.folder / "data",
            **settings,
        }
        server = make_server(SshSettings.model_validate(given), environment=os.environ)
        asked = person or Person()
        async with Client(
            server,
            mode=mode,
            elicitation_callback=asked.answer,
            read_timeout_seconds=40,
        ) as client:
            yield Tools(client)

    return open_tools


def find_processes(marker: str) -> list[str]:
    """Command lines of live processes that contain the marker; the dead that nobody has fetched yet do not count."""
    listed = subprocess.run(["ps", "-eo", "stat=,args="], capture_output=True, text=True, check=True, timeout=10)
    return [line for line in listed.stdout.splitlines() if marker in line and not line.startswith("Z")]
