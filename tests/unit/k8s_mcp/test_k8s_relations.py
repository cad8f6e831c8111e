"""The relations around an object, over the tool and over the graph alone."""

from __future__ import annotations

from typing import Any

from mcp import Client

from k8s_mcp.cluster.interfaces import JsonObject
from k8s_mcp.errors import AccessDenied
from k8s_mcp.relations.edges import find_edges
from k8s_mcp.relations.graph import Edge, Graph, around, join_alike
from k8s_mcp.selecting.labels import matches_selector
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import InMemoryCluster


def named(
    name: str, *, owner: tuple[str, str] | None = None, labels: dict[str, str] | None = None, **fields: object
) -> JsonObject:
    metadata: JsonObject = {"name": name, "namespace": "shop", "labels": labels or {}}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return {"metadata": metadata, **fields}


TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "containers": [
            {
                "name": "web",
                "envFrom": [{"configMapRef": {"name": "settings"}}],
                "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}],
            }
        ],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    },
}


def shop() -> InMemoryCluster:
    pod = named("web-1-a", owner=("ReplicaSet", "web-1"), labels={"app": "web"}, spec={"nodeName": "node-1"})
    endpoint = {"targetRef": {"kind": "Pod", "name": "web-1-a"}, "conditions": {"ready": False}}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    scaled = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 5}
    return InMemoryCluster(
        {
            "ingresses": [
                named(
                    "web",
                    spec={"rules": [{"host": "shop.example", "http": {"paths": [{"path": "/", "backend": backend}]}}]},
                )
            ],
            "services": [named("web", spec={"selector": {"app": "web"}}), named("other", spec={})],
            "endpointslices": [named("web-x", labels={"kubernetes.io/service-name": "web"}, endpoints=[endpoint])],
            "pods": [pod],
            "replicasets": [named("web-1", owner=("Deployment", "web"), spec={"replicas": 1, "template": TEMPLATE})],
            "deployments": [named("web", spec={"replicas": 1, "template": TEMPLATE})],
            "horizontalpodautoscalers": [named("web", spec=scaled, status={"desiredReplicas": 3})],
            "poddisruptionbudgets": [named("web", spec={"selector": {"matchLabels": {"app": "web"}}})],
            "persistentvolumeclaims": [named("data", spec={"volumeName": "pv-1"}, status={"phase": "Bound"})],
            "configmaps": [named("unrelated")],
            "secrets": [named("db")],
            "namespaces": [{"metadata": {"name": "shop"}}],
        },
        namespace="shop",
    )


async def ask(cluster: InMemoryCluster, kind: str, name: str) -> tuple[dict[str, Any], str]:  # Any: structured content
    async with Client(make_server(K8sSettings(), open_cluster=lambda _: cluster), read_timeout_seconds=10) as client:
        result = await client.call_tool("k8s-get-relations", {"kind": kind, "name": name})
    text = str(result.content[0].model_dump()["text"])
    assert not result.is_error, text
    assert isinstance(result.structured_content, dict)
    return result.structured_content, text


WHOLE = {
    "Ingress/web routes shop.example/ to Service/web",
    "Service/web has endpoints in EndpointSlice/web-x",
    "EndpointSlice/web-x holds back (not ready) Pod/web-1-a",
    "ReplicaSet/web-1 owns Pod/web-1-a",
    "Deployment/web owns ReplicaSet/web-1",
    "HorizontalPodAutoscaler/web scales Deployment/web",
    "PodDisruptionBudget/web protects Deployment/web",
    "Deployment/web uses as variables ConfigMap/settings",
    "Deployment/web uses as variables Secret/db",
    "Deployment/web mounts PersistentVolumeClaim/data",
    "PersistentVolumeClaim/data is bound to PersistentVolume/pv-1",
    "Pod/web-1-a runs on Node/node-1",
}


async def test_the_same_relations_are_found_from_any_object() -> None:
    for kind, name in (("svc", "web"), ("deploy", "web"), ("pod", "web-1-a"), ("cm", "settings")):
        cluster = shop()
        cluster.objects["configmaps"].append(named("settings"))

        content, _ = await ask(cluster, kind, name)

        assert {" ".join(row) for row in content["rows"]} == WHOLE, kind


async def test_what_is_referred_to_and_missing_is_named() -> None:
    content, text = await ask(shop(), "Deployment", "web")

    assert content["missing"] == ["ConfigMap/settings"]
    assert "MISSING: ConfigMap/settings does not exist" in text
    assert content["states"]["HorizontalPodAutoscaler/web"] == "3 wanted of 2-5"


async def test_what_may_not_be_read_is_not_called_missing() -> None:
    cluster = shop()
    cluster.failures = {"configmaps": AccessDenied("no"), "secrets": AccessDenied("no")}

    content, _ = await ask(cluster, "Deployment", "web")

    assert content["missing"] == []
    assert "configmaps could not be read (AccessDenied)" in content["note"]


async def test_service_that_nothing_hangs_on_says_so() -> None:
    _, text = await ask(shop(), "svc", "other")

    assert "Nothing refers to it" in text


def test_shared_objects_do_not_join_unrelated_workloads() -> None:
    pods = [named(name, spec={"nodeName": "node-1"}) for name in ("a", "b")]
    graph = Graph(find_edges({"Pod": pods}))

    assert around(graph, ("Pod", "a")) == [Edge(("Pod", "a"), "runs on", ("Node", "node-1"))]
    assert len(around(graph, ("Node", "node-1"))) == 2


def test_hundred_replicas_are_counted_and_the_asked_one_is_kept() -> None:
    edges = [Edge(("ReplicaSet", "web"), "owns", ("Pod", f"web-{number:03}")) for number in range(100)]

    shown, more = join_alike(edges, keep=("Pod", "web-077"), limit=3)

    assert [edge.target[1] for edge in shown] == ["web-000", "web-001", "web-077"]
    assert more == {("ReplicaSet", "web"): 97}


def test_selector_of_a_specification_is_read_with_its_expressions() -> None:
    selector = {
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"},
        ]
    }

    assert matches_selector({"tier": "a"}, selector)
    assert not matches_selector({"tier": "c"}, selector)
    assert not matches_selector({"tier": "a", "old": ""}, selector)
    assert matches_selector({}, {})
