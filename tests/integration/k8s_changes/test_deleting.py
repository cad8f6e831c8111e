"""k8s-delete-resource through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.store import JsonObject
from tests.fakes.served_cluster import Person, ServedCluster, call, connect, content_of, text_of

TOOL, APPLY = "k8s-delete-resource", "k8s-apply-manifest"


def config_map(name: str = "settings", **metadata: Any) -> JsonObject:  # Any: JSON
    place = {"name": name, "namespace": "default", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": {"colour": "blue"}}


def pod(name: str = "job", **spec: Any) -> JsonObject:  # Any: JSON
    containers = [{"name": "main", "image": "busybox"}]
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def exists(cluster: ServedCluster, plural: str, name: str) -> bool:
    table = cluster.store.resources
    resource = next(each for each in table if each.plural == plural and each.stored)
    place = "default" if resource.namespaced else ""
    return cluster.store.find(resource, name=name, namespace=place) is not None


async def test_yes_deletes_the_object_and_sees_it_go(still: ServedCluster) -> None:
    still.add(config_map())
    person = Person()

    content = content_of(await call(still, TOOL, {"kind": "cm", "name": "settings"}, person=person))

    assert person.questions[0].startswith("Delete ConfigMap default/settings?")
    assert person.preview["risk"] == "destructive"
    assert (content["status"], content["outcome"]) == ("done", "complete")
    assert not exists(still, "configmaps", "settings")


async def test_undo_of_a_deletion_makes_the_object_anew(still: ServedCluster) -> None:
    still.add(config_map(labels={"team": "shop"}))
    async with connect(still, answer=Person().answer) as client:
        content = content_of(await client.call_tool(TOOL, {"kind": "cm", "name": "settings"}))
        await client.call_tool(APPLY, {"manifest": content["undo"].partition("manifest=")[2]})

    found = still.get("v1", "ConfigMap", "settings")
    assert (found["data"], found["metadata"]["labels"]) == ({"colour": "blue"}, {"team": "shop"})


async def test_declined_deletion_leaves_the_object(still: ServedCluster) -> None:
    still.add(config_map())

    content = content_of(await call(still, TOOL, {"kind": "cm", "name": "settings"}, person=Person(action="decline")))

    assert content["status"] == "declined"
    assert still.written() == []


async def test_object_made_anew_under_the_name_is_not_deleted_on_the_old_answer(still: ServedCluster) -> None:
    still.add(config_map())
    resource = still.store.resources.find_kind(api_version="v1", kind="ConfigMap")
    assert resource is not None

    def replace() -> None:
        still.store.delete(resource, name="settings", namespace="default")
        still.add(config_map())

    person = Person(meanwhile=[replace])

    result = await call(still, TOOL, {"kind": "cm", "name": "settings"}, person=person, era="legacy")

    assert "changed after the question was asked" in text_of(result)
    assert exists(still, "configmaps", "settings")


async def test_finalizer_that_holds_the_object_is_named(still: ServedCluster) -> None:
    still.add(config_map(finalizers=["example.com/clean-up"]))
    person = Person()

    content = content_of(
        await call(still, TOOL, {"kind": "cm", "name": "settings"}, person=person, change_wait_seconds=1)
    )

    assert "It stays until its finalizers are done: example.com/clean-up." in person.questions[0]
    assert content["outcome"] == "waiting"
    assert "waits for its finalizers: example.com/clean-up" in content["message"]


async def test_pod_of_a_workload_comes_back_and_a_lone_one_does_not(cluster: ServedCluster) -> None:
    cluster.add(pod("lonely"))
    name = cluster.pods("web")[0]["metadata"]["name"]
    person = Person()
    async with connect(cluster, answer=person.answer) as client:
        owned = content_of(await client.call_tool(TOOL, {"kind": "pod", "name": name}))
        await client.call_tool(TOOL, {"kind": "po", "name": "lonely", "grace_seconds": 0})

    assert "makes a new pod." in person.questions[0]
    assert "Kept by ReplicaSet" not in person.questions[0]
    assert owned["outcome"] == "complete"
    assert "Nobody makes this pod anew" in person.questions[1]
    assert "its processes may go on running on the node" in person.questions[1]


async def test_deletion_of_a_workload_shows_pods_services_and_budgets(cluster: ServedCluster) -> None:
    labels = cluster.get("apps/v1", "Deployment", "web")["spec"]["selector"]
    cluster.add(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"minAvailable": 2, "selector": labels},
        }
    )
    cluster.pass_time(5)
    person = Person(confirm=False)

    await call(cluster, TOOL, {"kind": "deploy", "name": "web"}, person=person)

    assert "Services that send traffic to these pods: web." in person.questions[0]
    assert (
        "PodDisruptionBudget web: 3 healthy, 2 needed; only 1 may go, and this takes 3 at a time" in person.questions[0]
    )
    assert person.preview["pods_total"] == 3


async def test_orphaned_pods_are_said_to_stay(cluster: ServedCluster) -> None:
    person = Person(confirm=False)

    await call(cluster, TOOL, {"kind": "deploy", "name": "web", "propagation": "Orphan"}, person=person)

    assert "What it owns stays without an owner." in person.questions[0]
    assert "pods" not in person.preview


async def test_pods_that_use_the_object_are_named(cluster: ServedCluster) -> None:
    using = pod("reader", volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    cluster.add(config_map(), using)
    person = Person(confirm=False)

    await call(cluster, TOOL, {"kind": "cm", "name": "settings"}, person=person)

    assert "Used by 1 pods, which cannot start again without it: reader." in person.questions[0]


async def test_namespace_takes_everything_in_it_along(cluster: ServedCluster) -> None:
    person = Person()

    content = content_of(await call(cluster, TOOL, {"kind": "ns", "name": "payments"}, person=person))

    assert "Everything in it goes too: 5 pods, 3 deployments, 3 services" in person.questions[0]
    assert content["outcome"] == "complete"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"kind": "namespace", "name": "kube-system"}, "is protected"),
        ({"kind": "namespace", "name": "default"}, "the cluster needs this namespace"),
        ({"kind": "deploy", "name": "coredns", "namespace": "kube-system"}, "is protected"),
        ({"kind": "node", "name": "node-1"}, "drain it with k8s-cordon-node instead"),
        ({"kind": "pv", "name": "any"}, "the data behind it may go with it"),
        ({"kind": "secret", "name": "any"}, "K8S_CHANGE_DENIED_KINDS"),
        ({"kind": "crd", "name": "any"}, "K8S_CHANGE_DENIED_KINDS"),
        ({"kind": "clusterrole", "name": "admin"}, "K8S_CHANGE_DENIED_KINDS"),
        ({"kind": "storageclass", "name": "standard"}, "no volume of that class"),
    ],
)
async def test_what_everybody_needs_is_blocked(
    cluster: ServedCluster, arguments: dict[str, Any], expected: str
) -> None:
    person = Person()

    result = await call(cluster, TOOL, arguments, person=person)

    assert expected in text_of(result)
    assert "Nobody can approve this" in text_of(result)
    assert person.questions == []
    assert cluster.written() == []


async def test_selections_cannot_be_deleted(still: ServedCluster) -> None:
    still.add(config_map())

    refused = [
        await call(still, TOOL, {"kind": "cm", "name": name}, person=Person())
        for name in ("", "*", "--all", "a,b", "..")
    ]
    unknown = await call(still, TOOL, {"kind": "cm", "label_selector": "app=web"}, person=Person())

    assert all("no valid Kubernetes name" in text_of(result) for result in refused)
    assert "Unknown argument 'label_selector'" in text_of(unknown)
    assert still.written() == []


async def test_server_that_may_not_destroy_offers_no_deletion_and_refuses_what_destroys(still: ServedCluster) -> None:
    still.add(config_map())
    person = Person()
    async with connect(still, answer=person.answer, no_destructive=True) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        patch = {"kind": "cm", "name": "settings", "patch": {"data": {"colour": None}}}
        refused = await client.call_tool("k8s-patch-resource", patch)
        patch["patch"] = {"data": {"colour": "red"}}
        allowed = content_of(await client.call_tool("k8s-patch-resource", patch))

    assert TOOL not in tools
    assert all(tool.annotations and not tool.annotations.destructive_hint for tool in tools.values())
    assert "K8S_NO_DESTRUCTIVE" in text_of(refused)
    assert allowed["status"] == "done"
    assert len(person.questions) == 1


async def test_read_only_server_offers_no_change(still: ServedCluster) -> None:
    async with connect(still, read_only=True) as client:
        tools = (await client.list_tools()).tools

    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)


async def test_change_stands_in_the_audit_with_its_object(
    still: ServedCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    still.add(config_map())

    await call(still, TOOL, {"kind": "cm", "name": "settings"}, person=Person())

    records = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    written = [record for record in records if record["event"] == "change_written"]
    assert [(each["tool"], each["action"], each["objects"]) for each in written] == [
        (TOOL, "delete", ["ConfigMap/default/settings"])
    ]
