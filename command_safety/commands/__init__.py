"""Judges one command: by the rule files, and by a function where a command needs more than data."""
