"""Measures the product; each module is one command: `python -m benchmarks.<name>`."""
