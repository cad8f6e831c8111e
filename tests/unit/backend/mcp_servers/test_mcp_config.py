"""Reading mcp_config.json: a wrong entry is named, the others are used."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.integrations.mcp_servers.config import (
    HttpTarget,
    ServerConfig,
    StdioTarget,
    parse_configuration,
    read_configuration,
)

DEFAULT = Path(__file__).parents[4] / "backend" / "config" / "mcp_config.json"


def parse(entry: Any, **environment: str) -> ServerConfig | str:  # Any: entries are wrong on purpose
    """The one server of a file, or its error."""
    text = json.dumps({"mcpServers": {"one": entry}})
    found = parse_configuration(text, source="mcp_config.json", environment=environment)
    assert found.error is None
    return found.servers[0] if found.servers else found.invalid[0].error


def test_the_default_file_starts_our_servers_over_stdio() -> None:
    environment = {"KUBECONFIG_PATH": "/etc/kube.yaml", "DATA_DIRECTORY": "/var/lib/robot", "SSH_CONFIG": "/etc/hosts"}

    found = read_configuration(DEFAULT, environment=environment)

    k8s, ssh = found.servers
    assert (found.error, found.invalid) == (None, ())
    assert isinstance(k8s.target, StdioTarget)
    assert k8s.target.args == ("-m", "k8s_mcp.server", "--transport", "stdio")
    assert k8s.target.environment == {"KUBECONFIG_PATH": "/etc/kube.yaml"}
    assert isinstance(ssh.target, StdioTarget)
    assert ssh.target.args == ("-m", "ssh_mcp.server", "--transport", "stdio")
    assert ssh.target.environment == {"SSH_MCP_DATA_DIRECTORY": "/var/lib/robot/ssh", "SSH_CONFIG": "/etc/hosts"}
    assert k8s.is_trusted
    assert ssh.is_trusted


def test_an_http_entry_takes_its_token_from_the_environment() -> None:
    server = parse({"url": "https://x.example/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}, TOKEN="t0ken")

    assert isinstance(server, ServerConfig)
    assert server.target == HttpTarget(url="https://x.example/mcp", headers={"Authorization": "Bearer t0ken"})
    assert "t0ken" not in repr(server)


def test_defaults_are_cautious() -> None:
    server = parse({"command": "x"})

    assert isinstance(server, ServerConfig)
    assert (server.is_enabled, server.is_trusted, server.read_tools) == (True, False, frozenset())


def test_replicas_share_the_headers_they_do_not_bring() -> None:
    own = {"url": "https://b.example/mcp", "headers": {"X-Cell": "b"}}
    server = parse({"replicas": [{"url": "https://a.example/mcp"}, own], "headers": {"X-Cell": "a"}})

    assert isinstance(server, ServerConfig)
    assert server.targets == (
        HttpTarget(url="https://a.example/mcp", headers={"X-Cell": "a"}),
        HttpTarget(url="https://b.example/mcp", headers={"X-Cell": "b"}),
    )


@pytest.mark.parametrize(
    ("change", "is_alike"),
    [
        ({"denyTools": ["a"], "trusted": True, "riskOverrides": {"b": "change"}}, True),
        ({"args": ["y"]}, False),
        ({"env": {"A": "b"}}, False),
        ({"protocol": "legacy"}, False),
    ],
)
def test_only_what_concerns_the_connection_asks_for_a_new_one(change: dict[str, object], is_alike: bool) -> None:
    before, after = parse({"command": "x"}), parse({"command": "x"} | change)

    assert isinstance(before, ServerConfig)
    assert isinstance(after, ServerConfig)
    assert before.connects_like(after) is is_alike


def test_allow_and_deny_lists_decide_what_is_exposed() -> None:
    server = parse({"command": "x", "allowTools": ["a", "b"], "denyTools": ["b"]})

    assert isinstance(server, ServerConfig)
    assert [server.exposes(name) for name in "abc"] == [True, False, False]


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ({}, "either command (stdio) or url (HTTP)"),
        ({"command": "x", "url": "http://y"}, "either command"),
        ({"command": "x", "denyTool": ["y"]}, "denyTool"),
        ({"command": "x", "trusted": "yes"}, "trusted"),
        ({"command": 5}, "command"),
        ({"command": "x", "args": "y"}, "args"),
        ({"command": "x", "timeoutSeconds": 0}, "timeoutSeconds"),
        ({"command": "x", "headers": {"a": "b"}}, "headers belong to url"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://x", "env": {"a": "b"}}, "belong to command"),
        ({"command": "x", "protocol": "new"}, "protocol"),
        ({"command": "x", "env": {"A": "${NOT_SET}"}}, "env.A: environment variable NOT_SET is not set"),
        ({"command": "x", "riskOverrides": {"a": "read"}}, "riskOverrides.a: an override can only raise a risk"),
        ({"command": "x", "riskOverrides": {"a": "low"}}, "riskOverrides.a"),
        ({"url": "http://x", "replicas": [{"url": "http://y"}]}, "either command"),
        ({"replicas": []}, "at least one url"),
        ({"replicas": [{"url": "http://x"}, {"url": "http://x"}]}, "only once"),
        ({"replicas": [{"url": "http://x", "weight": 2}]}, "weight"),
        ("x", "valid"),
        (None, "valid"),
    ],
)
def test_a_wrong_entry_is_named_with_its_field(entry: object, part: str) -> None:
    error = parse(entry)

    assert isinstance(error, str)
    assert error.startswith("server 'one'")
    assert part in error


def test_a_wrong_entry_leaves_the_others_usable() -> None:
    text = json.dumps({"mcpServers": {"good": {"command": "x"}, "bad": {}, "not a name!": {"command": "x"}}})

    found = parse_configuration(text, source="mcp_config.json", environment={})

    assert [server.name for server in found.servers] == ["good"]
    assert [server.name for server in found.invalid] == ["bad", "not a name!"]


def test_an_error_never_repeats_the_value() -> None:
    error = parse({"command": "x", "env": {"TOKEN": ["s3cret"]}})

    assert isinstance(error, str)
    assert "s3cret" not in error


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"mcpServers": {\n  "k8s": {"command": "x",}\n}}', "mcp_config.json line 2 column"),
        ("", "line 1 column 1"),
        ("[]", "mcpServers"),
        ('{"mcpServers": []}', "mcpServers"),
        ('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', "'a' stands there twice"),
    ],
)
def test_a_broken_file_says_where_and_has_no_servers(text: str, part: str) -> None:
    found = parse_configuration(text, source="mcp_config.json", environment={})

    assert part in (found.error or "")
    assert found.servers == ()


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    found = read_configuration(tmp_path / "mcp_config.json", environment={})

    assert "mcp_config.json cannot be read" in (found.error or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}-${B:-b}", "1-b"),
        ("${EMPTY:-fallback}", "fallback"),
        ("${EMPTY}", ""),
        ("$A ${ A } $$", "$A ${ A } $$"),
        ("${B:-}", ""),
    ],
)
def test_references_expand_like_in_a_shell(text: str, expected: str) -> None:
    server = parse({"command": "x", "args": [text]}, A="1", EMPTY="")

    assert isinstance(server, ServerConfig)
    assert isinstance(server.target, StdioTarget)
    assert server.target.args == (expected,)
