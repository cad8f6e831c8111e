"""Commands inside the words of a call that is asked about anyway: may a person be asked at all?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import Text
from command_safety.rules.word_sets import word_set

_STARTS = word_set(
    "rm dd mkfs mke2fs shred wipefs blkdiscard sh bash dash zsh ksh chmod chown chgrp mv find sudo busybox nc ncat "
    "socat chroot nsenter timeout nice nohup env xargs curl wget redis-cli etcdctl kubectl terraform dropdb mysql psql "
    "parted sgdisk lvremove vgremove pvremove zpool python python3 perl ruby"
)
"""Commands that a longer call may end with, and that may be blocked."""
_BEFORE_COMMAND = re.compile(
    r"\s*(?:[:%.]*\s*!+|(?:shell|system|spawn|exec|start|run|make)\b[=:\s]*|[\w.-]+=!?|--?[\w-]+=)?"
)
"""How tools mark that a text goes to the shell: `:!`, `shell`, `alias.x=!`, `--command=`."""
_JOINED = re.compile(r"[\"']([^\"']{4,})[\"']")
_MOST = 12


def check_payload(call: Call) -> Text | None:
    """Report what is blocked in the commands that this call carries."""
    report_blocked(call, find_scripts(call.arguments))
    report_blocked_words(call, call.arguments)
    return None


def find_scripts(words: Fields) -> Iterator[Text]:
    """Words that may be shell scripts, with and without what tools put before one."""
    for word in words:
        text = word.text
        if not re.search(r"[\s;|]", text.strip()):
            continue
        yield word
        start = _BEFORE_COMMAND.match(text)
        if start is not None and start.end():
            yield Text(text[start.end() :], word.origins)
        for found in _JOINED.findall(text):
            yield Text(found, word.origins)


def report_blocked(call: Call, scripts: Iterator[Text]) -> None:
    for script in islice(scripts, _MOST):
        with call.runner.trying() as findings:
            call.runner.run_text(script, scope=Scope(), stdin=None)
        _report(call, [finding.rule for finding in findings])


def report_blocked_words(call: Call, words: Fields) -> None:
    """The rest of the words from each that names a command on."""
    places = [place for place, word in enumerate(words) if word.text.rpartition("/")[2].partition(".")[0] in _STARTS]
    for place in places[:_MOST]:
        with call.runner.trying() as findings:
            call.runner.run_words(words[place:], scope=call.scope.copy(), stdin=None)
        _report(call, [finding.rule for finding in findings])


def _report(call: Call, rules: list[str]) -> None:
    for rule in rules:
        if rule.startswith("B"):
            call.report(rule)
