"""Every scenario shows its fault, is absent from the healthy estate, and heals when its fix is applied."""

import pytest

from simulator.api_resources import DEPLOYMENTS, EVENTS, NAMESPACES, NODES, SERVICES
from simulator.world import UnknownScenario, load_scenarios
from tests.fakes.simulated_world import LivingWorld, container_status

IDS = [scenario.id for scenario in load_scenarios(None)]
FAULTY = {
    "crash-missing-env": "default/checkout",
    "oom-killed": "default/recommendation",
    "image-not-found": "default/reviews",
    "readiness-wrong-port": "default/inventory",
    "configmap-missing": "default/shipping",
    "pending-insufficient-cpu": "data/analytics",
    "liveness-too-aggressive": "payments/payment-api",
    "service-selector-no-match": "payments/fraud-check",
}
WAITING_REASONS = {
    "crash-missing-env": {"CrashLoopBackOff"},
    "oom-killed": {"CrashLoopBackOff"},
    "image-not-found": {"ImagePullBackOff", "ErrImagePull"},
    "configmap-missing": {"CreateContainerConfigError"},
    "liveness-too-aggressive": {"CrashLoopBackOff"},
}


def test_the_demo_has_the_agreed_faults() -> None:
    assert set(IDS) == set(FAULTY)


def test_the_healthy_estate_has_no_unhealthy_pod_and_no_warning() -> None:
    living = LivingWorld()

    assert living.unhealthy_pods() == []
    assert [event for event in living.store.list_objects(EVENTS) if event["type"] == "Warning"] == []


def test_the_estate_has_three_nodes_and_its_namespaces() -> None:
    living = LivingWorld()

    names = [item["metadata"]["name"] for item in living.store.list_objects(NAMESPACES)]
    assert names == ["data", "default", "kube-node-lease", "kube-public", "kube-system", "payments"]
    assert [item["metadata"]["name"] for item in living.store.list_objects(NODES)] == ["node-1", "node-2", "node-3"]


@pytest.mark.parametrize("scenario_id", sorted(WAITING_REASONS))
def test_a_fault_shows_in_the_state_of_its_pods(scenario_id: str) -> None:
    living = LivingWorld(scenario_id)

    namespace, _, workload = FAULTY[scenario_id].partition("/")
    broken = [pod for pod in living.pods(workload, namespace=namespace) if not container_status(pod)["ready"]]
    assert broken
    assert {container_status(pod)["state"]["waiting"]["reason"] for pod in broken} <= WAITING_REASONS[scenario_id]
    assert set(living.unhealthy_pods()) == {FAULTY[scenario_id]}


def test_a_missing_variable_is_named_in_the_log_of_the_crashed_run() -> None:
    living = LivingWorld("crash-missing-env")

    pod = living.pods("checkout")[0]
    assert "required environment variable ORDERS_DB_URL is not set" in living.log(pod, previous=True)[-1]
    assert container_status(pod)["lastState"]["terminated"]["exitCode"] == 1
    assert container_status(pod)["restartCount"] > 20


def test_memory_over_the_limit_ends_the_run_with_137() -> None:
    living = LivingWorld("oom-killed")

    ended = container_status(living.pods("recommendation")[0])["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")


def test_an_unsatisfiable_request_keeps_the_pod_pending_with_the_scheduler_saying_why() -> None:
    living = LivingWorld("pending-insufficient-cpu")

    pod = living.pods("analytics", namespace="data")[0]
    condition = pod["status"]["conditions"][0]
    assert (condition["type"], condition["reason"]) == ("PodScheduled", "Unschedulable")
    assert condition["message"].startswith("0/3 nodes are available: 3 Insufficient cpu.")


def test_a_readiness_probe_on_the_wrong_port_leaves_the_service_without_ready_endpoints() -> None:
    living = LivingWorld("readiness-wrong-port")

    assert {endpoint["conditions"]["ready"] for endpoint in living.endpoints("inventory")} == {False}
    unhealthy = [event for event in living.events("inventory") if event["reason"] == "Unhealthy"]
    assert all(":8081/healthz" in event["message"] for event in unhealthy)
    assert unhealthy[0]["count"] > 100


def test_an_impatient_liveness_probe_kills_every_start() -> None:
    living = LivingWorld("liveness-too-aggressive")

    reasons = {event["reason"] for event in living.events("payment-api", namespace="payments")}
    assert {"Killing", "Unhealthy", "BackOff"} <= reasons
    pod = living.pods("payment-api", namespace="payments")[0]
    assert container_status(pod)["lastState"]["terminated"]["exitCode"] == 143


def test_a_selector_that_matches_nothing_leaves_the_service_empty_and_its_pods_fine() -> None:
    living = LivingWorld("service-selector-no-match")

    assert living.endpoints("fraud-check", namespace="payments") == []
    assert living.unhealthy_pods() == []
    log = living.log(living.pods("payment-api", namespace="payments")[0], tail=200)
    assert any("dependency http://fraud-check failed" in line for line in log)


@pytest.mark.parametrize("scenario_id", IDS)
def test_the_fix_heals(scenario_id: str) -> None:
    living = LivingWorld(scenario_id)
    scenario = load_scenarios([scenario_id])[0]
    namespace, _, workload = FAULTY[scenario_id].partition("/")

    living.heal(scenario)

    def is_whole() -> bool:
        wanted = living.deployment(workload, namespace=namespace)["spec"]["replicas"]
        ready = [item for item in living.endpoints(workload, namespace=namespace) if item["conditions"]["ready"]]
        return not living.unhealthy_pods() and len(ready) == wanted

    living.wait_for(is_whole, at_most=60)


def test_another_correct_fix_heals_as_well() -> None:
    living = LivingWorld("oom-killed")

    smaller = {"name": "recommendation", "env": [{"name": "MODEL_CACHE_MIB", "value": "128"}]}
    living.patch(DEPLOYMENTS, "recommendation", {"spec": {"template": {"spec": {"containers": [smaller]}}}})

    living.wait_for(lambda: not living.unhealthy_pods(), at_most=30)


def test_a_wrong_fix_does_not_heal() -> None:
    living = LivingWorld("oom-killed")

    larger = {"name": "recommendation", "resources": {"limits": {"memory": "300Mi"}}}
    living.patch(DEPLOYMENTS, "recommendation", {"spec": {"template": {"spec": {"containers": [larger]}}}})
    living.pass_time(60)

    assert set(living.unhealthy_pods()) == {"default/recommendation"}


def test_the_same_breakage_by_a_user_breaks_another_workload_too() -> None:
    living = LivingWorld()

    wrong = {"name": "cart", "image": "webshop/cart:0.0.0"}
    living.patch(DEPLOYMENTS, "cart", {"spec": {"template": {"spec": {"containers": [wrong]}}}})
    living.pass_time(10)

    assert set(living.unhealthy_pods()) == {"default/cart"}


def test_a_selector_broken_by_a_user_empties_the_service() -> None:
    living = LivingWorld()

    living.patch(SERVICES, "catalog", {"spec": {"selector": {"app.kubernetes.io/name": "catalogue"}}})
    living.pass_time(1)

    assert living.endpoints("catalog") == []


def test_all_faults_at_once_touch_only_their_own_workloads() -> None:
    living = LivingWorld(*IDS)

    expected = set(FAULTY.values()) - {"payments/fraud-check"}
    assert set(living.unhealthy_pods()) == expected


def test_the_same_seed_gives_the_same_world_and_another_seed_other_names() -> None:
    def names(seed: int) -> list[str]:
        living = LivingWorld(*IDS, seed=seed)
        living.pass_time(5)
        return [event["metadata"]["name"] + event["message"] for event in living.events()]

    assert names(7) == names(7)
    assert names(7) != names(8)


def test_an_unknown_scenario_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(UnknownScenario, match="crash-missing-env"):
        load_scenarios(["nope"])
