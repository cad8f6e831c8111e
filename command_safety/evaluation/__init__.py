"""Runs a script in the mind: what each command would be called with, as far as that is known before it runs."""
