"""ssh-trust-host: a person vouches for the key of a new host."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from mcp_kit.confirmation import Decision, Question, confirm
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result
from ssh_mcp.connections.host_keys import NoSuchKey, PendingKey
from ssh_mcp.inventories.domain import Asset
from ssh_mcp.results import TrustResult
from ssh_mcp.state import SshState
from ssh_mcp.tools.arguments import AssetName
from ssh_mcp.tools.asking import NEEDS_APPROVAL

TOOL = "ssh-trust-host"


async def trust_host(
    ctx: Context[SshState],
    asset: AssetName,
    fingerprint: Annotated[
        str, Field(pattern=r"^SHA256:[A-Za-z0-9+/=]{20,60}$", description="As the error of the connection said.")
    ],
) -> Annotated[CallToolResult, TrustResult] | InputRequiredResult:
    """Approve the SSH host key of a new host after a connection was refused because the key is not known. A person
    compares the fingerprint with the host's own and confirms; a key that changed cannot be approved here."""
    state = ctx.request_context.lifespan_context
    (target,) = await state.assets.find([asset])
    try:
        pending = state.host_keys.find_pending(state.hosts.key_names(target), fingerprint=fingerprint)
    except NoSuchKey as error:
        raise KindedToolError(str(error), kind=ErrorKind.NOT_FOUND) from error
    decision = await confirm(
        ctx,
        binding=f"{pending.host} {pending.fingerprint}",
        question=lambda: _write_question(target, pending),
        allow_unconfirmed=False,
    )
    match decision:
        case InputRequiredResult():
            return decision
        case Decision.APPROVED:
            _approve(state, pending)
            return _result("trusted", target, pending, f"The key of {pending.host} is trusted from now on.")
        case Decision.DECLINED:
            return _result("declined", target, pending, "Declined; the key is not trusted and nothing ran.")
        case Decision.NEEDS_APPROVAL:
            by_hand = f"`python -m ssh_mcp.host_keys approve {pending.host} {pending.fingerprint}`"
            message = f"{NEEDS_APPROVAL.split(' The operator')[0]} An operator can run {by_hand} on the server."
            return _result("needs_approval", target, pending, message)


def _approve(state: SshState, pending: PendingKey) -> None:
    state.host_keys.approve(pending)
    record = {"event": "host_key_approved", "tool": TOOL, "host": pending.host, "fingerprint": pending.fingerprint}
    state.audit.write(record, is_durable=True)


async def _write_question(asset: Asset, pending: PendingKey) -> Question:
    lines = [
        f"Trust the host key of {asset.id} ({pending.host})? {pending.algorithm} {pending.fingerprint}",
        "Compare it with what the host itself says: `ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` on its console.",
        "请先在该主机的控制台核对指纹，确认一致后再批准。",
        f"First seen {pending.first_seen}.",
    ]
    preview = {
        "kind": "host-key",
        "object": asset.id,
        "host": pending.host,
        "algorithm": pending.algorithm,
        "fingerprint": pending.fingerprint,
        "first_seen": pending.first_seen,
    }
    return Question(text="\n".join(lines), preview=preview)


def _result(status: str, asset: Asset, pending: PendingKey, message: str) -> CallToolResult:
    result = TrustResult.model_validate(
        {
            "status": status,
            "asset": asset.id,
            "host": pending.host,
            "fingerprint": pending.fingerprint,
            "message": message,
        }
    )
    return structured_result(result, text=message)
