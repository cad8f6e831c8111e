"""Printing what a file holds."""

from __future__ import annotations

from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text
from command_safety.paths.secrets import is_secret


def report_secrets(call: Call) -> None:
    """Report operands, and files named in options, that may hold secrets."""
    for word in call.arguments:
        path = word
        if word.text.startswith("--"):
            path = Text(word.text.partition("=")[2])
        if path.text and is_secret(path, call.scope):
            call.report("C-secret-read", path.text)
