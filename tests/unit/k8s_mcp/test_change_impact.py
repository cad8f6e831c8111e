"""What a change means for pods, budgets, quotas, autoscalers, keepers and rights."""

from __future__ import annotations

from typing import Any

import pytest

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.changes.autoscaling import describe_autoscaler
from k8s_mcp.changes.budgets import find_headroom
from k8s_mcp.changes.impact import Surroundings, note_replacement, note_scaling
from k8s_mcp.changes.keepers import find_keepers
from k8s_mcp.changes.preview import CallRisk
from k8s_mcp.changes.privileges import find_added_privileges, find_moved_images, registry_of
from k8s_mcp.changes.quotas import find_quota_uses, measure_pod
from k8s_mcp.changes.rollout import Progress, find_failure, judge_rollout
from k8s_mcp.changes.targets import Target, digest_targets
from k8s_mcp.changes.workloads import Workload, write_selector
from k8s_mcp.cluster.interfaces import DEPLOYMENTS

LABELS = {"app": "web"}
FLUX = "kustomize.toolkit.fluxcd.io"


def workload(*, replicas: int = 4, kind: str = "Deployment", **spec: Any) -> JsonObject:  # Any: JSON
    container = {"name": "web", "image": "nginx", "resources": {"requests": {"cpu": "500m"}}}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    return {
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "generation": 2},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template, **spec},
        "status": {"observedGeneration": 2},
    }


def rolling(**update: object) -> JsonObject:
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": update}}


def target(source: JsonObject) -> Target:
    return Target(DEPLOYMENTS, "shop", "web", source)


def budget(*, allowed: int, labels: JsonObject | None = None) -> JsonObject:
    return {
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": LABELS if labels is None else labels}},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 4, "desiredHealthy": 4 - allowed},
    }


def quota(**spec: Any) -> JsonObject:  # Any: JSON
    status = {"hard": {"requests.cpu": "3", "pods": "10"}, "used": {"requests.cpu": "2", "pods": "4"}}
    return {"metadata": {"name": "team"}, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("spec", "down", "extra"),
    [
        ({}, 1, 1),
        (rolling(maxUnavailable=0, maxSurge=1), 0, 1),
        (rolling(maxUnavailable="50%", maxSurge="10%"), 2, 1),
        (rolling(maxUnavailable=0, maxSurge=0), 1, 0),
        ({"strategy": {"type": "Recreate"}}, 4, 0),
    ],
)
def test_pods_that_go_and_come_at_a_time_are_counted_as_the_controller_does(
    spec: JsonObject, down: int, extra: int
) -> None:
    found = Workload(workload(**spec))

    assert (found.max_unavailable, found.max_surge) == (down, extra)


def test_replacement_that_keeps_serving_is_a_plain_change() -> None:
    notes = note_replacement(Workload(workload()), Surroundings())

    assert notes.risk is CallRisk.CHANGE
    assert notes.effects[0].en == "4 pods are replaced, at most 1 missing and 1 extra at a time."
    assert "4 个 Pod" in notes.effects[0].zh


@pytest.mark.parametrize(
    "spec", [{"strategy": {"type": "Recreate"}}, rolling(maxUnavailable="100%")], ids=["recreate", "all at once"]
)
def test_replacement_with_an_outage_is_destructive(spec: JsonObject) -> None:
    assert note_replacement(Workload(workload(**spec)), Surroundings()).risk is CallRisk.DESTRUCTIVE


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "only when somebody deletes them"),
        ("Deployment", {"paused": True}, "paused"),
    ],
)
def test_workload_that_replaces_nothing_by_itself_is_told(kind: str, spec: JsonObject, expected: str) -> None:
    [warning] = note_replacement(Workload(workload(kind=kind, **spec)), Surroundings()).warnings

    assert expected in warning.en


def test_surge_that_exceeds_a_quota_is_a_warning() -> None:
    around = Surroundings(quotas=[quota()])

    notes = note_replacement(Workload(workload(**rolling(maxSurge=3))), around)

    assert "ResourceQuota team would be exceeded (requests.cpu 2 → 3.5 / 3)" in notes.warnings[0].en


def test_scaling_up_shows_the_quota_afterwards() -> None:
    around = Surroundings(quotas=[quota()])

    notes = note_scaling(target(workload()), Workload(workload()), replicas=6, around=around)

    assert notes.risk is CallRisk.CHANGE
    assert "2 pods will be started" in notes.effects[0].en
    assert [words.en for words in notes.effects[1:]] == [
        "ResourceQuota team afterwards: pods 4 → 6 / 10.",
        "ResourceQuota team afterwards: requests.cpu 2 → 3 / 3.",
    ]


def test_scaling_to_nothing_names_the_services_that_lose_their_pods() -> None:
    service = {"metadata": {"name": "web"}, "spec": {"selector": LABELS}}
    around = Surroundings(services=[service, {"metadata": {"name": "headless"}, "spec": {}}])

    notes = note_scaling(target(workload()), Workload(workload()), replicas=0, around=around)

    assert notes.risk is CallRisk.DESTRUCTIVE
    assert "Services that send traffic to these pods: web." in [words.en for words in notes.warnings]


def test_budget_that_is_broken_is_a_warning_and_another_one_is_silent() -> None:
    around = Surroundings(budgets=[budget(allowed=1), budget(allowed=0, labels={"app": "other"})])

    notes = note_scaling(target(workload()), Workload(workload()), replicas=2, around=around)

    [warning] = notes.warnings
    assert "only 1 may go, and this takes 2 at a time" in warning.en


def test_budget_by_expressions_covers_the_pods_it_selects() -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}
    found = find_headroom([{"metadata": {"name": "b"}, "spec": {"selector": selector}, "status": {}}], LABELS)

    assert [headroom.budget for headroom in found] == ["b"]


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        (5, "may change it back"),
        (1, "will set 2 again at once"),
        (50, "will set 10 again at once"),
        (0, "stops working"),
    ],
)
def test_autoscaler_says_what_becomes_of_the_number(replicas: int, expected: str) -> None:
    autoscaler = {"metadata": {"name": "web"}, "spec": {"minReplicas": 2, "maxReplicas": 10}}

    assert expected in describe_autoscaler(autoscaler, replicas=replicas).en


def test_pod_takes_the_larger_of_its_containers_and_an_init_container() -> None:
    def container(cpu: str, **more: str) -> JsonObject:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {"containers": [container("1"), container("500m")], "initContainers": [container("2")]}
    sidecar = {"initContainers": [container("1", restartPolicy="Always")], "containers": [container("1")]}

    assert measure_pod({"spec": spec})["requests.cpu"] == 2
    assert measure_pod({"spec": sidecar})["requests.cpu"] == 2


def test_quota_with_scopes_is_left_to_the_api_server() -> None:
    pod = measure_pod(workload()["spec"]["template"])

    assert find_quota_uses([quota(scopes=["BestEffort"])], pod=pod, more_pods=9) == []


@pytest.mark.parametrize(
    ("labels", "annotations", "expected"),
    [
        ({}, {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}, "Argo CD"),
        ({"argocd.argoproj.io/instance": "shop"}, {}, "Argo CD"),
        (
            {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
            {},
            "flux/shop",
        ),
        ({"helm.toolkit.fluxcd.io/name": "shop"}, {}, "Flux HelmRelease"),
        ({"app.kubernetes.io/managed-by": "Helm"}, {"meta.helm.sh/release-name": "shop"}, "Installed by Helm"),
        ({"app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "shop"}, {}, "Argo CD"),
    ],
)
def test_keeper_is_known_by_its_marks(labels: JsonObject, annotations: JsonObject, expected: str) -> None:
    [keeper] = find_keepers({"metadata": {"labels": labels, "annotations": annotations}})

    assert expected in keeper.words.en


def test_object_of_nobody_has_no_keeper() -> None:
    assert find_keepers({"metadata": {"labels": {"app.kubernetes.io/managed-by": "kubectl"}}}) == []
    assert find_keepers(None) == []


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", "docker.io"),
        ("library/nginx:1", "docker.io"),
        ("ghcr.io/a/b@sha256:1", "ghcr.io"),
        ("localhost/a", "localhost"),
        ("registry:5000/a", "registry:5000"),
    ],
)
def test_registry_is_the_host_of_an_image(image: str, registry: str) -> None:
    assert registry_of(image) == registry


def pod(spec: JsonObject) -> JsonObject:
    return {"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec}}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (pod({"hostPID": True}), "Shares the node's processes"),
        (pod({"containers": [{"name": "c", "securityContext": {"privileged": True}}]}), "runs privileged"),
        (
            pod({"containers": [{"name": "c", "securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}}}]}),
            "SYS_ADMIN",
        ),
        (pod({"initContainers": [{"name": "i", "securityContext": {"runAsUser": 0}}]}), "Container i runs as root"),
        (pod({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}), "Mounts the folder / of the node"),
        ({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostIPC": True}}}}}}, "IPC"),
        (
            {
                "kind": "ClusterRoleBinding",
                "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "User", "name": "eve"}],
            },
            "Gives ClusterRole cluster-admin to User eve.",
        ),
        ({"kind": "Role", "rules": [{"verbs": ["*"]}]}, "every verb"),
        ({"kind": "Service", "spec": {"type": "LoadBalancer"}}, "Reachable from outside"),
        (
            {"kind": "Namespace", "metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}},
            "Sets Pod Security: pod-security.kubernetes.io/enforce=privileged.",
        ),
    ],
)
def test_added_rights_are_found(after: JsonObject, expected: str) -> None:
    [words] = find_added_privileges(None, after)

    assert expected in words.en
    assert find_added_privileges(after, after) == []


def test_new_container_is_no_moved_image() -> None:
    after = pod({"containers": [{"name": "c", "image": "nginx:2"}, {"name": "new", "image": "ghcr.io/x"}]})

    assert find_moved_images(pod({}), after) == []


def status(**counts: int) -> JsonObject:
    return {"observedGeneration": 2, **counts}


def test_rollout_is_complete_when_all_pods_are_new_and_ready() -> None:
    source = {**workload(), "status": status(replicas=4, updatedReplicas=4, availableReplicas=4)}

    assert judge_rollout(Workload(source), before=Workload(workload()), new_pods=[]).progress is Progress.COMPLETE


@pytest.mark.parametrize(
    "counts",
    [
        status(replicas=5, updatedReplicas=4, availableReplicas=5),
        status(replicas=4, updatedReplicas=3, availableReplicas=4),
        {**status(replicas=4, updatedReplicas=4, availableReplicas=4), "observedGeneration": 1},
    ],
    ids=["old pod left", "not all updated", "not seen yet"],
)
def test_rollout_goes_on_until_then(counts: JsonObject) -> None:
    source = {**workload(), "status": counts}

    assert judge_rollout(Workload(source), before=Workload(workload()), new_pods=[]).progress is Progress.PROGRESSING


def test_only_new_failures_count() -> None:
    stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "lastUpdateTime": "1"}
    before = {**workload(), "status": {**status(), "conditions": [stuck]}}
    later = {**workload(), "status": {**status(), "conditions": [{**stuck, "lastUpdateTime": "2"}]}}

    assert judge_rollout(Workload(before), before=Workload(before), new_pods=[]).progress is Progress.PROGRESSING
    assert judge_rollout(Workload(later), before=Workload(before), new_pods=[]).progress is Progress.FAILING


def test_partition_of_a_stateful_set_is_not_waited_for() -> None:
    source = workload(kind="StatefulSet", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 3}})
    source["status"] = status(replicas=4, updatedReplicas=1, readyReplicas=4)

    assert judge_rollout(Workload(source), before=Workload(source), new_pods=[]).progress is Progress.COMPLETE


def failing_pod(**state: Any) -> JsonObject:  # Any: JSON
    statuses = [{"name": "c", "restartCount": 1, **state}]
    return {**pod({}), "status": {"phase": "Pending", "containerStatuses": statuses}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            failing_pod(state={"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}),
            "Pod a ImagePullBackOff: not found",
        ),
        (
            failing_pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": {"exitCode": 1}}),
            "Pod a CrashLoopBackOff: exit code 1",
        ),
        (failing_pod(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), "Pod a OOMKilled: exit code 137"),
        (failing_pod(state={"waiting": {"reason": "ContainerCreating"}}), None),
        (failing_pod(state={"running": {}}), None),
    ],
)
def test_pod_that_will_not_become_ready_is_told_with_its_reason(found: JsonObject, expected: str | None) -> None:
    words = find_failure(found)

    assert (words and words.en) == expected


def test_unschedulable_pod_is_told_with_the_schedulers_words() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    words = find_failure({**pod({}), "status": {"conditions": [condition]}})

    assert words is not None
    assert words.en == "Pod a cannot be scheduled: 0/3 nodes"


def test_selector_is_written_as_lists_take_it() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "old", "operator": "DoesNotExist"},
        {"key": "new", "operator": "Exists"},
    ]

    assert write_selector({"matchLabels": LABELS, "matchExpressions": expressions}) == "app=web,tier in (a,b),!old,new"


def test_binding_ends_with_every_change_but_that_of_the_status() -> None:
    before = workload()
    writer = {"manager": "kubectl", "operation": "Update", "time": "2026-01-01T00:00:00Z"}
    before["metadata"]["managedFields"] = [writer]
    started = {**before, "status": {"readyReplicas": 1}}
    heartbeat = {
        "manager": "controller",
        "operation": "Update",
        "time": "2026-01-02T00:00:00Z",
        "subresource": "status",
    }
    started["metadata"] = {**before["metadata"], "managedFields": [writer, heartbeat], "resourceVersion": "9"}
    changed_back = {**before, "metadata": {**before["metadata"], "managedFields": [{**writer, "time": "later"}]}}
    labelled = {**before, "metadata": {**before["metadata"], "labels": {"a": "b"}}}

    digest = digest_targets([target(before)])

    assert digest_targets([target(started)]) == digest
    assert digest_targets([target(changed_back)]) != digest
    assert digest_targets([target(labelled)]) != digest


def test_binding_goes_by_the_version_where_nothing_else_tells() -> None:
    plain: JsonObject = {"metadata": {"name": "web", "resourceVersion": "1"}}
    later: JsonObject = {"metadata": {"name": "web", "resourceVersion": "2"}}

    assert digest_targets([target(plain)]) != digest_targets([target(later)])
