"""A cluster that lives: what users change in the store, its controllers, scheduler and kubelets react to."""

from simulator.world.scenario import Expected, Scenario, UnknownScenario, all_scenarios, host_scenarios, load_scenarios
from simulator.world.world import HISTORY, SimulatedWorld, build_world

__all__ = [
    "HISTORY",
    "Expected",
    "Scenario",
    "SimulatedWorld",
    "UnknownScenario",
    "all_scenarios",
    "build_world",
    "host_scenarios",
    "load_scenarios",
]
