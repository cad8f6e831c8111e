"""Turns table rows into the features' data."""

import json
from typing import Any, cast

from sqlalchemy import Row

from backend.agent.approvals import Approval, ApprovalState, Grant
from backend.agent.domain import Risk
from backend.features.chat.domain import Run, RunOutcome, RunState
from backend.storage.database import as_utc


def read_run(row: Row[Any]) -> Run:  # Any: column types are checked by the tables, not by the row
    return Run(
        id=row.id,
        session_id=row.session_id,
        turn_id=row.turn_id,
        state=RunState(row.state),
        outcome=None if row.outcome is None else RunOutcome(row.outcome),
        last_seq=row.last_seq,
        mode=cast("Any", row.mode),  # Any: the column holds the mode's string
        model=row.model,
        created_at=as_utc(row.created_at),
        finished_at=None if row.finished_at is None else as_utc(row.finished_at),
    )


def read_approval(row: Row[Any]) -> Approval:  # Any: see above
    return Approval(
        id=row.id,
        session_id=row.session_id,
        turn_id=row.turn_id,
        run_id=row.run_id,
        tool_call_id=row.tool_call_id,
        tool=row.tool,
        server=row.server,
        arguments=json.loads(row.arguments),
        arguments_sha256=row.arguments_sha256,
        risk=Risk(row.risk),
        question=row.question,
        resume_state=None if row.resume_state is None else json.loads(row.resume_state),
        created_at=as_utc(row.created_at),
        expires_at=as_utc(row.expires_at),
        state=ApprovalState(row.state),
        decided_at=None if row.decided_at is None else as_utc(row.decided_at),
        decided_by=row.decided_by,
        reason=row.reason,
        remember_key=row.remember_key,
        preview=None if row.preview is None else json.loads(row.preview),
    )


def read_grant(row: Row[Any]) -> Grant:  # Any: see above
    return Grant(
        session_id=row.session_id,
        server=row.server,
        tool=row.tool,
        remember_key=row.remember_key,
        granted_by=row.granted_by,
        created_at=as_utc(row.created_at),
    )
