"""Volumes: who makes them, which claim gets which, and to which node they are attached."""
