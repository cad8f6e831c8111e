"""Finds the addresses and names in a text that identify somebody's machines or people."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias


class MaskKind(StrEnum):
    """What a stand-in stands for."""

    IP = "ip"
    HOST = "host"
    EMAIL = "email"
    PHONE = "phone"


Found: TypeAlias = tuple[int, int, MaskKind]

_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?![\w:])")
_DOMAIN_ENDS = (
    "com|cn|net|org|io|edu|gov|mil|co|info|biz|dev|app|cloud|xyz|top|site|tech|ai|hk|tw|jp|sg|de|uk|us|eu|fr|"
    "local|internal|lan|corp|intranet|home|private|svc|consul|arpa"
)
_HOST = re.compile(
    rf"(?<![\w.@$-])(?:(?=[\w-]*[A-Za-z])[A-Za-z0-9](?:[\w-]{{0,62}})\.){{1,8}}(?:{_DOMAIN_ENDS})(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_ADDRESS_AS_NAME = re.compile(r"(?<![\w.-])ip(?:-\d{1,3}){4}(?:\.[\w-]{1,63}){0,8}(?![\w-])")
_CHINESE_PHONE = re.compile(
    r"(?<![\w.+-])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?![\w.-]|\.\d)"
    r"|(?<![\w.-])0\d{2,3}-\d{7,8}(?![\w-])|(?<![\w.-])[48]00-\d{3}-\d{4}(?![\w-])"
)
_INTERNATIONAL_PHONE = re.compile(r"(?<![\w.+])\+[1-9][\d ()-]{6,18}\d(?![\w.-]|\.\d)")

_WELL_KNOWN = (
    "kubernetes.io k8s.io docker.io docker.com quay.io gcr.io ghcr.io pkg.dev mcr.microsoft.com github.com github.io "
    "githubusercontent.com gitlab.com istio.io helm.sh prometheus.io coreos.com grafana.com cert-manager.io "
    "argoproj.io fluxcd.io tigera.io projectcalico.org cilium.io openshift.io rancher.io cattle.io kubevirt.io "
    "longhorn.io opentelemetry.io jaegertracing.io elastic.co nginx.org openebs.io x-k8s.io cncf.io golang.org"
)
_PUBLIC_DOMAINS = tuple(_WELL_KNOWN.split())


@dataclass(frozen=True, slots=True)
class MaskRules:
    """Which kinds to look for, and the operator's own names. Hashable, so that findings can be remembered."""

    kinds: frozenset[MaskKind]
    host_names: tuple[str, ...] = ()
    public_domains: tuple[str, ...] = ()


@lru_cache(maxsize=1024)  # A history is read again before every model call.
def find_names(text: str, rules: MaskRules) -> tuple[Found, ...]:
    """Every name to be replaced, in order, none overlapping."""
    found: list[Found] = []
    taken_until = -1
    for start, end, kind in sorted(_find_all(text, rules), key=lambda item: (item[0], -item[1])):
        if start >= taken_until:
            found.append((start, end, kind))
            taken_until = end
    return tuple(found)


def _find_all(text: str, rules: MaskRules) -> Iterator[Found]:
    if MaskKind.EMAIL in rules.kinds and "@" in text:
        yield from _spans(_EMAIL, text, MaskKind.EMAIL)
    if MaskKind.IP in rules.kinds:
        yield from _find_addresses(text)
    if MaskKind.HOST in rules.kinds:
        yield from _find_hosts(text, rules)
    if MaskKind.PHONE in rules.kinds:
        yield from _spans(_CHINESE_PHONE, text, MaskKind.PHONE)
        for match in _INTERNATIONAL_PHONE.finditer(text):
            if 8 <= sum(character.isdigit() for character in match[0]) <= 15:
                yield *match.span(), MaskKind.PHONE


def _find_addresses(text: str) -> Iterator[Found]:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_identifying_address(match[0]):
                yield *match.span(), MaskKind.IP


def _is_identifying_address(text: str) -> bool:
    """Loopback, unspecified, broadcast and net masks are the same everywhere and help to understand."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text.startswith("255."))


def _find_hosts(text: str, rules: MaskRules) -> Iterator[Found]:
    for match in _HOST.finditer(text):
        if not _is_public(match[0].lower(), rules):
            yield *match.span(), MaskKind.HOST
    yield from _spans(_ADDRESS_AS_NAME, text, MaskKind.HOST)
    if rules.host_names:
        yield from _spans(_compile_names(rules.host_names), text, MaskKind.HOST)


def _is_public(host: str, rules: MaskRules) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in (*_PUBLIC_DOMAINS, *rules.public_domains))


@lru_cache(maxsize=16)
def _compile_names(names: tuple[str, ...]) -> re.Pattern[str]:
    patterns = "|".join(re.escape(name).replace(r"\*", r"[\w-]{0,63}") for name in names)
    return re.compile(rf"(?<![\w.-])(?:{patterns})(?:\.[\w-]{{1,63}}){{0,8}}(?![\w-])", re.IGNORECASE)


def _spans(pattern: re.Pattern[str], text: str, kind: MaskKind) -> Iterator[Found]:
    for match in pattern.finditer(text):
        yield *match.span(), kind
