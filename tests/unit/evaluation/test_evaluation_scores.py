"""How an evaluation counts what was found, missed and made up."""

from dataclasses import replace

from evaluation.reporting import describe_result, describe_trial, to_json
from evaluation.trials import Finding, Role, Trial, score, score_by_condition
from simulator.world import Expected

QUOTA = Expected(condition="quota-exceeded", object="ResourceQuota/shop/limits")
TRUE = Finding(QUOTA.condition, QUOTA.object, 0.98, "The quota is used up.")
MADE_UP = Finding("dns-broken", "Deployment/kube-system/coredns", 0.6, "Names do not resolve.")


def _trial(*found: Finding, role: Role = Role.FAULT) -> Trial:
    return Trial("quota-exceeded", role, (QUOTA,) if role is Role.FAULT else (), found, 0.1)


def test_everything_found_and_nothing_else_is_perfect() -> None:
    trials = [_trial(TRUE), _trial(role=Role.HEALED), _trial(role=Role.TWIN)]

    total = score(trials)

    assert (total.precision, total.recall, total.is_perfect) == (1.0, 1.0, True)
    assert all(trial.is_right for trial in trials)


def test_a_missed_fault_lowers_recall_and_a_made_up_one_precision() -> None:
    total = score([_trial(TRUE, MADE_UP), _trial()])

    assert (total.precision, total.recall, total.is_perfect) == (0.5, 0.5, False)


def test_the_right_condition_at_the_wrong_object_is_missed_and_made_up() -> None:
    elsewhere = Finding(QUOTA.condition, "Deployment/shop/web", 0.9, "The quota is used up.")

    total = score([_trial(elsewhere)])

    assert (total.found, total.missed, total.false) == (0, 1, 1)


def test_a_true_cause_behind_another_one_is_not_right() -> None:
    trial = _trial(MADE_UP, TRUE)

    assert trial.rank == 2
    assert score([trial]).first == 0
    assert "true cause only in place 2" in describe_trial(trial)


def test_anything_said_of_a_healthy_twin_is_made_up() -> None:
    trial = _trial(MADE_UP, role=Role.TWIN)

    assert not trial.is_right
    assert score_by_condition([trial])["dns-broken"].false == 1


def test_an_effect_has_to_stand_under_its_cause() -> None:
    silent = Expected(condition="service-no-ready-endpoints", object="Service/shop/web", is_effect=True)
    effect = Finding(silent.condition, silent.object, 0.9, "No pod is ready.")
    joined = replace(TRUE, effects=((silent.condition, silent.object),))

    right, apart = (Trial("chain", Role.FAULT, (QUOTA, silent), found, 0.1) for found in ((joined,), (TRUE, effect)))

    assert right.is_right
    assert (apart.missed, apart.false) == ([silent], [effect])


def test_the_report_counts_by_condition_and_in_all() -> None:
    trials = [_trial(TRUE), _trial(MADE_UP, role=Role.TWIN)]

    lines = [line.split() for line in describe_result(trials).splitlines()]

    assert ["quota-exceeded", "1", "0", "0", "1/1"] in lines
    assert ["dns-broken", "0", "0", "1", "0/0"] in lines
    assert ["all", "1", "0", "1", "1/1"] in lines
    assert to_json(trials)["conditions"]["dns-broken"] == {"found": 0, "missed": 0, "false": 1, "first": 0}
