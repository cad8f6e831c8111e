"""Access tokens and logins in the database; of every secret only its SHA-256."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.access.domain import AccessToken, Login, Role
from backend.storage.database import Database, as_utc
from backend.storage.tables import access_tokens, logins
from backend.vocabulary.errors import AlreadyExists, NotFound, Unavailable
from backend.vocabulary.language import Text


class SqlTokenStore:
    """Implements the access control's TokenStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: AccessToken) -> None:
        by_name = access_tokens.c.name == token.name
        async with self._write() as connection:
            await connection.execute(delete(access_tokens).where(by_name, access_tokens.c.revoked_at.is_not(None)))
            if (await connection.execute(select(access_tokens.c.name).where(by_name))).one_or_none() is not None:
                raise AlreadyExists(
                    Text(en=f"There is a token {token.name!r} already.", zh=f"令牌 {token.name!r} 已存在。"),
                    hint=Text(en="Choose another name, or revoke it first.", zh="请换一个名称，或先吊销它。"),
                )
            await connection.execute(
                insert(access_tokens).values(
                    name=token.name, role=token.role.value, sha256=token.sha256, created_at=token.created_at
                )
            )

    async def list_all(self) -> Sequence[AccessToken]:
        async with self._read() as connection:
            rows = await connection.execute(select(access_tokens).order_by(access_tokens.c.name))
            return [_read_token(row) for row in rows]

    async def find(self, sha256: str) -> AccessToken | None:
        async with self._read() as connection:
            statement = select(access_tokens).where(access_tokens.c.sha256 == sha256)
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _read_token(row)

    async def revoke(self, name: str, *, at: datetime) -> AccessToken:
        in_use = (access_tokens.c.name == name) & access_tokens.c.revoked_at.is_(None)
        async with self._write() as connection:
            row = (await connection.execute(select(access_tokens).where(in_use))).one_or_none()
            if row is None:
                raise NotFound(
                    Text(en=f"No token {name!r} is in use.", zh=f"没有正在使用的令牌 {name!r}。"),
                    hint=Text(en="`ding-robot token list` shows them.", zh="`ding-robot token list` 可以列出令牌。"),
                )
            await connection.execute(update(access_tokens).where(in_use).values(revoked_at=at))
            await connection.execute(delete(logins).where(logins.c.token_sha256 == row.sha256))
        return _read_token(row)

    async def note_use(self, sha256: str, *, at: datetime) -> None:
        async with self._write() as connection:
            await connection.execute(
                update(access_tokens).where(access_tokens.c.sha256 == sha256).values(last_used_at=at)
            )

    async def add_login(self, login: Login) -> None:
        async with self._write() as connection:
            await connection.execute(delete(logins).where(logins.c.expires_at <= login.created_at))
            await connection.execute(
                insert(logins).values(
                    sha256=login.sha256,
                    token_sha256=login.token_sha256,
                    created_at=login.created_at,
                    expires_at=login.expires_at,
                )
            )

    async def find_login(self, sha256: str) -> Login | None:
        async with self._read() as connection:
            row = (await connection.execute(select(logins).where(logins.c.sha256 == sha256))).one_or_none()
        if row is None:
            return None
        return Login(
            sha256=row.sha256,
            token_sha256=row.token_sha256,
            created_at=as_utc(row.created_at),
            expires_at=as_utc(row.expires_at),
        )

    async def remove_login(self, sha256: str) -> None:
        async with self._write() as connection:
            await connection.execute(delete(logins).where(logins.c.sha256 == sha256))

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.read() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.write() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    name = type(error).__name__
    return Unavailable(
        Text(
            en=f"Access cannot be checked: the database does not answer ({name}).",
            zh=f"无法检查访问权限：数据库没有应答（{name}）。",
        )
    )


def _read_token(row: Row[Any]) -> AccessToken:  # Any: see rows.py
    return AccessToken(
        name=row.name,
        role=Role(row.role),
        sha256=row.sha256,
        created_at=as_utc(row.created_at),
        last_used_at=None if row.last_used_at is None else as_utc(row.last_used_at),
        revoked_at=None if row.revoked_at is None else as_utc(row.revoked_at),
    )
