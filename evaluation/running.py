"""Plays every scenario three times: broken, repaired, and as its healthy twin."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from evaluation.diagnosing import diagnose
from evaluation.situations import Situation
from evaluation.trials import Role, Trial, expected_in
from simulator.world import Scenario

HEALING_MINUTES = 30
"""After a repair: restarts wait five minutes at most, and old failures count for a while."""


def try_all(scenarios: Iterable[Scenario], *, tell: Callable[[Trial], None]) -> list[Trial]:
    """Every trial of these scenarios in order; `tell` hears of each as it ends."""
    trials = []
    for scenario in scenarios:
        for trial in asyncio.run(_try_scenario(scenario)):
            tell(trial)
            trials.append(trial)
    return trials


async def _try_scenario(scenario: Scenario) -> list[Trial]:
    broken = Situation(scenario)
    trials = [await _try(scenario, broken, role=Role.FAULT)]
    broken.heal(minutes=HEALING_MINUTES)
    trials.append(await _try(scenario, broken, role=Role.HEALED))
    if scenario.twin is not None:
        trials.append(await _try(scenario, Situation(scenario, as_twin=True), role=Role.TWIN))
    return trials


async def _try(scenario: Scenario, situation: Situation, *, role: Role) -> Trial:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ding-robot-evaluation-") as folder:
        async with situation.serve(Path(folder)) as kubeconfig:
            namespaces = None if scenario.is_alone else scenario.namespaces
            found = await diagnose(kubeconfig, namespaces=namespaces, now=situation.now)
    return Trial(
        scenario=scenario.id,
        role=role,
        expected=expected_in(scenario, role=role),
        found=tuple(found),
        seconds=time.perf_counter() - began,
    )
