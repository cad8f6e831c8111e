"""The rules of the diagnosis against every scenario, without a server in between: many faults side by side."""

from k8s_diagnosis.conditions import CONDITIONS
from k8s_diagnosis.diagnosing import diagnose
from simulator.world import all_scenarios
from tests.fakes.simulated_world import LivingWorld
from tests.fakes.world_snapshot import snapshot_of

TOGETHER = [each for each in all_scenarios() if not each.is_alone]
HEALING_SECONDS = 1800


def _roots(living: LivingWorld) -> set[tuple[str, str]]:
    return {(found.problem.condition, found.problem.object) for found in diagnose(snapshot_of(living)).findings}


def test_every_condition_that_can_be_named_has_a_scenario() -> None:
    expected = {item.condition for scenario in all_scenarios() for item in scenario.expected}

    assert expected == set(CONDITIONS)


def test_faults_side_by_side_are_all_named_and_none_is_named_after_their_repair() -> None:
    living = LivingWorld(*(scenario.id for scenario in TOGETHER))

    expected = {(e.condition, e.object) for scenario in TOGETHER for e in scenario.expected if not e.is_effect}
    broken = _roots(living)
    for scenario in TOGETHER:
        living.heal(scenario)
    living.pass_time(HEALING_SECONDS, step=HEALING_SECONDS)

    assert (expected - broken, broken - expected) == (set(), set())
    assert _roots(living) == set()


def test_nothing_is_said_of_healthy_twins_side_by_side() -> None:
    twins = LivingWorld(*(scenario.id for scenario in TOGETHER if scenario.twin), as_twins=True)

    assert _roots(twins) == set()
