"""Hosts as they were last seen, and how their figures went."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, StringConstraints

from backend.features.hosts.domain import Target
from backend.features.patrol.domain import Finding
from backend.vocabulary.severity import Severity
from backend.web.schemas import hosts as schemas
from backend.web.services import WatchDep

router = APIRouter(prefix="/api/v2/hosts", tags=["hosts"])

Metric = Annotated[str, StringConstraints(max_length=64)]
_MOST_POINTS = 2000


@router.get("", operation_id="list_hosts")
async def list_hosts(watch: WatchDep) -> schemas.HostList:
    """Every host and cluster with its newest figures. While somebody asks, hosts are looked at often."""
    watch.hosts.note_viewer()
    targets = await watch.hosts.list_targets()
    found = OpenFindings(await watch.findings.list_open())
    return schemas.HostList(
        items=[schemas.read_host(one, **found.count(one.target)) for one in targets if schemas.is_host(one)],
        clusters=[schemas.read_cluster(one, **found.count(one.target)) for one in targets if not schemas.is_host(one)],
        sample_seconds=watch.hosts.sample_seconds,
        now=watch.hosts.now,
    )


@router.get("/{host_id}", operation_id="get_host")
async def get_host(host_id: str, watch: WatchDep) -> schemas.HostDetail:
    """One host with everything that was read of it."""
    watch.hosts.note_viewer()
    found = await watch.hosts.find_host(host_id)
    open_findings = OpenFindings(await watch.findings.list_open())
    return schemas.HostDetail(
        host=schemas.read_host(found, **open_findings.count(found.target)),
        facts=found.facts,
    )


@router.get("/{host_id}/history", operation_id="get_host_history")
async def get_host_history(
    host_id: str,
    watch: WatchDep,
    metric: Annotated[list[Metric] | None, Query(max_length=20)] = None,
    since: AwareDatetime | None = None,
    points: Annotated[int, Query(ge=1, le=_MOST_POINTS)] = 300,
) -> schemas.HostHistory:
    """All series of a host, or those of the named metrics; of the last 24 hours unless `since` says otherwise."""
    metrics = None if metric is None else frozenset(metric)
    found = await watch.hosts.read_history(host_id, metrics=metrics, since=since, limit=points)
    return schemas.read_history(found)


class OpenFindings:
    """How many findings are open of each host and cluster."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._counts = Counter((finding.target.kind, finding.target.id, finding.severity) for finding in findings)

    def count(self, target: Target) -> dict[str, int]:
        return {
            "critical": self._counts[target.kind, target.id, Severity.CRITICAL],
            "warnings": self._counts[target.kind, target.id, Severity.WARNING],
        }
