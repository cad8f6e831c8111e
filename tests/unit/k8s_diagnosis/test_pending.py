"""Pods that are not placed or not created: lack of room, nodes that do not qualify, volumes, policies, quotas."""

from __future__ import annotations

from typing import Any

import pytest

from k8s_diagnosis.joining import Finding
from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    ago,
    condition,
    conditions_of,
    diagnose_objects,
    looping,
    make,
    make_deployment,
    make_event,
    make_node,
    make_pod,
    pending,
    read_messages,
    waiting,
)

OWNER = f"Deployment/{NAMESPACE}/shop"
POD = "shop-7d9c5b6f4-abcde"
NODES = (make_node("node-1"), make_node("node-2"))


def diagnose_pending(message: str, *others: JsonObject, **fields: Any) -> Finding:  # Any: fields of the pod
    nodes = () if any(each["kind"] == "Node" for each in others) else NODES
    pod = pending(message, **fields)
    (finding,) = diagnose_objects(pod, make_deployment(ready=0), *nodes, *others).findings
    return finding


@pytest.mark.parametrize(("message", "expected"), read_messages("scheduling", "message", "condition"))
def test_words_of_the_scheduler_are_understood(message: str, expected: str) -> None:
    spec = {"nodeSelector": {"disk": "ssd"}} if "selector" in message else {}

    finding = diagnose_pending(message, spec=spec)

    assert finding.problem.condition == expected
    assert finding.subjects[0].endswith("shop")


def test_request_is_compared_with_the_largest_node() -> None:
    container = {"resources": {"requests": {"cpu": "6"}}}

    finding = diagnose_pending("0/2 nodes are available: 2 Insufficient cpu.", container=container)

    assert "requests 6 CPU, more than any node has in all (largest: 4)" in finding.problem.cause.en


def test_full_nodes_are_told_from_a_request_that_is_too_large() -> None:
    container = {"resources": {"requests": {"cpu": "2"}}}
    hogs = [
        make_pod(f"hog-{at}", owner="DaemonSet/hog", spec={"nodeName": f"node-{at}"}, container=cpu("3"))
        for at in (1, 2)
    ]

    finding = diagnose_pending("0/2 nodes are available: 2 Insufficient cpu.", *hogs, container=container)

    assert "the nodes are full" in finding.problem.cause.en
    assert "node node-1: cpu free 1 of 4" in finding.problem.evidence


def cpu(amount: str) -> JsonObject:
    return {"name": "hog", "resources": {"requests": {"cpu": amount}}}


def test_resource_that_no_node_offers_is_told() -> None:
    container = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}

    finding = diagnose_pending("0/2 nodes are available: 2 Insufficient nvidia.com/gpu.", container=container)

    assert finding.problem.condition == "pending-insufficient-resource"
    assert "requests 1 nvidia.com/gpu, which no node offers" in finding.problem.cause.en


def test_control_plane_taint_is_not_the_reason_while_other_nodes_lack_room() -> None:
    message = (
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
        "2 Insufficient memory. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )

    assert diagnose_pending(message).problem.condition == "pending-insufficient-memory"


def test_label_that_nearly_fits_is_shown() -> None:
    nodes = [make_node("node-1", labels={"disktype": "sdd"}), make_node("node-2")]

    finding = diagnose_pending(
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
        *nodes,
        spec={"nodeSelector": {"disktype": "ssd"}},
    )

    assert finding.problem.condition == "pending-node-selector"
    assert "node labels disktype: sdd" in finding.problem.evidence


def test_single_tainted_node_that_would_fit_is_at_fault() -> None:
    tainted = make_node("node-2", spec={"taints": [{"key": "team", "value": "a", "effect": "NoSchedule"}]})
    tainted["metadata"]["labels"]["zone"] = "b"

    finding = diagnose_pending(
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "1 node(s) had untolerated taint {team: a}.",
        make_node("node-1"),
        tainted,
        spec={"nodeSelector": {"zone": "b"}},
    )

    assert (finding.problem.condition, finding.problem.object) == ("pending-untolerated-taint", "Node//node-2")


def test_taints_of_all_nodes_put_the_toleration_on_the_workload() -> None:
    taint = {"taints": [{"key": "team", "value": "a", "effect": "NoSchedule"}]}

    finding = diagnose_pending(
        "0/2 nodes are available: 2 node(s) had untolerated taint {team: a}.",
        make_node("node-1", spec=taint),
        make_node("node-2", spec=taint),
    )

    assert (finding.problem.condition, finding.problem.object) == ("pending-untolerated-taint", OWNER)


def test_cordoned_node_is_at_fault_and_can_be_uncordoned() -> None:
    finding = diagnose_pending(
        "0/1 nodes are available: 1 node(s) were unschedulable.", make_node("node-1", spec={"unschedulable": True})
    )

    assert (finding.problem.condition, finding.problem.object) == ("pending-node-cordoned", "Node//node-1")
    assert finding.problem.fix is not None
    assert finding.problem.fix.command == "kubectl uncordon node-1"


def test_pods_that_wait_for_a_broken_node_stand_under_it() -> None:
    taint = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}

    finding = diagnose_pending(
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
        make_node("node-1", ready=None, spec={"taints": [taint]}),
    )

    assert finding.problem.condition == "node-not-ready"
    assert [effect.problem.condition for effect in finding.effects] == ["pending-untolerated-taint"]


def test_pod_that_has_only_just_been_made_is_no_finding() -> None:
    young = pending("", reason="")
    young["status"]["conditions"] = []
    young["metadata"]["creationTimestamp"] = ago(0.5)

    assert conditions_of(young, make_deployment(age=0.5, ready=0)) == []


def test_pod_nobody_tries_to_place_names_its_scheduler() -> None:
    pod = pending("", spec={"schedulerName": "volcano"})
    pod["status"]["conditions"] = []

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert finding.problem.condition == "pending-no-scheduler"
    assert "volcano" in finding.problem.cause.en


def test_gate_that_nobody_opens_is_named() -> None:
    gates = {"schedulingGates": [{"name": "acme.io/quota"}]}
    pod = pending("Scheduling is blocked due to non-empty scheduling gates", reason="SchedulingGated", spec=gates)

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert finding.problem.condition == "pending-scheduling-gated"
    assert "acme.io/quota" in finding.problem.cause.en


def test_node_that_does_not_exist_is_blamed_on_who_wrote_its_name() -> None:
    pod = make_pod(status=waiting(""), spec={"nodeName": "node-9"})
    deployment = make_deployment(ready=0, pod_spec={"nodeName": "node-9"})

    (finding,) = diagnose_objects(pod, deployment, *NODES).findings

    assert (finding.problem.condition, finding.problem.object) == ("pod-on-missing-node", OWNER)


def test_pods_of_a_node_that_is_down_are_its_effect() -> None:
    pod = make_pod(conditions=[condition("Ready", False)])

    (finding,) = diagnose_objects(pod, make_deployment(ready=0), make_node("node-1", ready=None)).findings

    assert finding.problem.condition == "node-not-ready"
    assert {each.problem.condition for each in finding.effects} == {"pod-on-missing-node"}


def claim(**fields: Any) -> JsonObject:  # Any: fields of the claim
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **fields.pop("spec", {})}
    return make("PersistentVolumeClaim", "data", spec=spec, status={"phase": fields.pop("phase", "Pending")}, **fields)


USES_DATA = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}
UNBOUND = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."
DEFAULT_CLASS = make("StorageClass", "standard", annotations={"storageclass.kubernetes.io/is-default-class": "true"})


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ((claim(spec={"storageClassName": "fast"}), DEFAULT_CLASS), "pvc-class-missing"),
        ((claim(spec={"storageClassName": ""}), DEFAULT_CLASS), "pvc-no-class"),
        ((claim(),), "pvc-no-class"),
        (
            (
                claim(spec={"storageClassName": "standard"}),
                DEFAULT_CLASS,
                make_event(
                    "PersistentVolumeClaim/data",
                    "ProvisioningFailed",
                    'failed to provision volume with StorageClass "standard": rpc error: code = ResourceExhausted',
                ),
            ),
            "pvc-provisioning-failed",
        ),
        ((claim(phase="Lost", spec={"volumeName": "pv-1"}), DEFAULT_CLASS), "pvc-lost"),
    ],
)
def test_claim_is_the_cause_of_its_pending_pod(objects: tuple[JsonObject, ...], expected: str) -> None:
    finding = diagnose_pending(UNBOUND, *objects, spec=USES_DATA)

    assert finding.problem.condition == expected
    assert finding.problem.object == f"PersistentVolumeClaim/{NAMESPACE}/data"
    assert [effect.problem.condition for effect in finding.effects] == ["pending-unbound-volume"]


def test_claim_that_waits_for_its_first_consumer_is_healthy() -> None:
    event = make_event(
        "PersistentVolumeClaim/data", "WaitForFirstConsumer", "waiting for first consumer", type="Normal"
    )

    assert conditions_of(claim(spec={"storageClassName": "standard"}), DEFAULT_CLASS, event) == []


def test_claim_that_a_free_volume_fits_only_needs_time() -> None:
    volume = make(
        "PersistentVolume",
        "pv-1",
        spec={"storageClassName": "", "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"]},
        status={"phase": "Available"},
    )

    assert conditions_of(claim(spec={"storageClassName": ""}), volume) == []


def test_claim_that_does_not_exist_is_named() -> None:
    finding = diagnose_pending('0/2 nodes are available: persistentvolumeclaim "data" not found.', spec=USES_DATA)

    assert finding.problem.condition == "pvc-missing"
    assert finding.problem.object == f"PersistentVolumeClaim/{NAMESPACE}/data"


def test_volume_of_another_zone_is_shown_with_its_place() -> None:
    affinity = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["a"]}
    volume = make(
        "PersistentVolume",
        "pv-1",
        spec={"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [affinity]}]}}},
    )

    finding = diagnose_pending(
        "0/2 nodes are available: 2 node(s) had volume node affinity conflict.",
        claim(phase="Bound", spec={"volumeName": "pv-1"}),
        volume,
        spec=USES_DATA,
    )

    assert finding.problem.condition == "pending-volume-node-affinity"
    assert "topology.kubernetes.io/zone In (a)" in finding.problem.cause.en


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) shop-old',
            "volume-multi-attach",
        ),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "v" : hostPath type check failed: /data is not a directory',
            "volume-mount-failed",
        ),
        ("FailedMount", 'MountVolume.SetUp failed for volume "v" : secret "tls" not found', "secret-missing"),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: app.yaml',
            "configmap-key-missing",
        ),
    ],
)
def test_volume_that_cannot_be_mounted(reason: str, message: str, expected: str) -> None:
    volume = {"volumes": [{"name": "v", "configMap": {"name": "settings", "items": [{"key": "app.yaml"}]}}]}
    pod = make_pod(status=waiting("ContainerCreating"), spec=volume)

    assert conditions_of(pod, make_event(f"Pod/{POD}", reason, message)) == [expected]


@pytest.mark.parametrize(
    "message",
    [
        'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to sync configmap cache: timed out',
        'MountVolume.SetUp failed for volume "v" : object "prod"/"settings" not registered',
    ],
)
def test_first_mount_that_is_merely_slow_is_no_finding(message: str) -> None:
    pod = make_pod(status=waiting("ContainerCreating"), age=1)

    assert conditions_of(pod, make_event(f"Pod/{POD}", "FailedMount", message, count=1)) == []


@pytest.mark.parametrize(
    ("message", "expected", "named"),
    [
        (
            'plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized',
            "Node//node-1",
            "network plugin fails",
        ),
        (
            'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
            "Node//node-1",
            "no IP address is left",
        ),
        ('failed to get sandbox runtime: no runtime for "gvisor" is configured', OWNER, "runtime class"),
        ("OCI runtime create failed: container init was OOM-killed (memory limit too low?)", OWNER, "memory limit"),
    ],
)
def test_pod_without_a_sandbox(message: str, expected: str, named: str) -> None:
    pod = make_pod(status=waiting("ContainerCreating"))
    event = make_event(f"Pod/{POD}", "FailedCreatePodSandBox", f"Failed to create pod sandbox: rpc error: {message}")

    (finding,) = diagnose_objects(pod, event).findings

    assert (finding.problem.condition, finding.problem.object) == ("sandbox-failed", expected)
    assert named in finding.problem.cause.en


def test_sandbox_without_a_network_stands_under_the_plugin_that_crashes_on_its_node() -> None:
    plugin = make_pod("calico-node-x", namespace="kube-system", status=looping(1), owner="DaemonSet/calico-node")
    event = make_event(f"Pod/{POD}", "FailedCreatePodSandBox", 'plugin type="calico" failed (add): stat nodename')

    (finding,) = diagnose_objects(plugin, make_pod(status=waiting("ContainerCreating")), event).findings

    assert finding.problem.object == "DaemonSet/kube-system/calico-node"
    assert [effect.problem.condition for effect in finding.effects] == ["sandbox-failed"]


@pytest.mark.parametrize(
    ("message", "expected", "at_fault"), read_messages("refused_pods", "message", "condition", "object")
)
def test_refusal_of_the_api_server_names_who_has_to_change(message: str, expected: str, at_fault: str) -> None:
    replica_set = make("ReplicaSet", "shop-1", owner="Deployment/shop", spec={"replicas": 2}, status={"replicas": 0})
    event = make_event("ReplicaSet/shop-1", "FailedCreate", f"Error creating: {message}")

    (finding,) = diagnose_objects(make_deployment(replicas=2, ready=0), replica_set, event).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, at_fault)
    assert OWNER in finding.subjects


def test_refusal_that_is_over_is_no_finding() -> None:
    replica_set = make("ReplicaSet", "shop-1", owner="Deployment/shop", spec={"replicas": 2}, status={"replicas": 2})
    event = make_event("ReplicaSet/shop-1", "FailedCreate", "Error creating: exceeded quota: q, requested: pods=1")

    assert conditions_of(make_deployment(replicas=2), replica_set, event) == []


def test_refusal_stays_known_when_its_events_are_gone() -> None:
    failure = condition(
        "ReplicaFailure",
        True,
        message='pods "x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2',
    )

    (finding,) = diagnose_objects(make_deployment(replicas=3, ready=2, status={"conditions": [failure]})).findings

    assert finding.problem.object == f"ResourceQuota/{NAMESPACE}/team"


def test_quota_with_room_is_silent() -> None:
    quota = make("ResourceQuota", "team", status={"hard": {"pods": "2"}, "used": {"pods": "2"}})

    assert conditions_of(quota, make_deployment(replicas=2), make_pod("a"), make_pod("b")) == []
