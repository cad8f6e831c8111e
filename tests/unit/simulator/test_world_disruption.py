"""Budgets count their pods, and evictions respect them; templates are kept as revisions."""

from simulator.api_resources import CONTROLLERREVISIONS, DAEMONSETS, PODDISRUPTIONBUDGETS, STATEFULSETS
from simulator.store import JsonObject
from simulator.world.steps import create_object
from tests.fakes.simulated_world import LivingWorld


def _budget(**spec: object) -> JsonObject:
    selector = {"matchLabels": {"app.kubernetes.io/name": "web"}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": selector, **spec},
    }


def _status(living: LivingWorld) -> JsonObject:
    found: JsonObject = living.store.get(PODDISRUPTIONBUDGETS, namespace="default", name="web")["status"]
    return found


def test_a_budget_counts_healthy_pods_and_what_may_go() -> None:
    living = LivingWorld()
    create_object(living.store, _budget(minAvailable=2))
    living.pass_time(1)

    status = _status(living)
    counts = [status[field] for field in ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")]
    assert counts == [3, 2, 3, 1]
    assert [(c["type"], c["status"], c["reason"]) for c in status["conditions"]] == [
        ("DisruptionAllowed", "True", "SufficientPods")
    ]


def test_a_share_that_may_be_missing_is_counted_from_the_wanted_replicas() -> None:
    living = LivingWorld()
    create_object(living.store, _budget(maxUnavailable="34%"))
    living.pass_time(1)

    assert (_status(living)["desiredHealthy"], _status(living)["disruptionsAllowed"]) == (1, 2)


def test_a_budget_that_nothing_matches_allows_nothing_and_says_so() -> None:
    living = LivingWorld()
    budget = _budget(minAvailable=1)
    budget["spec"]["selector"] = {"matchLabels": {"app": "nobody"}}
    create_object(living.store, budget)
    living.pass_time(1)

    assert _status(living)["disruptionsAllowed"] == 0
    assert [event["message"] for event in living.events("web") if event["reason"] == "NoPods"] == [
        "No matching pods found"
    ]


def test_templates_of_stateful_and_daemon_sets_are_kept_as_revisions() -> None:
    living = LivingWorld()
    before = living.store.get(STATEFULSETS, namespace="data", name="redis")
    redis = {"name": "redis", "image": "redis:7.2.5"}
    living.patch(STATEFULSETS, "redis", {"spec": {"template": {"spec": {"containers": [redis]}}}}, namespace="data")
    living.pass_time(40)

    found = [
        item
        for item in living.store.list_objects(CONTROLLERREVISIONS, namespace="data")
        if item["metadata"]["name"].startswith("redis-")
    ]
    assert sorted(item["revision"] for item in found) == [1, 2]
    oldest = min(found, key=lambda item: int(item["revision"]))
    assert oldest["metadata"]["name"] == before["status"]["updateRevision"]
    assert oldest["data"]["spec"]["template"]["spec"]["containers"][0]["image"] == "redis:7.4.1"


def test_going_back_to_an_earlier_template_makes_its_revision_the_newest() -> None:
    living = LivingWorld()

    def set_request(cpu: str) -> None:
        container = {"name": "kube-proxy", "resources": {"requests": {"cpu": cpu}}}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        living.patch(DAEMONSETS, "kube-proxy", patch, namespace="kube-system")
        living.pass_time(30)

    set_request("60m")
    set_request("50m")

    revisions = living.store.list_objects(CONTROLLERREVISIONS, namespace="kube-system")
    by_number = {
        int(item["revision"]): item["data"]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
        for item in revisions
        if item["metadata"]["name"].startswith("kube-proxy-")
    }
    assert by_number == {2: "60m", 3: "50m"}
