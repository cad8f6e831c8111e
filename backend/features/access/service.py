"""Makes, checks and ends tokens and logins."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from backend.agent.interfaces import AuditTrail
from backend.features.access.domain import (
    TOKEN_PREFIX,
    AccessToken,
    Login,
    Principal,
    Right,
    Role,
    check_token_name,
    digest_secret,
    find_needed_role,
    is_role_enough,
    is_same_digest,
    make_secret,
)
from backend.features.access.interfaces import TokenStore
from backend.features.access.settings import AccessSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import Unauthenticated, Unavailable
from backend.vocabulary.language import Text

_USE_NOTED_EVERY = timedelta(minutes=5)
"""The time of last use is for people; writing it at every request would cost one write per read."""
_log = logging.getLogger(__name__)

WRONG_TOKEN = Text(en="This access token is not valid.", zh="该访问令牌无效。")
TOKEN_HINT = Text(
    en="An administrator makes one on the server: ding-robot token create NAME --role viewer|operator|admin",
    zh="管理员可以在服务器上创建：ding-robot token create NAME --role viewer|operator|admin",
)


@dataclass(frozen=True, slots=True)
class NewLogin:
    """What a browser gets: the cookie's value, once, and until when it holds."""

    secret: str
    principal: Principal
    max_age_seconds: int


class AccessService:
    """Everything about who may come in. `is_login_required` is decided by the address that is listened on."""

    def __init__(
        self,
        *,
        tokens: TokenStore,
        audit: AuditTrail,
        clock: Clock,
        settings: AccessSettings,
        is_login_required: bool,
    ) -> None:
        self._tokens = tokens
        self._audit = audit
        self._clock = clock
        self._settings = settings
        self.is_login_required = is_login_required

    async def create_token(self, name: str, *, role: Role, actor: str) -> str:
        """Returns the token, which is never shown again. Raise InvalidInput or AlreadyExists."""
        secret = make_secret(TOKEN_PREFIX)
        token = AccessToken(
            name=check_token_name(name), role=role, sha256=digest_secret(secret), created_at=self._clock.now()
        )
        await self._tokens.add(token)
        # Without a record the secret is not handed out, and nobody has it.
        await self._audit.record("token.created", actor=actor, subject=name, details={"role": role.value})
        return secret

    async def revoke_token(self, name: str, *, actor: str) -> None:
        """End a token and its logins. Raise NotFound."""
        token = await self._tokens.revoke(name, at=self._clock.now())
        await self._audit.record("token.revoked", actor=actor, subject=name, details={"role": token.role.value})

    async def list_tokens(self) -> Sequence[AccessToken]:
        return await self._tokens.list_all()

    async def has_tokens(self) -> bool:
        return any(not token.is_revoked for token in await self._tokens.list_all())

    async def find_principal(self, secret: str) -> Principal | None:
        """Whose token this is; None when it is nobody's or revoked."""
        token = await self._find_token(secret)
        return None if token is None else token.principal

    async def find_login(self, secret: str) -> Principal | None:
        """Who is logged in with this cookie; None when it has expired or its token was revoked."""
        digest = digest_secret(secret)
        login = await self._tokens.find_login(digest)
        if login is None or not is_same_digest(login.sha256, digest) or login.expires_at <= self._clock.now():
            return None
        token = await self._tokens.find(login.token_sha256)
        return None if token is None or token.is_revoked else token.principal

    async def login(self, secret: str, *, address: str) -> NewLogin:
        """Exchange a token for a login; raise Unauthenticated."""
        token = await self._find_token(secret)
        if token is None:
            await self.note_refusal(address=address)
            raise Unauthenticated(WRONG_TOKEN, hint=TOKEN_HINT)
        now = self._clock.now()
        lifetime = timedelta(hours=self._settings.login_hours)
        cookie = make_secret()
        # Recorded first: nobody comes in unseen.
        await self._audit.record("login.succeeded", actor=token.name, subject=address, details={"role": token.role})
        await self._tokens.add_login(
            Login(sha256=digest_secret(cookie), token_sha256=token.sha256, created_at=now, expires_at=now + lifetime)
        )
        return NewLogin(secret=cookie, principal=token.principal, max_age_seconds=int(lifetime.total_seconds()))

    async def logout(self, secret: str) -> None:
        """End a login; one that does not exist is as good as ended."""
        principal = await self.find_login(secret)
        await self._tokens.remove_login(digest_secret(secret))
        if principal is not None:
            await self._audit.record("login.ended", actor=principal.name, subject=principal.name, details={})

    async def note_refusal(self, *, address: str) -> None:
        """Record a token that nobody has. The caller bounds how often."""
        try:
            await self._audit.record("login.failed", actor="unknown", subject=address, details={})
        except Unavailable:
            _log.exception("a refused token from %s is not in the audit", address)

    def may(self, principal: Principal | None, right: Right) -> bool:
        needed = find_needed_role(right, approvers=Role(self._settings.approvers))
        return needed is None or (principal is not None and is_role_enough(principal.role, needed=needed))

    def needed_role(self, right: Right) -> Role | None:
        return find_needed_role(right, approvers=Role(self._settings.approvers))

    async def _find_token(self, secret: str) -> AccessToken | None:
        digest = digest_secret(secret)
        token = await self._tokens.find(digest)
        if token is None or token.is_revoked or not is_same_digest(token.sha256, digest):
            return None
        now = self._clock.now()
        if token.last_used_at is None or now - token.last_used_at > _USE_NOTED_EVERY:
            await self._tokens.note_use(digest, at=now)
        return token
