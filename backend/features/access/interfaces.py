"""What access control needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backend.features.access.domain import AccessToken, Login


class TokenStore(Protocol):
    """Access tokens and the logins made with them."""

    async def add(self, token: AccessToken) -> None:
        """Raise AlreadyExists while a token of that name is in use; a revoked one is replaced."""
        ...

    async def list_all(self) -> Sequence[AccessToken]: ...

    async def find(self, sha256: str) -> AccessToken | None:
        """The token with this digest, revoked or not."""
        ...

    async def revoke(self, name: str, *, at: datetime) -> AccessToken:
        """End a token and every login made with it; raise NotFound when none of that name is in use."""
        ...

    async def note_use(self, sha256: str, *, at: datetime) -> None: ...

    async def add_login(self, login: Login) -> None:
        """Write a login and forget those that have expired."""
        ...

    async def find_login(self, sha256: str) -> Login | None: ...

    async def remove_login(self, sha256: str) -> None: ...
