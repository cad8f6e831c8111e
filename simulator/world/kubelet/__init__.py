"""The node agents: they pull, start, probe, restart and stop containers and report what happened."""
