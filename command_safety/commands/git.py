"""`git`: reading verbs, as long as no option runs a program or writes a file."""

from __future__ import annotations

import re

from command_safety.commands.file_contents import report_secrets
from command_safety.commands.payloads import find_scripts, report_blocked
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_GLOBAL_HARMLESS = frozenset(
    {"-C", "--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects"}
)
_GLOBAL_VALUED = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--super-prefix", "--config-env"}
)
_READS = word_set(
    "status log show diff blame annotate rev-parse rev-list ls-files ls-tree describe shortlog cat-file "
    "for-each-ref show-ref name-rev merge-base count-objects whatchanged diff-tree diff-index diff-files "
    "check-ignore check-attr check-ref-format cherry show-branch range-diff version help grep verify-commit "
    "verify-tag merge-tree get-tar-commit-id check-mailmap var"
)
_PROGRAM_OPTIONS = re.compile(
    r"--ext(?:-d\w*)?|--te\w*|--outp\w*(?:=.*)?|--ope?n?\S*|--filt\w*|--upload-pack.*|--exec.*", re.DOTALL
)

_OPENS = {
    "grep": re.compile(r"-[A-Za-z]*O.*", re.DOTALL),
    "help": re.compile(r"-[A-Za-z]*[wmi].*|--(?:web|man|info)"),
}
"""Options that open a program to show the result."""
_LISTING = {
    "branch": word_set(
        "-a -r -v -vv -l --all --remotes --list --show-current --verbose --contains --no-contains --merged "
        "--no-merged --points-at --sort --format --column --no-column --color --no-color"
    ),
    "tag": word_set("-l -n --list --contains --no-contains --merged --no-merged --points-at --sort --format --column"),
}
_LISTING_VALUED = word_set("--contains --no-contains --merged --no-merged --points-at --sort --format -n?")
_SUBCOMMANDS = {
    "remote": frozenset({"", "get-url"}),
    "stash": frozenset({"list", "show"}),
    "worktree": frozenset({"list"}),
    "submodule": frozenset({"", "status", "summary"}),
    "bisect": frozenset({"log"}),
    "notes": frozenset({"", "list", "show"}),
    "bundle": frozenset({"verify", "list-heads"}),
    "lfs": frozenset({"ls-files", "env", "status", "version"}),
    "config": frozenset({"get", "list"}),
    "symbolic-ref": frozenset({"HEAD"}),
}
_REFLOG_CHANGES = frozenset({"expire", "delete", "drop", "write"})
_CONFIG_READS = word_set("--get --get-all --get-regexp --get-urlmatch --list -l")
_CONFIG_SCOPES = word_set(
    "--global --system --local --worktree --show-origin --show-scope --name-only -z --null --type --bool "
    "--int --includes"
)


def check_git(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_GLOBAL_VALUED, stops_at_operand=True)
    for option in arguments.options:
        if option.name not in _GLOBAL_HARMLESS:
            call.report("C-credential-override" if option.name == "--config-env" else "C-unknown-option")
            report_blocked(call, find_scripts(() if option.value is None else (option.value,)))
    if not arguments.operands:
        return None
    verb, words = arguments.operands[0].text, arguments.operands[1:]
    inner = call.as_command(f"git {verb}", words)
    if any(word.may_be_option for word in inner.arguments) or arguments.operands[0].may_be_option:
        call.report("C-dynamic-operand")
    # `git show HEAD:.env` names a file as well.
    paths = tuple(Text(word.text.partition(":")[2] or word.text, word.origins) for word in words)
    report_secrets(inner.as_command(inner.name, paths))
    if any(_PROGRAM_OPTIONS.fullmatch(word.text) for word in words):
        call.report("C-unknown-option")
    if not _is_reading(verb, inner):
        call.report("C-repository-change")
    return None


def _is_reading(verb: str, inner: Call) -> bool:
    if verb in _READS:
        # `-O` of grep opens the files in a program.
        return not any(_OPENS[verb].fullmatch(text) for text in inner.texts) if verb in _OPENS else True
    if verb in _LISTING:
        return _is_listing(verb, parse_arguments(inner.arguments, valued=_LISTING_VALUED))
    if verb == "config" and any(text in _CONFIG_READS for text in inner.texts):
        return all(text in _CONFIG_READS | _CONFIG_SCOPES or not text.startswith("-") for text in inner.texts)
    if verb == "symbolic-ref":
        arguments = parse_arguments(inner.arguments)
        is_shown = all(option.name in ("-q", "--quiet", "--short") for option in arguments.options)
        return len(arguments.operands) == 1 and is_shown
    if verb == "reflog":
        return _REFLOG_CHANGES.isdisjoint(inner.texts)
    if verb in _SUBCOMMANDS:
        operands = parse_arguments(inner.arguments).operands
        return (operands[0].text if operands else "") in _SUBCOMMANDS[verb]
    return False


def _is_listing(verb: str, arguments: Arguments) -> bool:
    """Without a listing option, an operand is the name of what is made."""
    if not all(option.name in _LISTING[verb] for option in arguments.options):
        return False
    lists = any(option.name in ("-l", "--list", "-n") or option.name in _LISTING_VALUED for option in arguments.options)
    return lists or not arguments.operands
