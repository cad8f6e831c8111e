"""Scenarios as trials: each breaks something, its repair heals it, and its twin is healthy. Most stand side by side."""

import pytest

from simulator.world import Scenario, all_scenarios
from tests.fakes.cluster_complaints import complaints_about
from tests.fakes.simulated_world import LivingWorld

HEALING_SECONDS = 1800
TOGETHER = [scenario for scenario in all_scenarios() if not scenario.is_alone]
ALONE = [scenario for scenario in all_scenarios() if scenario.is_alone]
# Every pod runs, or has run, in these: what is wrong stands in logs, schedules, numbers, or in what leads to the pods.
SILENT = {
    "cronjob-failing",
    "cronjob-invalid-schedule",
    "cronjob-missed-runs",
    "cronjob-suspended",
    "daemonset-short",
    "dependency-failing",
    "dns-policy-wrong",
    "evicted",
    "ingress-certificate-expired",
    "ingress-class-missing",
    "ingress-port-missing",
    "ingress-service-missing",
    "ingress-tls-missing",
    "innocent-change",
    "job-never-ends",
    "loud-logs-and-a-wrong-port",
    "memory-near-limit",
    "network-policy-blocks",
    "network-policy-blocks-dns",
    "node-cordoned",
    "node-overcommitted",
    "node-too-many-pods",
    "node-version-skew",
    "pdb-blocks-drain",
    "pdb-selects-nothing",
    "pvc-nearly-full",
    "retried-job",
    "rollout-paused",
    "service-named-port-missing",
    "service-wrong-target-port",
    "statefulset-service-missing",
}


def test_faults_that_stand_side_by_side_show_and_heal() -> None:
    living = LivingWorld(*(scenario.id for scenario in TOGETHER))

    quiet = {each.id for each in TOGETHER if not complaints_about(living.store, set(each.namespaces))}
    for scenario in TOGETHER:
        living.heal(scenario)
    living.pass_time(HEALING_SECONDS, step=HEALING_SECONDS)

    assert quiet == SILENT & {scenario.id for scenario in TOGETHER}
    assert complaints_about(living.store) == []


def test_twins_that_stand_side_by_side_are_healthy() -> None:
    living = LivingWorld(*(scenario.id for scenario in TOGETHER if scenario.twin), as_twins=True)

    assert complaints_about(living.store) == []


@pytest.mark.parametrize("scenario", ALONE, ids=lambda scenario: scenario.id)
def test_a_fault_of_the_whole_cluster_shows_and_heals_and_its_twin_is_healthy(scenario: Scenario) -> None:
    living = LivingWorld(scenario.id)

    assert bool(complaints_about(living.store)) is (scenario.id not in SILENT)
    living.heal(scenario)
    living.pass_time(HEALING_SECONDS, step=HEALING_SECONDS)
    assert complaints_about(living.store) == []
    if scenario.twin is not None:
        assert complaints_about(LivingWorld(scenario.id, as_twins=True).store) == []


def test_scenarios_say_who_is_to_blame_in_a_form_that_can_be_compared() -> None:
    for scenario in all_scenarios():
        paths = [scenario.object_at_fault, scenario.subject, *(item.object for item in scenario.expected)]
        assert all(path.count("/") == 2 for path in paths), scenario.id
        assert any(not item.is_effect for item in scenario.expected), scenario.id
        texts = [
            scenario.title,
            scenario.root_cause,
            scenario.fix.text,
            *([scenario.twin.about] if scenario.twin else []),
        ]
        assert all(text.en and text.zh for text in texts), scenario.id


def test_only_variants_of_another_scenario_have_no_twin() -> None:
    without = {scenario.id for scenario in all_scenarios() if scenario.twin is None}

    assert without == {
        "node-lost-and-image-missing",
        "node-network-plugin-missing",
        "node-process-ids-exhausted",
        "node-runtime-down",
    }
