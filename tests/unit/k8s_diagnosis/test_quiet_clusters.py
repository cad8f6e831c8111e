"""What looks odd and is well: nobody is to be woken for it."""

from __future__ import annotations

import pytest

from k8s_diagnosis.diagnosing import diagnose
from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    condition,
    conditions_of,
    ended,
    make,
    make_deployment,
    make_event,
    make_node,
    make_pod,
    make_service,
    make_slice,
    make_snapshot,
    pending,
    running,
    waiting,
)

MULTI_ATTACH = "Multi-Attach error for volume pvc-1: Volume is already exclusively attached to one node"
NO_NODE = "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."
REFUSED = 'Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3'
WAITING = waiting("ContainerCreating")
OLDER_LABELS = {"app": "shop", "pod-template-hash": "6b4f"}
SECRET_VOLUME = {"volumes": [{"name": "tls", "secret": {"secretName": "shop-tls"}}]}


def stopped_by_node(reason: str) -> JsonObject:
    state = {"ready": False, "restartCount": 0, "state": ended(137, reason="ContainerStatusUnknown", minutes=700)}
    return make_pod("shop-7d9c5b6f4-gone", status=state, phase="Failed", pod_status={"reason": reason})


def autoscaler(*, age: float = 60, **fields: JsonObject) -> JsonObject:
    target = {"kind": "Deployment", "name": "shop"}
    return make("HorizontalPodAutoscaler", "shop", age=age, spec={"scaleTargetRef": target, "maxReplicas": 5}, **fields)


def cronjob(*, age_days: float) -> JsonObject:
    return make("CronJob", "nightly", age=age_days * 1440, spec={"schedule": "0 3 * * *", "suspend": True}, status={})


def failed_metrics(minutes: float) -> JsonObject:
    message = "no metrics returned from resource metrics API"
    return {"conditions": [condition("ScalingActive", False, message=message, age=minutes)]}


@pytest.mark.parametrize(
    "objects",
    [
        (make_pod(), stopped_by_node("Terminated"), make_deployment()),
        (make_pod(), stopped_by_node("NodeAffinity"), make_deployment()),
        (make_service("kube-etcd", selector={"component": "etcd"}, clusterIP="None"), make_node()),
        (make_event("ReplicaSet/shop-gone", "FailedCreate", REFUSED), make_pod(), make_deployment()),
        (make_deployment(replicas=0), autoscaler(labels={"scaledobject.keda.sh/name": "shop"}), make_service()),
        (make_deployment(), make_pod(), autoscaler(age=1, status=failed_metrics(0))),
        (cronjob(age_days=60),),
        (make_pod(status=running(restarts=1, minutes=4, lastState=ended(1, minutes=4, seconds=9000))),),
    ],
    ids=[
        "pods of a node that was shut down",
        "pods that no longer fitted their node",
        "Service of a control plane that is not shown",
        "refusal of a ReplicaSet that is gone",
        "Deployment that KEDA has put to sleep",
        "autoscaler that has just been made",
        "CronJob suspended for months",
        "single restart",
    ],
)
def test_nothing_is_said_of_what_is_well(objects: tuple[JsonObject, ...]) -> None:
    assert conditions_of(*objects) == []


def test_cronjob_suspended_lately_is_told() -> None:
    assert conditions_of(cronjob(age_days=1)) == ["cronjob-suspended"]


def test_attachment_is_told_once_and_counts_until_the_volume_is_attached() -> None:
    pod = make_pod(status=WAITING, age=40)
    told = make_event(f"Pod/{pod['metadata']['name']}", "FailedAttachVolume", MULTI_ATTACH, count=1, age=39)
    attached = make_event(f"Pod/{pod['metadata']['name']}", "SuccessfulAttachVolume", "AttachVolume.Attach ok", age=2)

    assert conditions_of(pod, told) == ["volume-multi-attach"]
    assert conditions_of(pod, told, attached) == []


def test_replica_without_a_node_blocks_no_rollout_while_there_is_none() -> None:
    deployment, waits = make_deployment(replicas=3, ready=2), pending(NO_NODE)
    new, old = (
        make_pod("shop-7d9c5b6f4-other"),
        make_pod("shop-6b4f-x", labels=OLDER_LABELS, owner="ReplicaSet/shop-6b4f"),
    )

    assert conditions_of(new, waits, deployment) == ["pending-anti-affinity"]
    assert conditions_of(old, waits, deployment) == ["rollout-contradiction"]


def test_missing_secret_is_concluded_only_when_no_event_could_say_so() -> None:
    pod, name = make_pod(status=WAITING, spec=SECRET_VOLUME, age=40), "Pod/shop-7d9c5b6f4-abcde"
    pulling = make_event(name, "Pulling", 'Pulling image "shop:1"', type="Normal")

    assert conditions_of(pod) == ["secret-missing"]
    assert conditions_of(pod, pulling) == []
    assert conditions_of(pod, make("Secret", "shop-tls")) == []


def test_file_that_cannot_be_mounted_is_no_missing_command() -> None:
    message = (
        'error mounting "/var/lib/kubelet/pods/x/volume-subpaths/c/shop/0" to rootfs at "/etc/shop.yaml": '
        "not a directory: unknown"
    )

    assert conditions_of(make_pod(status=waiting("CreateContainerError", message))) == ["container-cannot-be-created"]


def test_pod_that_failed_before_another_of_its_unread_job_succeeded_is_no_trouble() -> None:
    failed = make_pod("import-a", phase="Failed", owner="Job/import", status=_over(1))
    done = make_pod("import-b", phase="Succeeded", owner="Job/import", status=_over(0))

    assert conditions_of(failed) != []
    assert conditions_of(failed, done) == []


def _over(exit_code: int) -> JsonObject:
    return {"ready": False, "restartCount": 0, "state": ended(exit_code)}


def test_stopped_workload_is_told_from_its_own_status_when_pods_were_not_read() -> None:
    deployment = make_deployment(replicas=0, ready=0)
    snapshot = make_snapshot(deployment, make_service(), make_slice(ready=0), complete={})

    assert [found.problem.object for found in diagnose(snapshot).findings] == [f"Deployment/{NAMESPACE}/shop"]
