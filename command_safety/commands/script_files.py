"""Running what a string, a file or a pipe holds."""

from __future__ import annotations

from command_safety.evaluation.call import Call
from command_safety.evaluation.values import ANYTHING, Origin, Text


def report_foreign(call: Call, script: Text, *, excerpt: str = "") -> None:
    """Report a script that came from elsewhere or was hidden by an encoding."""
    if Origin.DOWNLOADED in script.origins:
        call.report("B6-run-downloaded", excerpt)
    if Origin.NETWORK in script.origins:
        call.report("B7-remote-shell", excerpt)
    if Origin.DECODED in script.origins:
        call.report("B6-run-decoded", excerpt)


def run_file(call: Call, path: str) -> Text | None:
    """Judge a file that is run: its content when this very command has written it."""
    call.report("C-script-file", path)
    content = call.scope.recall_file(path)
    if content is None:
        return None
    report_foreign(call, content)
    if content.text == ANYTHING.text:
        return None
    return call.run_script(content, positional=(Text(path), *call.arguments))
