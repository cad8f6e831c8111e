"""What users do to workloads: scaling, deleting, updating, rolling back, pausing; and how the cluster follows."""

from simulator.api_resources import (
    CONFIGMAPS,
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    SERVICEACCOUNTS,
    STATEFULSETS,
)
from simulator.store import JsonObject
from tests.fakes.simulated_world import LivingWorld, container_status, is_healthy


def _use_image(living: LivingWorld, name: str, image: str) -> None:
    container = {"name": name, "image": image}
    living.patch(DEPLOYMENTS, name, {"spec": {"template": {"spec": {"containers": [container]}}}})


def _condition(deployment: JsonObject, kind: str) -> JsonObject:
    found: JsonObject = next(item for item in deployment["status"]["conditions"] if item["type"] == kind)
    return found


def _revision(item: JsonObject) -> str:
    return str(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def test_scaling_up_brings_ready_pods_within_seconds() -> None:
    living = LivingWorld()

    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})

    took = living.wait_for(lambda: living.deployment("web")["status"].get("readyReplicas") == 5, at_most=8)
    assert took >= 2
    assert len(living.endpoints("web")) == 5
    messages = [event["message"] for event in living.events("web") if event["reason"] == "ScalingReplicaSet"]
    assert len(messages) == 1
    assert messages[0].endswith("from 3 to 5")


def test_scaling_down_removes_the_youngest_pods_first() -> None:
    living = LivingWorld()
    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})
    before = {pod["metadata"]["name"] for pod in living.pods("web")}
    living.pass_time(8)

    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 3}})
    living.pass_time(5)

    assert {pod["metadata"]["name"] for pod in living.pods("web")} == before
    assert living.deployment("web")["status"]["replicas"] == 3


def test_scaling_to_zero_leaves_an_empty_slice_and_no_unavailable_replicas() -> None:
    living = LivingWorld()

    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    living.pass_time(5)

    assert living.pods("web") == []
    assert living.endpoints("web") == []
    assert "replicas" not in living.deployment("web")["status"]


def test_a_deleted_pod_ends_gracefully_and_is_replaced() -> None:
    living = LivingWorld()
    victim = living.pods("gateway")[0]["metadata"]["name"]

    marked = living.store.delete(PODS, namespace="default", name=victim)
    living.pass_time(6)

    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    names = [pod["metadata"]["name"] for pod in living.pods("gateway")]
    assert victim not in names
    assert len(names) == 2
    assert all(is_healthy(pod) for pod in living.pods("gateway"))


def test_a_pod_that_is_killed_at_once_gives_its_place_back() -> None:
    living = LivingWorld()
    victim = living.pods("cart")[0]["metadata"]["name"]

    living.store.delete(PODS, namespace="default", name=victim, grace_seconds=0)
    living.pass_time(6)

    assert len(living.pods("cart")) == 2
    assert living.unhealthy_pods() == []


def test_a_rolling_update_never_goes_below_what_is_allowed() -> None:
    living = LivingWorld()
    _use_image(living, "web", "nginx:1.28.0")
    fewest, most = 3, 0

    for _ in range(100):
        living.pass_time(0.3)
        fewest = min(fewest, living.deployment("web")["status"].get("availableReplicas", 0))
        most = max(most, living.deployment("web")["status"]["replicas"])

    images = {pod["spec"]["containers"][0]["image"] for pod in living.pods("web")}
    assert images == {"nginx:1.28.0"}
    assert (fewest, most) == (3, 4)
    assert _condition(living.deployment("web"), "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_each_template_is_a_revision_and_going_back_takes_up_the_old_replica_set() -> None:
    living = LivingWorld()
    before = _revision(living.deployment("web"))
    old = living.pods("web")[0]["metadata"]["labels"]["pod-template-hash"]
    image = living.pods("web")[0]["spec"]["containers"][0]["image"]

    _use_image(living, "web", "nginx:1.28.0")
    living.pass_time(30)
    _use_image(living, "web", image)
    living.pass_time(30)

    assert {pod["metadata"]["labels"]["pod-template-hash"] for pod in living.pods("web")} == {old}
    assert int(_revision(living.deployment("web"))) == int(before) + 2
    assert (
        living.deployment("web")["status"]["observedGeneration"] == living.deployment("web")["metadata"]["generation"]
    )


def test_old_revisions_are_forgotten_beyond_the_limit() -> None:
    living = LivingWorld()
    living.patch(DEPLOYMENTS, "web", {"spec": {"revisionHistoryLimit": 1}})

    for image in ("nginx:1.28.0", "nginx:1.29.1", "nginx:1.27.2"):
        _use_image(living, "web", image)
        living.pass_time(30)

    sets = living.store.list_objects(REPLICASETS, namespace="default")
    assert len([item for item in sets if item["metadata"]["name"].startswith("web-")]) == 2


def test_a_restart_annotation_replaces_all_pods() -> None:
    living = LivingWorld()
    before = {pod["metadata"]["name"] for pod in living.pods("orders")}

    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-11-21T09:30:00Z"}
    living.patch(DEPLOYMENTS, "orders", {"spec": {"template": {"metadata": {"annotations": annotations}}}})
    living.pass_time(30)

    assert before.isdisjoint(pod["metadata"]["name"] for pod in living.pods("orders"))
    assert living.unhealthy_pods() == []


def test_a_paused_deployment_scales_but_does_not_roll() -> None:
    living = LivingWorld()
    image = living.pods("web")[0]["spec"]["containers"][0]["image"]

    living.patch(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    _use_image(living, "web", "nginx:1.28.0")
    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 4}})
    living.pass_time(10)

    assert [pod["spec"]["containers"][0]["image"] for pod in living.pods("web")] == [image] * 4
    assert _condition(living.deployment("web"), "Progressing")["reason"] == "DeploymentPaused"


def test_a_stuck_rollout_keeps_the_old_pods_and_is_called_timed_out() -> None:
    living = LivingWorld()

    _use_image(living, "gateway", "webshop/gateway:9.9.9")
    living.pass_time(620, step=5)

    deployment = living.deployment("gateway")
    assert deployment["status"]["availableReplicas"] == 2
    assert _condition(deployment, "Progressing")["reason"] == "ProgressDeadlineExceeded"


def test_a_stateful_set_replaces_its_pod_under_the_same_name_and_volume() -> None:
    living = LivingWorld()
    before = living.store.get(PODS, namespace="data", name="postgres-0")

    living.store.delete(PODS, namespace="data", name="postgres-0")
    living.wait_for(lambda: bool(living.unhealthy_pods()), at_most=5)
    living.wait_for(lambda: not living.unhealthy_pods(), at_most=30)

    after = living.store.get(PODS, namespace="data", name="postgres-0")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["phase"] == "Running"


def test_services_that_need_the_database_are_not_ready_while_it_is_away() -> None:
    living = LivingWorld()

    living.patch(STATEFULSETS, "postgres", {"spec": {"replicas": 0}}, namespace="data")
    living.wait_for(lambda: "default/orders" in living.unhealthy_pods(), at_most=60)
    living.patch(STATEFULSETS, "postgres", {"spec": {"replicas": 1}}, namespace="data")

    living.wait_for(lambda: not living.unhealthy_pods(), at_most=60)


def test_a_daemon_set_runs_once_per_node_and_follows_new_nodes() -> None:
    living = LivingWorld()
    template = living.store.get(NODES, name="node-3")
    spec = {"podCIDR": "10.244.9.0/24"}

    living.store.create(NODES, {**template, "metadata": {**template["metadata"], "name": "node-4"}, "spec": spec})
    living.pass_time(8)

    nodes = {pod["spec"]["nodeName"] for pod in living.pods("kube-proxy", namespace="kube-system")}
    assert nodes == {"node-1", "node-2", "node-3", "node-4"}
    assert living.store.get(DAEMONSETS, namespace="kube-system", name="kube-proxy")["status"]["numberReady"] == 4


def test_a_cordoned_node_gets_no_new_pod() -> None:
    living = LivingWorld()
    before = {pod["metadata"]["name"] for pod in living.pods("web")}

    living.patch(NODES, "node-2", {"spec": {"unschedulable": True}}, namespace="")
    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 8}})
    living.pass_time(8)

    new = [pod for pod in living.pods("web") if pod["metadata"]["name"] not in before]
    assert len(new) == 5
    assert "node-2" not in {pod["spec"]["nodeName"] for pod in new}


def test_a_job_completes() -> None:
    living = LivingWorld()

    job = living.store.get(JOBS, namespace="data", name="schema-migration")

    assert job["status"]["succeeded"] == 1
    assert [item["type"] for item in job["status"]["conditions"]] == ["SuccessCriteriaMet", "Complete"]


def test_deleting_a_deployment_takes_its_replica_sets_and_pods_along() -> None:
    living = LivingWorld()

    living.store.delete(DEPLOYMENTS, namespace="default", name="search")
    living.pass_time(6)

    sets = living.store.list_objects(REPLICASETS, namespace="default")
    assert [item for item in sets if item["metadata"]["name"].startswith("search-")] == []
    assert living.pods("search") == []


def test_orphaned_pods_stay() -> None:
    living = LivingWorld()

    living.store.delete(DEPLOYMENTS, namespace="default", name="search", finalizer="orphan")
    living.pass_time(3)

    assert living.store.find(DEPLOYMENTS, namespace="default", name="search") is None
    assert len(living.pods("search")) == 1


def test_foreground_deletion_waits_for_the_pods() -> None:
    living = LivingWorld()

    living.store.delete(DEPLOYMENTS, namespace="default", name="search", finalizer="foregroundDeletion")
    assert living.store.find(DEPLOYMENTS, namespace="default", name="search") is not None
    living.pass_time(8)

    assert living.store.find(DEPLOYMENTS, namespace="default", name="search") is None
    assert living.pods("search") == []


def test_a_deleted_namespace_is_emptied_and_goes() -> None:
    living = LivingWorld()

    living.store.delete(NAMESPACES, name="payments")
    living.pass_time(12)

    assert living.store.find(NAMESPACES, name="payments") is None
    assert living.store.list_objects(PODS, namespace="payments") == []
    assert living.store.list_objects(ENDPOINTSLICES, namespace="payments") == []


def test_a_new_namespace_gets_its_service_account_and_root_certificate() -> None:
    living = LivingWorld()

    living.store.create(NAMESPACES, {"metadata": {"name": "team"}})

    assert living.store.find(SERVICEACCOUNTS, namespace="team", name="default") is not None
    assert living.store.find(CONFIGMAPS, namespace="team", name="kube-root-ca.crt") is not None


def test_a_pod_whose_label_is_changed_is_released_and_replaced() -> None:
    living = LivingWorld()
    name = living.pods("cart")[0]["metadata"]["name"]

    living.patch(PODS, name, {"metadata": {"labels": {"app.kubernetes.io/name": "cart-debug"}}})
    living.pass_time(6)

    assert "ownerReferences" not in living.store.get(PODS, namespace="default", name=name)["metadata"]
    assert len(living.pods("cart")) == 3
    assert len(living.endpoints("cart")) == 2


def test_a_shell_pod_runs_its_script() -> None:
    living = LivingWorld()
    script = "echo hello; sleep 2; exit 3"
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    spec = {"restartPolicy": "Never", "containers": [container]}

    living.store.create(PODS, {"metadata": {"name": "once", "namespace": "default"}, "spec": spec})
    living.pass_time(8)

    pod = living.store.get(PODS, namespace="default", name="once")
    assert pod["status"]["phase"] == "Failed"
    assert container_status(pod)["state"]["terminated"]["exitCode"] == 3
    assert living.log(pod) == ["hello"]
