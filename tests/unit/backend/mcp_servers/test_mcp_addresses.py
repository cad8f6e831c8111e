"""What operators see of where a server is."""

import pytest

from backend.integrations.mcp_servers.config import HttpTarget, StdioTarget
from backend.integrations.mcp_servers.server_pool import show_address


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (
            HttpTarget(url="https://user:secret@x.example:8443/s/secret/mcp?key=secret", headers={}),
            "https://x.example:8443",
        ),
        (StdioTarget("python", ("-m", "k8s_mcp.server", "--token", "secret"), {}), "python -m k8s_mcp.server"),
        (StdioTarget("npx", ("server-postgres", "postgres://u:secret@db/x"), {}), "npx …"),
        (StdioTarget("server", (), {"TOKEN": "secret"}), "server"),
    ],
)
def test_an_address_shows_nothing_that_may_be_a_credential(target: HttpTarget | StdioTarget, shown: str) -> None:
    assert show_address(target) == shown
