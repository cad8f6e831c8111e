"""The functions that rule files name under `check`."""
