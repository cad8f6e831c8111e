"""Clusters of any size for measuring: thousands of pods written straight into the store, in which nothing happens."""

from simulator.load.still_world import StillWorld, build_still_world

__all__ = ["StillWorld", "build_still_world"]
