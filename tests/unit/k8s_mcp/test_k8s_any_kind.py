"""Lists, details, usage, relations and histories of any kind, through an in-memory MCP client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import ApiTable, JsonObject, Resource, TableRow
from k8s_mcp.errors import AccessDenied, ClusterUnreachable
from k8s_mcp.listing.any_kind import make_rows
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import KNOWN_RESOURCES, InMemoryCluster, cluster_of, read_case

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CERTIFICATES = Resource("Certificate", "certificates", "/apis/cert-manager.io/v1", short_names=("cert",))
HISTORY = read_case("healthy-rolling-update")


@asynccontextmanager
async def connect(cluster: InMemoryCluster, *, now: datetime = NOW) -> AsyncIterator[Client]:
    server = make_server(K8sSettings(), open_cluster=lambda _: cluster, now=lambda: now)
    async with Client(server, read_timeout_seconds=10) as client:
        yield client


async def call(cluster: InMemoryCluster, tool: str, *, now: datetime = NOW, **arguments: object) -> CallToolResult:
    async with connect(cluster, now=now) as client:
        return await client.call_tool(tool, arguments)


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: structured content
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])


def named(name: str, **fields: object) -> JsonObject:
    return {"metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"}, **fields}


def with_certificates() -> InMemoryCluster:
    return InMemoryCluster(
        {
            "certificates": [
                named("web-tls", spec={"dnsNames": ["a.example", "b.example"]}, status={"phase": "Issued"})
            ],
            "namespaces": [{"metadata": {"name": "default"}}],
        },
        resources=(*KNOWN_RESOURCES, CERTIFICATES),
    )


async def test_custom_kind_is_listed_and_described_by_its_short_name() -> None:
    cluster = with_certificates()

    listed = content_of(await call(cluster, "k8s-get-resources", kind="cert"))
    described = await call(cluster, "k8s-describe-resource", kind="Certificate", name="web-tls")

    assert listed["kind"] == "CertificateList"
    assert listed["rows"] == [["web-tls", "Issued"]]
    assert content_of(described)["resource"] == "certificates.cert-manager.io"
    assert "dnsNames: [a.example, b.example]" in text_of(described)


async def test_unknown_kind_and_unknown_object_are_answered_with_the_nearest() -> None:
    cluster = with_certificates()

    kind = await call(cluster, "k8s-get-resources", kind="certificats")
    name = await call(cluster, "k8s-describe-resource", kind="cert", name="web-tsl")

    assert "nearest: certificates.cert-manager.io" in text_of(kind)
    assert 'No certificate "web-tsl" in namespace "default"; nearest: web-tls' in text_of(name)


async def test_kind_that_cannot_be_listed_says_what_it_can() -> None:
    reviews = Resource("TokenReview", "tokenreviews", "/apis/authentication.k8s.io/v1", verbs=frozenset({"create"}))
    cluster = InMemoryCluster(resources=(reviews,))

    result = await call(cluster, "k8s-get-resources", kind="tokenreviews")

    assert text_of(result) == "tokenreviews.authentication.k8s.io cannot be listed; the API server offers: create."


@pytest.mark.parametrize(
    ("columns", "cells", "is_abnormal"),
    [
        (("Name", "Ready", "Status"), ("web", "0/2", "Running"), True),
        (("Name", "Ready", "Status"), ("web", "2/2", "Running"), False),
        (("Name", "Ready", "Status"), ("job", "0/1", "Completed"), False),
        (("Name", "Status"), ("data", "Pending"), True),
        (("Name", "Status"), ("data", "Bound"), False),
        (("Name", "Ready", "Secret"), ("tls", "False", "tls"), True),
        (("Name", "Sync Status", "Health Status"), ("app", "Synced", "Healthy"), False),
        (("Name", "Data"), ("settings", 3), False),
    ],
)
def test_columns_tell_what_is_abnormal(columns: tuple[str, ...], cells: tuple[object, ...], is_abnormal: bool) -> None:
    table = ApiTable(columns, (TableRow("default", "x", cells),))

    (row,) = make_rows(CERTIFICATES, table)

    assert row.is_abnormal is is_abnormal


def test_column_of_a_custom_kind_cannot_show_a_password() -> None:
    table = ApiTable(("Name", "Admin Password"), (TableRow("default", "db", ("db", "hunter2")),))

    (row,) = make_rows(CERTIFICATES, table)

    assert row.cells == ("default", "db", "[redacted]")


async def describe(cluster: InMemoryCluster, *, field: str | None) -> CallToolResult:
    return await call(cluster, "k8s-describe-resource", kind="cert", name="web-tls", field=field)


async def test_one_part_of_an_object_can_be_read_in_full() -> None:
    cluster = with_certificates()
    cluster.objects["certificates"][0]["spec"]["text"] = "x" * 5000
    whole = content_of(await describe(cluster, field=None))
    part = content_of(await describe(cluster, field="spec.text"))
    entry = content_of(await describe(cluster, field="spec.dnsNames[1]"))
    wrong = await describe(cluster, field="spec.nothing")

    assert whole["is_cut"] is True
    assert "give field" in whole["note"]
    assert entry["fields"] == {"spec.dnsNames[1]": "b.example"}
    assert part["fields"]["spec.text"].startswith("x" * 2000)
    assert "it has: dnsNames, text" in text_of(wrong)


@pytest.mark.parametrize("size", [10, 500, 5_000])
async def test_details_fit_a_small_budget_whatever_the_object(size: int) -> None:
    cluster = with_certificates()
    cluster.objects["certificates"][0]["spec"] = {f"field-{n}": {"deep": ["y" * 300] * 20} for n in range(size // 10)}

    result = await call(cluster, "k8s-describe-resource", kind="cert", name="web-tls")

    assert len(text_of(result)) < 7_000


async def test_node_is_described_with_what_is_promised_on_it() -> None:
    case = read_case("pending-insufficient-cpu")
    cluster = cluster_of(case)
    pod = {"spec": {"nodeName": "k8s-ref", "containers": [{"resources": {"requests": {"cpu": "1"}}}]}}
    node = cluster.objects["nodes"][0]["metadata"]["name"]
    pod["spec"]["nodeName"] = node
    cluster.objects["pods"].append({**named("big"), **pod, "status": {"phase": "Running"}})

    content = content_of(await call(cluster, "k8s-describe-resource", kind="no", name=node))

    assert content["facts"]["cpu"].startswith("requests 1/2 (50%)")
    assert "default/big" in content["facts"]["largest pods"]


async def test_node_whose_pods_cannot_be_read_has_no_sums() -> None:
    cluster = cluster_of(read_case("pending-insufficient-cpu"))
    cluster.failures = {"pods": AccessDenied("no")}
    node = cluster.objects["nodes"][0]["metadata"]["name"]

    content = content_of(await call(cluster, "k8s-describe-resource", kind="node", name=node))

    assert content["facts"]["requests"] == "unknown: the pods could not be read"


def usage_cluster() -> InMemoryCluster:
    def pod(name: str, limit: str) -> JsonObject:
        resources = {"requests": {"memory": "64Mi"}, "limits": {"memory": limit}}
        return named(name, spec={"containers": [{"name": "app", "resources": resources}]}, status={"phase": "Running"})

    def metrics(name: str, memory: str) -> JsonObject:
        return named(name, containers=[{"name": "app", "usage": {"cpu": "10m", "memory": memory}}])

    class Metered(InMemoryCluster):
        async def list_objects(self, resource: Resource, selection: Any) -> list[JsonObject]:  # Any: a Selection
            if resource.group == "metrics.k8s.io":
                return [metrics("small", "20Mi"), metrics("full", "95Mi"), metrics("large", "200Mi")]
            return await super().list_objects(resource, selection)

    return Metered({"pods": [pod("small", "100Mi"), pod("full", "100Mi"), pod("large", "1Gi")]})


async def test_usage_puts_pods_near_their_limit_first_then_the_largest() -> None:
    content = content_of(await call(usage_cluster(), "k8s-top"))

    assert [row[0] for row in content["rows"]] == ["full", "large", "small"]
    assert content["rows"][0][-1] == "memory at 95% of its limit: OOM kill is near"


async def test_cluster_without_metrics_says_so() -> None:
    class Unmetered(InMemoryCluster):
        async def list_objects(self, resource: Resource, selection: Any) -> list[JsonObject]:  # Any: a Selection
            if resource.group == "metrics.k8s.io":
                raise ClusterUnreachable("503.")
            return []

    result = await call(Unmetered(), "k8s-top", of="nodes")

    assert result.is_error
    assert "Is metrics-server installed" in text_of(result)


def workload(
    name: str, *, image: str, revision: str, uid: str = "d1", env: list[JsonObject] | None = None
) -> JsonObject:
    template = {"metadata": {"labels": {"app": "web", "pod-template-hash": name}}, "spec": {"containers": [
        {"name": "web", "image": image, "env": env or []}
    ]}}  # fmt: skip
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": uid, "controller": True}],
            "creationTimestamp": "2026-11-21T11:00:00Z",
        },
        "spec": {"template": template},
        "status": {"replicas": 2, "readyReplicas": 1},
    }


def rolled_out() -> InMemoryCluster:
    deployment = named("web", spec={"selector": {"matchLabels": {"app": "web"}}})
    deployment["metadata"] |= {"uid": "d1", "annotations": {"deployment.kubernetes.io/revision": "3"}}
    secret = [{"name": "DB_PASSWORD", "value": "hunter2"}]
    sets = [
        workload("web-a", image="web:1", revision="1"),
        workload("web-b", image="web:2", revision="2"),
        workload("web-c", image="web:2", revision="3", env=[*secret, {"name": "MODE", "value": "fast"}]),
        workload("other", image="x", revision="9", uid="d2"),
    ]
    for each in sets:
        each["metadata"]["labels"] = {"app": "web"}
    return InMemoryCluster(
        {"deployments": [deployment], "replicasets": sets, "namespaces": [{"metadata": {"name": "default"}}]}
    )


async def test_history_tells_what_each_revision_changed_and_hides_credentials() -> None:
    result = await call(rolled_out(), "k8s-rollout-history", name="web")

    content = content_of(result)
    assert [(each["revision"], each["is_current"]) for each in content["revisions"]] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert content["revisions"][0]["changes"] == [
        "containers[web].env[DB_PASSWORD]: added [redacted]",
        "containers[web].env[MODE]: added fast",
    ]
    assert content["revisions"][1]["changes"] == ["containers[web].image: web:1 -> web:2"]
    assert "hunter2" not in str(content) + text_of(result)


async def test_two_revisions_can_be_compared() -> None:
    async with connect(rolled_out()) as client:
        content = content_of(
            await client.call_tool("k8s-rollout-history", {"name": "web", "revision": 3, "compare_to": 1})
        )
        missing = await client.call_tool("k8s-rollout-history", {"name": "web", "revision": 7})
        pods = await client.call_tool("k8s-rollout-history", {"name": "web", "kind": "pod"})

    assert "containers[web].image: web:1 -> web:2" in content["revisions"][0]["changes"]
    assert text_of(missing) == "There is no revision 7; kept are: 3, 2, 1."
    assert "Pod has no revisions" in text_of(pods)


async def test_changed_credential_is_told_without_its_value() -> None:
    cluster = rolled_out()
    cluster.objects["replicasets"].append(
        workload("web-d", image="web:2", revision="4", env=[{"name": "DB_PASSWORD", "value": "other"}])
    )
    cluster.objects["replicasets"][-1]["metadata"]["labels"] = {"app": "web"}

    content = content_of(await call(cluster, "k8s-rollout-history", name="web"))

    assert "containers[web].env[DB_PASSWORD]: changed (value hidden)" in content["revisions"][0]["changes"]


async def test_events_that_may_not_be_read_are_not_sold_as_none() -> None:
    cluster = with_certificates()
    cluster.objects["pods"] = [named("web", spec={"containers": []}, status={"phase": "Running"})]
    cluster.failures = {"events": AccessDenied("no")}

    for result in (
        await describe(cluster, field=None),
        await call(cluster, "k8s-describe-pod", name="web"),
    ):
        assert "events could not be read" in content_of(result)["note"]
        assert "events: none" not in text_of(result)
        assert "events could not be read" in text_of(result)
