"""One record per tool call: who, what, outcome, duration. Argument values stay out, their digest identifies them."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import anyio
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp_types import CallToolResult, InputRequiredResult

from audit_chain.chain import make_entry
from mcp_kit.audit_file import AuditFile
from mcp_kit.redaction import redact

LOCAL_CALLER = "local"
"""Who calls a server that asks for no token."""

# These are fields of a record in the file.
_NAMED_APART = frozenset({"event", "tool", "time", "principal"})


class AuditLog:
    """Writes records to standard error and, when a file is named, appends them there as a hash chain."""

    def __init__(
        self,
        *,
        server: str,
        file: Path | None = None,
        stream: TextIO | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._server = server
        self._file = AuditFile(file) if file is not None else None
        self._stream = stream
        self._now = now

    def write(self, record: Mapping[str, Any], *, is_durable: bool = False) -> int | None:  # Any: JSON
        """Record what happened: `event` and `tool` say what, the rest are details.

        Returns the number of the record in the file. Durable is what may have changed something: it must not be lost
        with the power.
        """
        moment = self._now()
        shown = {"server": self._server, "time": moment.isoformat(timespec="milliseconds"), **record}
        # Looked up here, since the launcher may redirect standard error after this object was made.
        print(_write_line(shown), file=self._stream or sys.stderr, flush=True)
        if self._file is None:
            return None
        entry = make_entry(
            at=moment,
            actor=current_caller(),
            action=str(record.get("event", "")),
            subject=str(record.get("tool", "")),
            details={key: value for key, value in record.items() if key not in _NAMED_APART},
            redact=redact,
        )
        return self._file.append(entry, is_durable=is_durable).seq


def _write_line(record: Mapping[str, Any]) -> str:  # Any: JSON
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


class AuditMiddleware:
    """Records every tool call, the refused and the cancelled ones included."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def __call__(
        self,
        ctx: ServerRequestContext[Any, Any],  # Any: works for every lifespan state
        call_next: CallNext,
    ) -> HandlerResult:
        if ctx.method != "tools/call":
            return await call_next(ctx)
        started = time.monotonic()
        outcome = "failed"
        try:
            result = await call_next(ctx)
            outcome = _outcome_of(result)
            return result
        except anyio.get_cancelled_exc_class():
            outcome = "cancelled"
            raise
        finally:
            self._record(ctx, outcome=outcome, seconds=time.monotonic() - started)

    def _record(self, ctx: ServerRequestContext[Any, Any], *, outcome: str, seconds: float) -> None:  # Any: as above
        params = ctx.params or {}
        arguments = params.get("arguments") or {}
        self._log.write(
            {
                "event": "tool_call",
                "tool": str(params.get("name"))[:80],
                "arguments": sorted(str(name)[:60] for name in arguments) if isinstance(arguments, dict) else [],
                "arguments_sha256": _digest(arguments),
                "principal": current_caller(),
                "protocol": ctx.protocol_version,
                "outcome": outcome,
                "milliseconds": round(seconds * 1000, 1),
            }
        )


def current_caller() -> str:
    """Who makes the request that is being answered."""
    token = get_access_token()
    return token.client_id if token else LOCAL_CALLER


def _outcome_of(result: HandlerResult) -> str:
    if isinstance(result, InputRequiredResult):
        return "asked"
    if isinstance(result, CallToolResult):
        return "error" if result.is_error else _status_of(result.structured_content)
    if isinstance(result, dict):
        if result.get("resultType") == "input_required":
            return "asked"
        return "error" if result.get("isError") else _status_of(result.get("structuredContent"))
    return "ok"


def _status_of(structured: object) -> str:
    """A change that was not carried out must not read as success in the audit trail."""
    status = structured.get("status") if isinstance(structured, dict) else None
    return status if status in {"declined", "needs_approval", "blocked"} else "ok"


def _digest(arguments: object) -> str:
    text = json.dumps(arguments, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
