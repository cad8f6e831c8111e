"""What overviews of clusters need from outside."""

from typing import Protocol

from backend.features.clusters.domain import ClusterOverview
from backend.features.hosts.domain import Listing, Target


class ClusterOverviewSource(Protocol):
    """Counts what is in clusters, over whatever reaches them."""

    async def list_clusters(self) -> Listing:
        """Every cluster that can be looked at; raise Unavailable when the list cannot be had."""
        ...

    async def read(self, cluster: Target) -> ClusterOverview:
        """Look at one cluster. What cannot be read is told in the overview; nothing is raised."""
        ...
