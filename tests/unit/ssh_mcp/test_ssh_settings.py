"""Settings from the environment, and approvals that are good once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssh_mcp.inventories.domain import Tier
from ssh_mcp.records.approvals import KEEP_SECONDS, ApprovalLedger, ApprovalUsed
from ssh_mcp.settings import SettingsInvalid, read_settings


def test_lists_paths_and_switches_are_read() -> None:
    settings = read_settings(
        {
            "SSH_INVENTORY": "/etc/a.yaml, ~/b.yaml",
            "SSH_LOCAL": "false",
            "SSH_READ_ONLY_TIERS": "prod,staging",
            "SSH_KNOWN_HOSTS": "",
            "JUMPSERVER_URL": "https://jump.example.com/",
            "JUMPSERVER_KEY_ID": "id",
            "JUMPSERVER_KEY_SECRET": "hunter2",
        }
    )

    assert settings.inventory == (Path("/etc/a.yaml"), Path("~/b.yaml").expanduser())
    assert not settings.local
    assert settings.read_only_tiers == (Tier.PROD, Tier.STAGING)
    assert str(settings.jumpserver_endpoint) == "jump.example.com:2222"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SSH_MCP_PORT", "70000", "SSH_MCP_PORT"),
        ("SSH_READ_ONLY_TIERS", "production", "SSH_READ_ONLY_TIERS"),
        ("MCP_AUTH_TOKEN", "short-secret", "MCP_AUTH_TOKEN"),
        ("JUMPSERVER_URL", "https://jump.example.com", "needs JUMPSERVER_KEY_ID and JUMPSERVER_KEY_SECRET"),
    ],
)
def test_wrong_values_are_told_by_variable_and_not_shown(variable: str, value: str, told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told) as caught:
        read_settings({variable: value})

    assert value not in str(caught.value)


def test_an_approval_counts_once_over_restarts_and_is_forgotten_in_the_end(tmp_path: Path) -> None:
    now = 1000.0
    path = tmp_path / "used.json"
    first = ApprovalLedger(path, now=lambda: now)
    first.claim("digest", number=0)

    second = ApprovalLedger(path, now=lambda: now)
    with pytest.raises(ApprovalUsed):
        second.claim("digest", number=0)
    counted = (second.count("digest"), second.count("other"))
    second.claim("digest", number=1)
    later = ApprovalLedger(path, now=lambda: now + KEEP_SECONDS + 1)

    assert counted == (1, 0)
    assert later.count("digest") == 0
