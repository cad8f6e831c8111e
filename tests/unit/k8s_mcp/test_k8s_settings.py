"""Settings come from the environment; wrong ones are named without their value."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8s_mcp.cluster.connection import find_kubeconfig
from k8s_mcp.errors import ClusterUnreachable
from k8s_mcp.settings import K8sSettings, SettingsInvalid, read_settings


def test_defaults_are_safe() -> None:
    settings = read_settings({})

    assert settings == K8sSettings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8766)
    assert not settings.allow_unconfirmed


def test_variables_are_read() -> None:
    settings = read_settings(
        {"K8S_NAMESPACE": "prod", "READ_ONLY": "true", "K8S_MCP_PORT": "9000", "K8S_MCP_ALLOWED_HOSTS": "a:*, b"}
    )

    assert settings.namespace == "prod"
    assert settings.read_only
    assert settings.port == 9000
    assert settings.allowed_hosts == ("a:*", "b")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("K8S_MCP_PORT", "http"), ("MCP_REQUEST_STATE_KEY", "too-short"), ("MCP_AUTH_TOKEN", "short"), ("READ_ONLY", "x")],
)
def test_wrong_variable_is_named_and_its_value_is_not(variable: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=variable) as caught:
        read_settings({variable: value})

    assert value not in str(caught.value).replace(variable, "").split("'")


def test_named_kubeconfig_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnreachable, match=r"KUBECONFIG_PATH names .* does not exist"):
        find_kubeconfig(K8sSettings(kubeconfig_path=tmp_path / "none.yaml"))


def test_own_kubeconfig_wins_over_the_usual_one(tmp_path: Path) -> None:
    own, usual = tmp_path / "own.yaml", tmp_path / "usual.yaml"
    own.touch()
    usual.touch()

    assert find_kubeconfig(K8sSettings(kubeconfig_path=own, kubeconfig=str(usual))) == str(own)
    assert find_kubeconfig(K8sSettings(kubeconfig=f"{usual}:{tmp_path / 'none'}")) == str(usual)
