"""Hosts as they were last seen, and how their figures went."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from backend.features.hosts.domain import WatchedTarget
from backend.features.patrol.domain import Finding
from backend.vocabulary.severity import Severity
from backend.web.schemas import hosts as schemas
from backend.web.services import WatchDep

router = APIRouter(prefix="/api/v2/hosts", tags=["hosts"])

_MOST_POINTS = 2000


@router.get("", operation_id="list_hosts")
async def list_hosts(watch: WatchDep) -> schemas.HostList:
    """Every host and cluster with its newest figures. While somebody asks, hosts are looked at often."""
    watch.hosts.note_viewer()
    targets = await watch.hosts.list_targets()
    counts = _count(await watch.findings.list_open())
    return schemas.HostList(
        items=[schemas.read_host(one, **_numbers(one, counts)) for one in targets if schemas.is_host(one)],
        clusters=[schemas.read_cluster(one, **_numbers(one, counts)) for one in targets if not schemas.is_host(one)],
        sample_seconds=watch.hosts.sample_seconds,
    )


@router.get("/{host_id}", operation_id="get_host")
async def get_host(host_id: str, watch: WatchDep) -> schemas.HostDetail:
    """One host with everything that was read of it."""
    watch.hosts.note_viewer()
    found = await watch.hosts.find_host(host_id)
    counts = _count(await watch.findings.list_open())
    return schemas.HostDetail(
        host=schemas.read_host(found, **_numbers(found, counts)),
        facts=None if found.facts is None else found.facts.model_dump(mode="json"),
    )


@router.get("/{host_id}/history", operation_id="get_host_history")
async def get_host_history(
    host_id: str,
    watch: WatchDep,
    metric: Annotated[str | None, Query(max_length=64)] = None,
    since: AwareDatetime | None = None,
    points: Annotated[int, Query(ge=1, le=_MOST_POINTS)] = 300,
) -> schemas.HostHistory:
    """All series of a host, or those of one metric; of the last 24 hours unless `since` says otherwise."""
    found = await watch.hosts.read_history(host_id, metric=metric, since=since, limit=points)
    return schemas.read_history(found)


def _count(findings: Sequence[Finding]) -> Counter[tuple[str, str, Severity]]:
    return Counter((finding.target.kind.value, finding.target.id, finding.severity) for finding in findings)


def _numbers(watched: WatchedTarget, counts: Counter[tuple[str, str, Severity]]) -> dict[str, int]:
    kind, id_ = watched.target.kind.value, watched.target.id
    return {
        "critical": counts[kind, id_, Severity.CRITICAL],
        "warnings": counts[kind, id_, Severity.WARNING],
    }
