"""Revisions of workloads and what changed between them."""
