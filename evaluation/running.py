"""Plays every scenario three times: broken, repaired, and as its healthy twin."""

import asyncio
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from evaluation.diagnosing import diagnose
from evaluation.situations import Situation
from evaluation.trials import Role, Trial, expected_in
from simulator.world import Scenario

HEALING_MINUTES = 30
"""After a repair: restarts wait five minutes at most, and old failures count for a while."""


def try_all(scenarios: Sequence[Scenario], *, tell: Callable[[Trial], None]) -> list[Trial]:
    """Every trial of these scenarios in order, on all processors; `tell` hears of each as it ends."""
    workers = min(os.cpu_count() or 1, len(scenarios))
    if workers < 2:
        return list(_told((_try_three(scenario) for scenario in scenarios), tell))
    # Fresh processes: forked ones would inherit locks of this one's threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_be_quiet) as pool:
        return list(_told(pool.map(_try_three, scenarios), tell))


def _told(results: Iterable[list[Trial]], tell: Callable[[Trial], None]) -> Iterator[Trial]:
    for trials in results:
        for trial in trials:
            tell(trial)
            yield trial


def _be_quiet() -> None:
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


def _try_three(scenario: Scenario) -> list[Trial]:
    return asyncio.run(_try_scenario(scenario))


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
            namespaces = None if scenario.is_alone else situation.existing(scenario.namespaces)
            found = await diagnose(kubeconfig, namespaces=namespaces, now=situation.now)
    return Trial(
        scenario=scenario.id,
        role=role,
        expected=expected_in(scenario, role=role),
        found=tuple(found),
        seconds=time.perf_counter() - began,
    )
