"""Finds out which command a word names, and judges it."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import pairwise

from command_safety.commands.judging import apply_rule
from command_safety.commands.payloads import find_scripts, report_blocked, report_blocked_words
from command_safety.commands.script_files import run_file
from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import FOREIGN, NO_ORIGINS, UNKNOWN, Origin, Text
from command_safety.paths.normalising import normalise
from command_safety.paths.protected import is_protected
from command_safety.rules.loading import load_rules

_PROGRAM_DIRECTORY = re.compile(r"/(?:usr/(?:local/)?)?(?:s?bin|lib(?:exec|32|64)?)/|/opt/|/snap/bin/|/usr/share/")
_VERSIONED = re.compile(r"(python|pypy|perl|ruby|php|php-fpm|lua|pip|gcc|clang|tclsh|node)-?\d+(?:\.\d+)*")
_SHIPPED_SCRIPT = re.compile(r"(kafka-[a-z-]+|zkServer|zkCli|catalina)\.sh")
_DESTRUCTIVE = ("rm", "dd", "shred", "chmod", "chown", "mv", "wipefs", "mkfs", "sh", "bash", "find")
_CODE_OPTION = re.compile(r"-{1,2}(?:c|e|ex|x|exec|execute|command|cmd|eval|run|code|script)|/[ck]", re.IGNORECASE)
_GLOB = re.compile(r"[*?]|\[[^/]*\]")
_OPTIONS = re.compile(r"-\w*[rR]\w*|--recursive|--no-preserve-root")
_PASSES_NAMES = frozenset({"cat", "sort", "uniq", "head", "tail", "tac", "tee", "shuf", "nl", "rev"})


def judge_command(call: Call) -> Text:
    """Judge a call with everything it starts; answers what it prints."""
    found = _judge(call)
    kept = FOREIGN
    if call.command.text.rpartition("/")[2] in _PASSES_NAMES:
        kept = FOREIGN | {Origin.PROTECTED_LISTING}
    origins = call.origins & kept
    if found is None:
        return Text(UNKNOWN, origins)
    return found.with_origins(origins & FOREIGN)


def _judge(call: Call) -> Text | None:
    text = call.command.text
    if not call.command.is_known or _GLOB.search(text) or not text:
        return _judge_dynamic(call)
    if "/" not in text:
        return _judge_name(call, text)
    if call.scope.recall_file(text) is not None:
        return run_file(call, text)
    path = normalise(text, directory=_known_directory(call))
    if not _PROGRAM_DIRECTORY.match(path):
        call.report("C-local-program", text)
    return _judge_name(call, path.rpartition("/")[2])


def _known_directory(call: Call) -> str:
    return call.scope.directories[0] if len(call.scope.directories) == 1 else ""


def _judge_name(call: Call, name: str) -> Text | None:
    rules = load_rules()
    if name not in rules:
        name = _find_plain_name(name)
    rule = rules.get(name)
    if rule is None:
        call.report("C-unknown-command")
        report_blocked_words(call, call.arguments)
        report_blocked(call, find_scripts(_read_given_code(call)))
        return None
    return apply_rule(replace(call, name=name), rule)


def _read_given_code(call: Call) -> Fields:
    """What stands after an option such as `-c` or `--command`."""
    return tuple(word for before, word in pairwise(call.arguments) if _CODE_OPTION.fullmatch(before.text))


def _find_plain_name(name: str) -> str:
    """The name of a rule for `python3.11`, `kafka-topics.sh` and `mkfs.new`; any other program is just itself."""
    if name.startswith("mkfs."):
        return "mkfs"
    found = _VERSIONED.fullmatch(name) or _SHIPPED_SCRIPT.fullmatch(name)
    return name if found is None else found[1]


def _judge_dynamic(call: Call) -> Text | None:
    """A command whose name is not known before it runs: judged as whatever it may turn out to be."""
    if not call.command.text and not call.arguments:
        return None
    if Origin.DOWNLOADED in call.command.origins:
        call.report("B6-run-downloaded")
    elif Origin.NETWORK in call.command.origins:
        call.report("B7-remote-shell")
    elif Origin.DECODED in call.command.origins:
        call.report("B6-run-decoded")
    call.report("C-dynamic-command")
    if any(_OPTIONS.fullmatch(text) for text in call.texts) and any(
        is_protected(word, call.scope) for word in call.arguments
    ):
        call.report("B1-recursive-delete")
    name = call.command.when_empty.rpartition("/")[2]
    if not name:
        return call.run(call.arguments) if call.arguments else None
    candidates = [each for each in _DESTRUCTIVE if fnmatchcase(each, name)] or [name]
    for candidate in candidates:
        _judge_name(call, candidate)
    return Text(UNKNOWN, NO_ORIGINS)
