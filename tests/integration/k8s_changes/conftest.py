"""A cluster for each test, served over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.served_cluster import ServedCluster, serve_living_cluster, serve_still_cluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ServedCluster]:
    """The simulated estate; watches let its time pass."""
    async with serve_living_cluster(tmp_path) as served:
        yield served


@pytest.fixture
async def still(tmp_path: Path) -> AsyncIterator[ServedCluster]:
    """A cluster without controllers, which holds what a test puts there."""
    async with serve_still_cluster(tmp_path) as served:
        yield served
