"""Nodes in trouble: what their kubelets and the node controller say, and what becomes of their pods."""

from simulator.api_resources import LEASES, NODES, PODS
from simulator.store import JsonObject
from simulator.world.scenario import Outage, Step
from tests.fakes.simulated_world import LivingWorld, is_healthy

SILENT = Outage(kind="kubelet-stopped", at="node-3")
FULL = Outage(kind="disk-full", at="node-3")


def _node(living: LivingWorld) -> JsonObject:
    return living.store.get(NODES, name="node-3")


def _condition(living: LivingWorld, kind: str) -> JsonObject:
    found: JsonObject = next(item for item in _node(living)["status"]["conditions"] if item["type"] == kind)
    return found


def _on_node(living: LivingWorld) -> list[JsonObject]:
    pods = [pod for pod in living.store.list_objects(PODS) if pod["spec"].get("nodeName") == "node-3"]
    return [pod for pod in pods if pod["metadata"]["ownerReferences"][0]["kind"] != "DaemonSet"]


def test_a_silent_kubelet_makes_its_node_unknown_and_its_pods_unready_within_a_minute() -> None:
    living = LivingWorld()
    before = _on_node(living)

    living.world.carry_out([Step(begin=SILENT)])
    living.pass_time(60, step=1)

    ready = _condition(living, "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    taints = {(taint["key"], taint["effect"]) for taint in _node(living)["spec"]["taints"]}
    assert taints == {("node.kubernetes.io/unreachable", effect) for effect in ("NoSchedule", "NoExecute")}
    assert before
    assert not any(is_healthy(pod) for pod in _on_node(living))


def test_pods_of_a_lost_node_are_replaced_after_five_minutes_and_stay_terminating_there() -> None:
    living = LivingWorld()
    names = {pod["metadata"]["name"] for pod in _on_node(living)}

    living.world.carry_out([Step(begin=SILENT)])
    living.pass_time(420, step=2)

    left = [pod for pod in _on_node(living) if pod["metadata"]["name"] in names]
    assert left
    assert all("deletionTimestamp" in pod["metadata"] for pod in left)
    web = [pod for pod in living.pods("web") if pod["spec"]["nodeName"] != "node-3"]
    assert sum(is_healthy(pod) for pod in web) == 3


def test_a_node_that_comes_back_finishes_what_was_asked_meanwhile() -> None:
    living = LivingWorld()
    living.world.carry_out([Step(begin=SILENT)])
    living.pass_time(420, step=2)

    living.world.carry_out([Step(end=SILENT)])
    living.pass_time(120, step=1)

    assert _condition(living, "Ready")["status"] == "True"
    assert not [pod for pod in _on_node(living) if "deletionTimestamp" in pod["metadata"]]
    assert "taints" not in _node(living)["spec"]


def test_the_lease_of_a_silent_kubelet_is_not_renewed() -> None:
    living = LivingWorld()
    living.world.carry_out([Step(begin=SILENT)])
    renewed = living.store.get(LEASES, namespace="kube-node-lease", name="node-3")["spec"]["renewTime"]

    living.pass_time(60, step=1)

    leases = {item["metadata"]["name"]: item["spec"]["renewTime"] for item in living.store.list_objects(LEASES)}
    assert leases["node-3"] == renewed < leases["node-2"]


def test_a_full_disk_brings_pressure_a_taint_and_evictions_in_the_kubelets_words() -> None:
    living = LivingWorld()

    living.world.carry_out([Step(begin=FULL)])
    living.pass_time(40, step=1)

    assert _condition(living, "DiskPressure")["reason"] == "KubeletHasDiskPressure"
    assert {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}.items() <= _node(living)["spec"][
        "taints"
    ][0].items()
    evicted = [pod for pod in _on_node(living) if pod["status"].get("reason") == "Evicted"]
    assert evicted
    assert evicted[0]["status"]["message"].startswith("The node was low on resource: ephemeral-storage.")
    assert {item["reason"] for item in living.events("node-3")} >= {"EvictionThresholdMet", "NodeHasDiskPressure"}


def test_a_node_that_is_taken_away_loses_its_pods() -> None:
    living = LivingWorld()

    living.world.carry_out([Step(delete="Node//node-3")])
    living.pass_time(120, step=1)

    assert _on_node(living) == []
    assert sum(is_healthy(pod) for pod in living.pods("web")) == 3
