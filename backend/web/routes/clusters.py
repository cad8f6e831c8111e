"""Clusters as they stand now."""

from fastapi import APIRouter

from backend.web.routes.hosts import OpenFindings
from backend.web.schemas import clusters as schemas
from backend.web.services import WatchDep

router = APIRouter(prefix="/api/v2/clusters", tags=["clusters"])


@router.get("", operation_id="list_clusters")
async def list_clusters(watch: WatchDep) -> schemas.ClusterOverviewList:
    """Every watched cluster with its nodes and pods by state, at most ten seconds old where it answers in time."""
    seen = await watch.clusters.list_overviews()
    watched = await watch.hosts.find_targets([cluster for cluster, _overview in seen])
    open_findings = OpenFindings(await watch.findings.list_open())
    return schemas.ClusterOverviewList(
        items=[
            schemas.read_overview(cluster, overview, watched=watched.get(cluster), **open_findings.count(cluster))
            for cluster, overview in seen
        ],
        now=watch.clusters.now,
    )
