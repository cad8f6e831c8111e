"""Roles, rights, tokens and principals; plain rules over plain data."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address

from backend.vocabulary.errors import InvalidInput
from backend.vocabulary.language import Text

TOKEN_PREFIX = "ding_"  # noqa: S105  # what a token begins with, so that scanners recognise one that leaked
_SECRET_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
RESERVED_NAMES = frozenset({"local", "unknown", "system", "anonymous", "command-line"})


class Role(StrEnum):
    """What a token may do; each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Right(StrEnum):
    """What a route asks for."""

    ANYONE = "anyone"
    """Open without login: health for probes, the page's files, logging in."""
    READ = "read"
    ASK = "ask"
    """Start runs and sessions, cancel, rename, delete."""
    APPROVE = "approve"
    ADMINISTER = "administer"


_RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request."""

    name: str
    role: Role


LOCAL = Principal(name="local", role=Role.ADMIN)
"""Whoever sits at the machine that the server listens on, when no login is required."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A named token; only its digest is kept."""

    name: str
    role: Role
    sha256: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def principal(self) -> Principal:
        return Principal(name=self.name, role=self.role)


@dataclass(frozen=True, slots=True)
class Login:
    """A browser that has presented a token."""

    sha256: str
    token_sha256: str
    created_at: datetime
    expires_at: datetime


def find_needed_role(right: Right, *, approvers: Role) -> Role | None:
    """The lowest role that has a right; None when nobody needs to log in for it."""
    return {
        Right.ANYONE: None,
        Right.READ: Role.VIEWER,
        Right.ASK: Role.OPERATOR,
        Right.APPROVE: approvers,
        Right.ADMINISTER: Role.ADMIN,
    }[right]


def is_role_enough(role: Role, *, needed: Role) -> bool:
    return _RANK[role] >= _RANK[needed]


def make_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(_SECRET_BYTES)


def digest_secret(secret: str) -> str:
    """SHA-256 as hex. The secrets are 256 random bits: there is nothing that a slow hash would protect."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def is_same_digest(left: str, right: str) -> bool:
    """Compare without telling by the time it takes how much of it is right."""
    return hmac.compare_digest(left, right)


def check_token_name(name: str) -> str:
    """Raise InvalidInput unless the name can stand in an audit record for one person or program."""
    if not _NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise InvalidInput(
            Text(
                en=f"{name!r} cannot name a token.",
                zh=f"{name!r} 不能作为令牌名称。",
            ),
            hint=Text(
                en="Use 1 to 63 of a-z, 0-9, . _ @ -, beginning with a letter or digit, and none of: "
                + ", ".join(sorted(RESERVED_NAMES)),
                zh="请使用 1 至 63 个字符：a-z、0-9、. _ @ -，以字母或数字开头，且不能是："
                + "、".join(sorted(RESERVED_NAMES)),
            ),
        )
    return name


def is_loopback(host: str) -> bool:
    """Whether an address reaches only this machine; a name counts only as `localhost`."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
