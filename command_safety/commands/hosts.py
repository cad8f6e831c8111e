"""Which hosts a request may go to without asking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_PRIVATE = tuple(ip_network(each) for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_PRIVATE_V6 = tuple(ip_network(each) for each in ("::1/128", "fc00::/7"))
# https://cloud.google.com/compute/docs/metadata, docs of AWS, Azure, Alibaba and Oracle
_METADATA_ADDRESSES = frozenset({"169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"})
_METADATA_NAMES = frozenset({"metadata", "instance-data"})
_PRIVATE_SUFFIXES = (".svc", ".local", ".internal", ".localhost", ".localdomain")
_LABEL = re.compile(r"(?=.*[a-z])[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_URL = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL | re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[^@]*@)?(?P<host>\[[^\]]*\]|[^:]*)(?::\d*)?")


@dataclass(frozen=True, slots=True)
class Address:
    scheme: str
    host: str
    rest: str


def split_url(url: str) -> Address | None:
    """Scheme, host and the rest; None for text that programs may read differently."""
    if any(character in url for character in "\\\t\n ") or url.count("@") > 1:
        return None
    found = _URL.fullmatch(url)
    authority = _AUTHORITY.fullmatch(found["authority"]) if found else None
    if found is None or authority is None:
        return None
    return Address((found["scheme"] or "").lower(), authority["host"].strip("[]").lower().rstrip("."), found["rest"])


def find_host_rule(host: str) -> str:
    """The reason to ask before talking to a host; empty for one in the own network."""
    if host in _METADATA_ADDRESSES or host.partition(".")[0] in _METADATA_NAMES:
        return "C-cloud-metadata"
    address = _read_address(host)
    if address is not None:
        networks = _PRIVATE if isinstance(address, IPv4Address) else _PRIVATE_V6
        return "" if any(address in network for network in networks) else "C-public-host"
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) or (place and label.isdigit()) for place, label in enumerate(labels)):
        return "C-public-host"
    if host.startswith("0x"):
        return "C-public-host"
    if len(labels) == 1 or host.endswith(_PRIVATE_SUFFIXES):
        return ""
    return "C-public-host"


def _read_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
