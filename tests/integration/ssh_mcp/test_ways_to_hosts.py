"""Host keys, jump hosts, certificates and agents with real OpenSSH programs."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from ssh_mcp import host_keys
from ssh_mcp.connections.host_keys import HostKeys
from ssh_mcp.inventories.domain import Endpoint
from tests.fakes.openssh import (
    USER,
    KeyPair,
    SshServer,
    make_key,
    sign_host_key,
    sign_user_key,
    ssh_agent,
    ssh_server,
)
from tests.integration.ssh_mcp.conftest import (
    Estate,
    Mode,
    OpenTools,
    Person,
    find_processes,
    kind_of,
    structured,
    text_of,
)


@pytest.fixture
def own_server(tmp_path: Path, client_key: KeyPair) -> Iterator[SshServer]:
    """An sshd that the test may stop and change."""
    with ssh_server(tmp_path / "own", client_key=client_key) as running:
        yield running


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_new_host_is_refused_until_a_person_approves_its_key(
    mode: Mode, estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server, is_known=False)
    person = Person()
    fingerprint = server.host_key.fingerprint
    async with open_tools(person=person, mode=mode) as tools:
        refused = await tools.call("ssh-execute", assets=["web"], command="echo in")
        listed = structured(await tools.call("ssh-asset-list"))
        trusted = structured(await tools.call("ssh-trust-host", asset="web", fingerprint=fingerprint))
        (host,) = await tools.execute("web", command="echo now in")

    assert kind_of(refused) == "forbidden"
    assert fingerprint in text_of(refused)
    assert listed["pending_host_keys"] == [f"[127.0.0.1]:{server.port} ssh-ed25519 {fingerprint}"]
    assert any(f"ssh-ed25519 {fingerprint}" in question for question in person.questions)
    assert trusted["status"] == "trusted"
    assert host["stdout"] == "now in"


async def test_new_host_stays_refused_without_a_yes(estate: Estate, server: SshServer, open_tools: OpenTools) -> None:
    estate.add("web", server, is_known=False)
    person = Person()
    async with open_tools(person=person) as tools:
        await tools.call("ssh-execute", assets=["web"], command="echo in")
        person.says_yes = False
        answer = await tools.call("ssh-trust-host", asset="web", fingerprint=server.host_key.fingerprint)
        person.says_yes = True
        again = await tools.call("ssh-execute", assets=["web"], command="echo in again")

    assert structured(answer)["status"] == "declined"
    assert "is not known" in text_of(again)


async def test_only_a_key_that_the_host_showed_can_be_approved(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server, is_known=False)
    person = Person()
    async with open_tools(person=person) as tools:
        result = await tools.call("ssh-trust-host", asset="web", fingerprint=server.host_key.fingerprint)

    assert result.is_error
    assert "connect to the host first" in text_of(result)
    assert person.questions == []


async def test_changed_host_key_is_refused_loudly_and_cannot_be_approved_by_a_tool(
    estate: Estate, own_server: SshServer, tmp_path: Path, open_tools: OpenTools
) -> None:
    estate.add("web", own_server)
    async with open_tools() as tools:
        await tools.execute("web", command="echo in")
        own_server.drop_connections()
        own_server.stop()
        other = make_key(tmp_path / "other")
        own_server.start_again(host_key=other)
        refused = await tools.call("ssh-execute", assets=["web"], command="echo in again")
        approved = await tools.call("ssh-trust-host", asset="web", fingerprint=other.fingerprint)

    assert "HOST KEY CHANGED" in text_of(refused)
    assert kind_of(refused) == "forbidden"
    assert approved.is_error


async def test_operator_accepts_a_changed_key_on_the_command_line(
    estate: Estate, own_server: SshServer, tmp_path: Path, open_tools: OpenTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.add("web", own_server, is_known=False)
    host = f"[127.0.0.1]:{own_server.port}"
    monkeypatch.setenv("SSH_MCP_DATA_DIRECTORY", str(tmp_path / "data"))
    async with open_tools() as tools:
        await tools.call("ssh-execute", assets=["web"], command="echo 1")
        host_keys.main(["approve", host, own_server.host_key.fingerprint])
        await tools.execute("web", command="echo 2")
        own_server.drop_connections()
        own_server.stop()
        other = make_key(tmp_path / "other")
        own_server.start_again(host_key=other)
        changed = await tools.call("ssh-execute", assets=["web"], command="echo 3")
        host_keys.main(["forget", host])
        unknown = await tools.call("ssh-execute", assets=["web"], command="echo 4")
        host_keys.main(["approve", host, other.fingerprint])
        (answer,) = await tools.execute("web", command="echo 5")

    assert "HOST KEY CHANGED" in text_of(changed)
    assert "is not known" in text_of(unknown)
    assert answer["stdout"] == "5"


def test_command_line_names_waiting_keys(tmp_path: Path, server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_MCP_DATA_DIRECTORY", str(tmp_path))
    keys = HostKeys(tmp_path, now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    keys.judge(keys.trusted(Endpoint("db-1")), asyncssh.read_public_key(server.host_key.public_path))
    command = [sys.executable, "-m", "ssh_mcp.host_keys", "list"]

    listed = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=50, check=True)
    with pytest.raises(SystemExit, match=re.escape(server.host_key.fingerprint)):
        host_keys.main(["approve", "db-1", "SHA256:other"])

    expected = f"waiting  db-1 {server.host_key.fingerprint} ssh-ed25519 since 2026-11-21T00:00:00+00:00\n"
    assert listed.stdout == expected


@pytest.mark.parametrize("pin", ["key", "fingerprint"])
async def test_pinned_host_keys_need_no_known_hosts_file(
    pin: str, estate: Estate, server: SshServer, tmp_path: Path, open_tools: OpenTools
) -> None:
    other = make_key(tmp_path / "other")
    right = {"key": server.host_key.public_key, "fingerprint": server.host_key.fingerprint}[pin]
    wrong = {"key": other.public_key, "fingerprint": other.fingerprint}[pin]
    estate.add("right", server, is_known=False, host_keys=[right])
    estate.add("wrong", server, host_keys=[wrong])
    async with open_tools() as tools:
        right_host, wrong_host = await tools.execute("right", "wrong", command="echo in")

    assert right_host["stdout"] == "in"
    assert "HOST KEY CHANGED" in wrong_host["note"]


async def test_host_is_reached_over_a_chain_of_jump_hosts(
    estate: Estate, server: SshServer, own_server: SshServer, tmp_path: Path, client_key: KeyPair, open_tools: OpenTools
) -> None:
    with ssh_server(tmp_path / "inner", client_key=client_key) as inner:
        estate.add("outer", server)
        estate.add("middle", own_server, jump="outer")
        estate.add("inner", inner, jump="middle")
        async with open_tools() as tools:
            (host,) = await tools.execute("inner", command="echo $SSH_CONNECTION")
            listed = structured(await tools.call("ssh-asset-list", query="inner", check_reachable=True))

    assert host["stdout"].split()[3] == str(inner.port)
    assert listed["assets"][0]["jump"] == [f"127.0.0.1:{server.port}", f"127.0.0.1:{own_server.port}"]
    assert listed["assets"][0]["reachable"] == "ok"


async def test_unreachable_jump_host_is_named(
    estate: Estate, server: SshServer, own_server: SshServer, open_tools: OpenTools
) -> None:
    own_server.stop()
    estate.add("bastion", own_server)
    estate.add("behind", server, jump="bastion")
    async with open_tools() as tools:
        result = await tools.call("ssh-execute", assets=["behind"], command="id")

    assert f"Jump host 127.0.0.1:{own_server.port}" in text_of(result)


async def test_certificates_of_users_and_hosts(
    estate: Estate, tmp_path: Path, client_key: KeyPair, open_tools: OpenTools
) -> None:
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    certificate = sign_user_key(key, authority=authority)
    folder = tmp_path / "certified"
    options = [f"TrustedUserCAKeys {authority.public_path}", f"HostCertificate {folder}/host_key-cert.pub"]
    with ssh_server(folder, client_key=client_key, options=options) as certified:
        sign_host_key(certified.host_key, authority=authority, host="127.0.0.1")
        certified.stop()
        certified.start_again()
        login = {"name": USER, "keys": [str(key.path)], "certificates": [str(certificate)]}
        estate.add("web", certified, is_known=False, accounts=[login])
        estate.known_hosts.write_text(f"@cert-authority [127.0.0.1]:* {authority.public_key}\n")
        async with open_tools() as tools:
            (host,) = await tools.execute("web", command="echo certified")

    assert host["stdout"] == "certified"


async def test_agent_proves_the_account(
    estate: Estate, server: SshServer, client_key: KeyPair, open_tools: OpenTools
) -> None:
    estate.add("web", server, accounts=[{"name": USER, "agent": True}])
    with ssh_agent(client_key) as path:
        async with open_tools(agent_socket=path) as tools:
            (host,) = await tools.execute("web", command='echo proved; echo "agent: $SSH_AUTH_SOCK"')

    assert host["stdout"] == "proved\nagent: "


async def test_lost_connection_is_replaced(estate: Estate, own_server: SshServer, open_tools: OpenTools) -> None:
    estate.add("web", own_server)
    async with open_tools() as tools:
        await tools.execute("web", command="echo before")
        own_server.drop_connections()
        (host,) = await tools.execute("web", command="echo after")

    assert host["stdout"] == "after"


async def test_connection_that_breaks_in_mid_command_leaves_the_outcome_unknown(
    estate: Estate, own_server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", own_server)
    mark = f"sleep 7{secrets.randbelow(10**8)}"
    async with open_tools() as tools, asyncio.timeout(20):
        call = asyncio.create_task(tools.execute("web", command=f"{mark}; true"))
        while not find_processes(mark):
            await asyncio.sleep(0.02)
        own_server.drop_connections()
        (host,) = await call
        await tools.execute("local", command=f"pkill -f '{mark}'")

    assert host["status"] == "unknown"
    assert "whether it took effect is not known" in host["note"]
