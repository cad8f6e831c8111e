"""The audit, newest first."""

import json
from typing import Annotated

from fastapi import APIRouter, Query

from audit_chain.chain import Record, to_wire
from backend.web.schemas.access import AuditPage, AuditRecord
from backend.web.services import ServicesDep

router = APIRouter(prefix="/api/v2/audit", tags=["audit"])


@router.get("", operation_id="list_audit")
async def list_audit(
    services: ServicesDep,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    action: Annotated[str | None, Query(max_length=64)] = None,
) -> AuditPage:
    """Records, newest first; an `action` that ends in a dot names a family, such as `approval.`."""
    records = await services.audit.read_newest(before=before, limit=limit + 1, action=action)
    page = records[:limit]
    return AuditPage(
        items=[_read_record(record) for record in page],
        next_before=page[-1].seq if len(records) > limit else None,
    )


def _read_record(record: Record) -> AuditRecord:
    return AuditRecord.model_validate({**to_wire(record), "details": json.loads(record.entry.details)})
