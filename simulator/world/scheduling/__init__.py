"""Placing pods on nodes: room, selectors and taints, and the words used when no node fits."""
