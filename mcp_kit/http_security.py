"""Where an HTTP server may listen and which Host and Origin headers it accepts."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from mcp.server.transport_security import TransportSecuritySettings


class UnsafeBinding(ValueError):
    """The address is reachable from other machines and nothing would protect the server."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    host: str
    port: int
    has_token: bool
    allowed_hosts: Sequence[str] = ()
    """Further Host header values, for example the name of a Kubernetes Service with `:*` for any port."""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def protect(settings: HttpSettings) -> TransportSecuritySettings:
    """Host and Origin checks for every address; the SDK drops them silently for any host but loopback.

    Raises UnsafeBinding when others can reach the port and no token is set.
    """
    if not is_loopback(settings.host) and not settings.has_token:
        raise UnsafeBinding(
            f"Refusing to listen on {settings.host}: other machines could reach it. "
            "Set MCP_AUTH_TOKEN, or use 127.0.0.1."
        )
    hosts = ["127.0.0.1", "localhost", "[::1]", *settings.allowed_hosts]
    if not _is_unspecified(settings.host):
        hosts.append(f"[{settings.host}]" if ":" in settings.host else settings.host)
    with_ports = [name for host in dict.fromkeys(hosts) for name in _with_any_port(host)]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=with_ports,
        allowed_origins=[f"{scheme}://{name}" for name in with_ports for scheme in ("http", "https")],
    )


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _with_any_port(host: str) -> tuple[str, ...]:
    return (host,) if host.endswith(":*") else (host, f"{host}:*")
