"""A shell for simulated hosts: reads what people and programs type, and runs it over a table of small commands."""
