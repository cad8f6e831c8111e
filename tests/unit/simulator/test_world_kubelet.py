"""What the node agents do with pods that cannot start, probes, logs, usage and events."""

import pytest

from simulator.api_resources import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    SECRETS,
    SERVICEACCOUNTS,
    STATEFULSETS,
)
from simulator.store import JsonObject
from simulator.world.steps import create_object
from tests.fakes.simulated_world import LivingWorld, container_status, is_healthy


def _pod(name: str, container: JsonObject, **spec: object) -> JsonObject:
    body = {"containers": [{"name": "main", "image": "webshop/service:1.0.0", **container}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": body}


def _waiting(living: LivingWorld, name: str) -> JsonObject:
    pod = living.store.get(PODS, namespace="default", name=name)
    found: JsonObject = container_status(pod)["state"].get("waiting") or {}
    return found


def test_a_missing_secret_volume_keeps_the_pod_creating_until_the_secret_appears() -> None:
    living = LivingWorld()
    volume = {"name": "cert", "secret": {"secretName": "client-cert"}}
    create_object(living.store, _pod("gate", {}, volumes=[volume]))
    living.pass_time(5)

    assert _waiting(living, "gate") == {"reason": "ContainerCreating"}
    mount = next(event for event in living.events("gate") if event["reason"] == "FailedMount")
    assert mount["message"] == 'MountVolume.SetUp failed for volume "cert" : secret "client-cert" not found'

    living.store.create(SECRETS, {"metadata": {"name": "client-cert", "namespace": "default"}, "data": {}})
    living.wait_for(lambda: is_healthy(living.store.get(PODS, namespace="default", name="gate")), at_most=8)


def test_a_missing_key_is_named() -> None:
    living = LivingWorld()
    reference = {"configMapKeyRef": {"name": "shipping-settings", "key": "VAT"}}
    create_object(living.store, _pod("tax", {"env": [{"name": "VAT", "valueFrom": reference}]}))
    living.pass_time(6)

    assert _waiting(living, "tax") == {
        "reason": "CreateContainerConfigError",
        "message": "couldn't find key VAT in ConfigMap default/shipping-settings",
    }


@pytest.mark.parametrize(
    ("image", "policy", "reason"),
    [
        ("Webshop/Service:1", "IfNotPresent", "InvalidImageName"),
        ("webshop/ledger:2.0.0", "Never", "ErrImageNeverPull"),
        ("nobody/nothing:1", "IfNotPresent", "ImagePullBackOff"),
    ],
)
def test_images_that_cannot_be_used_say_why(image: str, policy: str, reason: str) -> None:
    living = LivingWorld()
    create_object(living.store, _pod("odd", {"image": image, "imagePullPolicy": policy}))
    living.pass_time(4)

    assert _waiting(living, "odd")["reason"] == reason


def test_a_startup_probe_shields_a_slow_start_from_the_liveness_probe() -> None:
    living = LivingWorld()
    http = {"httpGet": {"path": "/healthz", "port": 8080}}
    container = {
        "image": "webshop/payment-api:5.1.0",
        "livenessProbe": {**http, "periodSeconds": 5, "failureThreshold": 1},
        "startupProbe": {**http, "periodSeconds": 5, "failureThreshold": 12},
    }
    create_object(living.store, _pod("slow", container))
    living.pass_time(20)
    started = container_status(living.store.get(PODS, namespace="default", name="slow"))["started"]
    living.pass_time(60)

    status = container_status(living.store.get(PODS, namespace="default", name="slow"))
    assert started is False
    assert (status["started"], status["ready"], status["restartCount"]) == (True, True, 0)


def test_a_readiness_path_that_is_not_served_answers_404() -> None:
    living = LivingWorld()
    probe = {"httpGet": {"path": "/nope", "port": 8080}, "initialDelaySeconds": 3}
    create_object(living.store, _pod("lost", {"readinessProbe": probe}))
    living.pass_time(8)

    messages = {event["message"] for event in living.events("lost") if event["reason"] == "Unhealthy"}
    assert messages == {"Readiness probe failed: HTTP probe failed with statuscode: 404"}


def test_crash_back_off_doubles_up_to_five_minutes() -> None:
    living = LivingWorld()
    create_object(living.store, _pod("loop", {"image": "busybox:1.36", "command": ["sh", "-c", "exit 1"]}))

    seen = []
    for _ in range(900):
        living.pass_time(1, step=1)
        message = _waiting(living, "loop").get("message", "")
        if message.startswith("back-off") and message.split()[1] not in seen:
            seen.append(message.split()[1])

    assert seen == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]


def test_init_containers_run_one_after_another_before_the_others() -> None:
    living = LivingWorld()
    init = [
        {"name": name, "image": "busybox:1.36", "command": ["sh", "-c", f"echo {name}; sleep 1"]}
        for name in ("first", "second")
    ]
    create_object(living.store, _pod("staged", {}, initContainers=init))
    living.pass_time(3)
    early = living.store.get(PODS, namespace="default", name="staged")
    living.pass_time(8)

    assert container_status(early)["state"] == {"waiting": {"reason": "PodInitializing"}}
    pod = living.store.get(PODS, namespace="default", name="staged")
    assert is_healthy(pod)
    begun = [item["state"]["terminated"]["startedAt"] for item in pod["status"]["initContainerStatuses"]]
    assert begun == sorted(begun)
    assert len(set(begun)) == 2


def test_a_job_that_keeps_failing_reaches_its_limit() -> None:
    living = LivingWorld()
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", "exit 2"]}
    spec = {"backoffLimit": 1, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "report", "namespace": "default"},
        "spec": spec,
    }
    create_object(living.store, job)
    living.pass_time(60)

    status = living.store.get(JOBS, namespace="default", name="report")["status"]
    assert status["failed"] == 2
    assert status["conditions"][-1]["reason"] == "BackoffLimitExceeded"


def test_a_missing_service_account_is_reported_on_the_replica_set() -> None:
    living = LivingWorld()
    spec = {"template": {"spec": {"serviceAccountName": "scorer"}}}
    living.patch(DEPLOYMENTS, "cart", {"spec": spec})
    living.pass_time(3)

    refused = next(event for event in living.events("cart") if event["reason"] == "FailedCreate")
    assert refused["message"].endswith(
        'error looking up service account default/scorer: serviceaccount "scorer" not found'
    )

    living.store.create(SERVICEACCOUNTS, {"metadata": {"name": "scorer", "namespace": "default"}})
    living.wait_for(lambda: living.deployment("cart")["status"].get("updatedReplicas") == 2, at_most=60)


def test_a_claim_of_an_unknown_class_keeps_its_pod_pending() -> None:
    living = LivingWorld()
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "lists", "namespace": "default"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    create_object(living.store, claim)
    volume = {"name": "lists", "persistentVolumeClaim": {"claimName": "lists"}}
    create_object(living.store, _pod("wishes", {}, volumes=[volume]))
    living.pass_time(5)

    condition = living.store.get(PODS, namespace="default", name="wishes")["status"]["conditions"][0]
    assert "pod has unbound immediate PersistentVolumeClaims" in condition["message"]


def test_a_deleted_claim_goes_with_its_volume_when_no_pod_uses_it() -> None:
    living = LivingWorld()

    living.store.delete(PERSISTENTVOLUMECLAIMS, namespace="data", name="data-postgres-0")
    living.pass_time(3)
    held = living.store.find(PERSISTENTVOLUMECLAIMS, namespace="data", name="data-postgres-0")
    living.patch(STATEFULSETS, "postgres", {"spec": {"replicas": 0}}, namespace="data")
    living.pass_time(5)

    assert held is not None
    assert living.store.list_objects(PERSISTENTVOLUMES) == []
    assert living.store.list_objects(PERSISTENTVOLUMECLAIMS, namespace="data") == []


def test_reading_a_log_twice_gives_the_same_lines_and_later_only_more() -> None:
    living = LivingWorld()
    pod = living.pods("gateway")[0]

    first = living.log(pod, tail=50)
    again = living.log(pod, tail=50)
    living.pass_time(10)
    later = living.log(pod, tail=60)

    assert first == again
    assert len(first) == 50
    shared = later.index(first[-1]) + 1
    assert later[shared - 20 : shared] == first[-20:]
    assert shared < len(later)


def test_usage_follows_the_programs_and_needs_a_running_container() -> None:
    living = LivingWorld("image-not-found")

    broken = next(pod for pod in living.pods("reviews") if not is_healthy(pod))
    sample = living.world.usage.pod_usage(namespace="data", name="postgres-0")
    assert living.world.usage.pod_usage(namespace="default", name=broken["metadata"]["name"]) is None
    assert sample is not None
    assert 100 * 1024 < sample.total.memory_kibibytes < 300 * 1024
    node = living.world.usage.node_usage(name="node-1")
    assert node is not None
    assert node.total.cpu_nanocores > 100_000_000
    assert living.world.usage.node_usage(name="node-9") is None


def test_repeated_events_are_counted_and_forgotten_an_hour_after_the_last() -> None:
    living = LivingWorld()
    before = living.store.count(EVENTS)
    create_object(living.store, _pod("loop", {"image": "busybox:1.36", "command": ["sh", "-c", "exit 1"]}))
    living.pass_time(120, step=1)

    counts: JsonObject = {event["reason"]: event.get("count") for event in living.events("loop")}
    assert counts["BackOff"] > 5
    assert counts["Scheduled"] is None

    living.store.delete(PODS, namespace="default", name="loop", grace_seconds=0)
    living.pass_time(3700, step=10)
    assert living.events("loop") == []
    assert living.store.count(EVENTS) <= before
