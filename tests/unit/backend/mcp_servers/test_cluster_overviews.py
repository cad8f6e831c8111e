"""How clusters stand, from what the Kubernetes tools answer."""

from datetime import timedelta

from backend.agent.domain import Json
from backend.features.clusters.domain import ClusterOverview, Node, Tally
from backend.features.hosts.domain import Target, TargetKind
from backend.integrations.mcp_servers.cluster_findings import McpClusterFindings
from backend.integrations.mcp_servers.cluster_overviews import McpClusterOverviews
from backend.integrations.mcp_servers.results import failed
from backend.vocabulary.errors import ErrorKind
from tests.fakes.clock import SettableClock
from tests.fakes.fixture_tools import FixtureTools, ok

PROD = Target(TargetKind.CLUSTER, "prod", "prod")
PODS: Json = {
    "columns": ["name", "status"],
    "rows": [["web-1", "Pending"]],
    "total": 37,
    "counts": {"Running": 36, "Pending": 1},
    "abnormal": 1,
    "age_seconds": 4,
}
NODES: Json = {
    "columns": ["name", "status", "problem"],
    "rows": [["node-2", "NotReady", "node-not-ready"], ["node-1", "Ready", ""]],
    "total": 2,
    "counts": {"Ready": 1, "NotReady": 1},
    "abnormal": 1,
}
USAGE: Json = {"columns": ["name", "cpu", "cpu_used", "memory_used"], "rows": [["node-1", "270m/4", "6%", "n/a"]]}


async def read(tools: FixtureTools) -> ClusterOverview:
    source = McpClusterOverviews(tools, clusters=McpClusterFindings(tools), clock=SettableClock())
    return await source.read(PROD)


async def test_nodes_and_pods_are_counted_by_state() -> None:
    tools = FixtureTools(k8s_get_pods=ok(PODS), k8s_get_nodes=ok(NODES), k8s_top=ok(USAGE))

    overview = await read(tools)

    assert overview.pods == Tally(total=37, by_state={"Running": 36, "Pending": 1}, abnormal=1)
    assert overview.nodes == Tally(total=2, by_state={"Ready": 1, "NotReady": 1}, abnormal=1)
    assert overview.shown_nodes == (
        Node("node-2", "NotReady", "node-not-ready"),
        Node("node-1", "Ready", "", cpu_ratio=0.06, memory_ratio=None),
    )
    assert overview.read_at == SettableClock().now() - timedelta(seconds=4)
    assert overview.unknown == {}
    assert ("k8s-get-pods", {"all_namespaces": True, "limit": 1, "cluster": "prod"}) in tools.calls


async def test_part_that_cannot_be_read_is_unknown_and_not_zero() -> None:
    tools = FixtureTools(
        k8s_get_pods=lambda _a: failed(ErrorKind.PERMISSION_DENIED, "pods is forbidden"),
        k8s_get_nodes=ok({"surprise": 1}),
    )

    overview = await read(tools)

    assert (overview.pods, overview.nodes, overview.shown_nodes) == (None, None, ())
    assert overview.unknown == {
        "pods": "pods is forbidden",
        "nodes": "k8s-get-nodes answered in an unknown form",
        "usage": "no connected tool server offers k8s-top",
    }


async def test_list_without_a_known_end_has_no_number() -> None:
    endless = {**PODS, "total": None}

    overview = await read(FixtureTools(k8s_get_pods=ok(endless), k8s_get_nodes=ok(NODES), k8s_top=ok(USAGE)))

    assert overview.pods is None
