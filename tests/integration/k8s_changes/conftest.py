"""A cluster for each test, served over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.served_cluster import ServedCluster, serve_cluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ServedCluster]:
    async with serve_cluster(tmp_path) as served:
        yield served
