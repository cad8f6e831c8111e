"""`ding-robot token …` and `ding-robot audit …`: who may come in, and what was done."""

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from audit_chain.chain import FaultKind, Head, to_wire
from backend.features.access.domain import Role
from backend.features.access.service import AccessService
from backend.features.audit.service import AuditService, Verdict
from backend.vocabulary.errors import OpsError

T = TypeVar("T")

token_commands = typer.Typer(no_args_is_help=True, help="Access tokens: who may come in from other machines.")
audit_commands = typer.Typer(no_args_is_help=True, help="The audit: every login, tool call, approval and change.")

_FAULTS = {
    FaultKind.ALTERED: "was changed after it was written",
    FaultKind.MISSING: "is missing",
    FaultKind.FORKED: "does not follow the record before it",
}


@token_commands.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="Whose it is; stands in the audit.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.VIEWER,
) -> None:
    """Make a token and print it, this once."""
    secret = _run(lambda access, _audit: access.create_token(name, role=role, actor=_actor()))
    print(f"Token {name!r} ({role.value}). It is shown only now; keep it safe:", file=sys.stderr)
    print(secret)


@token_commands.command("list")
def list_tokens() -> None:
    """List the tokens, revoked ones too."""
    tokens = _run(lambda access, _audit: access.list_tokens())
    print(f"{'NAME':<24} {'ROLE':<9} {'CREATED':<17} {'LAST USED':<17} STATE")
    for token in tokens:
        state = "in use" if token.revoked_at is None else f"revoked {_format(token.revoked_at)}"
        print(
            f"{token.name:<24} {token.role.value:<9} {_format(token.created_at):<17} "
            f"{_format(token.last_used_at):<17} {state}"
        )


@token_commands.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="The token's name.")]) -> None:
    """End a token and every login made with it, at once."""
    _run(lambda access, _audit: access.revoke_token(name, actor=_actor()))
    print(f"Token {name!r} is revoked.")


@audit_commands.command("verify")
def verify_audit(
    head: Annotated[
        str | None, typer.Option(help="NUMBER:HASH as an earlier verification printed it; shows a cut-off end.")
    ] = None,
) -> None:
    """Check the chain; exit code 1 and the number of the first bad record when it is broken."""
    expected = _read_head(head)
    verdict: Verdict = _run(lambda _access, audit: audit.verify(expected=expected))
    if verdict.fault is not None:
        print(f"The audit is broken: record {verdict.fault.seq} {_FAULTS[verdict.fault.kind]}.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"The audit is whole: {verdict.head.seq} records. Newest: {verdict.head.seq}:{verdict.head.hash}")


@audit_commands.command("export")
def export_audit(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC; everything by default.")
    ] = None,
) -> None:
    """Write the records to standard output, one JSON object per line, oldest first."""
    moment = None if since is None else since.replace(tzinfo=UTC)

    async def write(_access: AccessService, audit: AuditService) -> None:
        async for record in audit.export(since=moment):
            print(json.dumps(to_wire(record), ensure_ascii=False))

    _run(write)


def _run(work: Callable[[AccessService, AuditService], Awaitable[T]]) -> T:
    from backend.records import administer

    async def run() -> T:
        async with administer() as (access, audit):
            return await work(access, audit)

    try:
        return asyncio.run(run())
    except OpsError as error:
        hint = "" if error.hint is None else f"\n{error.hint.en}"
        sys.exit(f"{error.message.en}{hint}")


def _actor() -> str:
    """The account on this machine; whoever has a shell here administers."""
    try:
        return f"command-line:{getpass.getuser()}"
    except (KeyError, OSError):
        return "command-line"


def _read_head(text: str | None) -> Head | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise typer.BadParameter("write it as NUMBER:HASH, as `ding-robot audit verify` prints it")
    return Head(seq=int(number), hash=digest)


def _format(moment: datetime | None) -> str:
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
