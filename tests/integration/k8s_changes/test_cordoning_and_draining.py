"""k8s-cordon-node through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import anyio
import pytest

from simulator.api_resources import PODS
from simulator.store import JsonObject
from tests.fakes.served_cluster import Person, ServedCluster, call, connect, content_of, text_of

TOOL = "k8s-cordon-node"
NODE = "node-2"


def is_cordoned(cluster: ServedCluster) -> bool:
    return bool(cluster.get("v1", "Node", NODE)["spec"].get("unschedulable"))


def pods_on(cluster: ServedCluster, *, but: str = "kube-system") -> list[JsonObject]:
    found = cluster.store.list_objects(PODS)
    return [each for each in found if each["spec"].get("nodeName") == NODE and each["metadata"]["namespace"] != but]


def budget(cluster: ServedCluster, name: str, *, at_least: int) -> None:
    selector = cluster.get("apps/v1", "Deployment", name)["spec"]["selector"]
    cluster.add(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"minAvailable": at_least, "selector": selector},
        }
    )
    cluster.pass_time(5)


async def test_node_is_cordoned_and_let_back_on(cluster: ServedCluster) -> None:
    person = Person()
    async with connect(cluster, answer=person.answer) as client:
        first = content_of(await client.call_tool(TOOL, {"name": NODE}))
        was_cordoned = is_cordoned(cluster)
        second = content_of(await client.call_tool(TOOL, {"name": NODE, "action": "uncordon"}))

    assert person.questions[0].startswith("Keep new pods off Node node-2 (cordon)?")
    assert first["undo"] == "k8s-cordon-node name=node-2 action=uncordon"
    assert second["undo"] == "k8s-cordon-node name=node-2 action=cordon"
    assert was_cordoned
    assert not is_cordoned(cluster)


async def test_node_that_is_cordoned_already_is_not_asked_about(cluster: ServedCluster) -> None:
    person = Person()
    async with connect(cluster, answer=person.answer) as client:
        await client.call_tool(TOOL, {"name": NODE})
        again = content_of(await client.call_tool(TOOL, {"name": NODE}))

    assert again["status"] == "unchanged"
    assert len(person.questions) == 1


async def test_drain_moves_every_pod_but_those_of_the_node_and_protected_ones(cluster: ServedCluster) -> None:
    person, before = Person(), len(pods_on(cluster))

    content = content_of(await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=person))

    assert f"{before} pods are evicted" in person.questions[0]
    assert "These stay, since their namespaces are protected: kube-system/coredns-" in person.questions[0]
    assert person.preview["pods_total"] == before
    assert content["outcome"] == "complete"
    assert pods_on(cluster) == []
    assert is_cordoned(cluster)


async def test_declined_drain_changes_nothing(cluster: ServedCluster) -> None:
    content = content_of(await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=Person(confirm=False)))

    assert content["status"] == "declined"
    assert cluster.written() == []


async def test_budget_holds_a_pod_back_and_the_answer_says_so(cluster: ServedCluster) -> None:
    budget(cluster, "cart", at_least=2)
    person = Person()

    content = content_of(
        await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=person, change_wait_seconds=10)
    )

    assert "may not go now: The disruption budget cart needs 2 healthy pods" in person.questions[0]
    assert content["outcome"] == "progressing"
    assert "1 are left: default/cart-" in content["message"]
    assert [each["metadata"]["name"].startswith("cart-") for each in pods_on(cluster)] == [True]


async def test_budget_that_is_met_again_lets_the_drain_go_on(cluster: ServedCluster) -> None:
    def widen(item: JsonObject) -> None:
        item["spec"]["minAvailable"] = 1

    budget(cluster, "cart", at_least=2)

    async def sleep(seconds: float) -> None:
        cluster.change("policy/v1", "PodDisruptionBudget", "cart", by=widen)
        await cluster.let_time_pass(seconds)

    content = content_of(await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=Person(), sleep=sleep))

    assert content["outcome"] == "complete"
    assert pods_on(cluster) == []


async def test_pod_that_nobody_would_make_anew_stays(cluster: ServedCluster) -> None:
    cluster.add(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "lonely", "namespace": "default"},
            "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "nginx:1.27.3"}]},
        }
    )
    person = Person()

    await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=person)

    assert "These stay, since nobody would make them anew: default/lonely." in person.questions[0]
    assert [each["metadata"]["name"] for each in pods_on(cluster)] == ["lonely"]


async def test_other_pods_on_the_node_mean_another_question(cluster: ServedCluster) -> None:
    def leave() -> None:
        gone = pods_on(cluster)[0]["metadata"]
        cluster.store.delete(PODS, name=gone["name"], namespace=gone["namespace"], grace_seconds=0)
        cluster.pass_time(40)

    person = Person(meanwhile=[leave])

    await call(cluster, TOOL, {"name": NODE, "action": "drain"}, person=person)

    assert len(person.questions) == 2


@pytest.mark.parametrize(("name", "expected"), [("node-9", "nearest: node-"), ("-node", "no valid Kubernetes name")])
async def test_unknown_node_is_answered_with_the_nearest(cluster: ServedCluster, name: str, expected: str) -> None:
    result = await call(cluster, TOOL, {"name": name}, person=Person())

    assert expected in text_of(result)


async def test_cancelled_drain_has_told_what_it_did_and_stops(cluster: ServedCluster) -> None:
    told: list[str] = []
    before = len(pods_on(cluster))
    budget(cluster, "cart", at_least=2)

    async def wait_for_ever(_: float) -> None:
        await anyio.sleep_forever()

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")
        if message and "wait for their budgets" in message:
            scope.cancel()

    with anyio.CancelScope() as scope:
        await call(
            cluster, TOOL, {"name": NODE, "action": "drain"}, person=Person(), sleep=wait_for_ever, progress=listen
        )

    evicted = [message for message in told if message.startswith("Evicted ")]
    assert scope.cancelled_caught
    assert told[0].startswith("Node node-2 is cordoned")
    assert len(evicted) == before - 1
    assert is_cordoned(cluster)
