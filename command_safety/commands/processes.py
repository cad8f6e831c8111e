"""Signals, kernel settings, and tools whose letters decide."""

from __future__ import annotations

import re

from command_safety.commands.texts import in_part
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import SOMETHING, Text
from command_safety.paths.protected import is_protected
from command_safety.paths.secrets import is_secret
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_PLAIN_DATE = re.compile(r"\+(?!-)(?:%[-_0^#]?[A-Za-mo-su-z]|[\w:./+@,-])*")
"""A format that makes one word, and no option."""
_FIREWALL_LISTS = word_set("-L -S -V --list --list-rules --version")
_FIREWALL_FORMATS = word_set(
    "-t -n -v -x -w -4 -6 --table --numeric --verbose --exact --wait --line-numbers --line-number --line --Lc --Ln --Lx"
)
_SIGNAL = re.compile(r"-(?:\d+|[A-Za-z]+\d*(?:[+-]\d+)?)")
_BSD_ENVIRONMENT = re.compile(r"[A-Za-z]*e[A-Za-z]*")
_SECRET_DIRECTORIES = (".ssh", "/private", "/secrets", ".kube", ".aws", ".gnupg")
_PS_VALUED = re.compile(
    r"-[A-Za-z]*[CGUgopqstuO]|--(?:sort|ppid|pid|user|format|cols|columns|width|rows|tty|group|sid|headers)|[A-Za-z]*[oOpUtkq]"
)
_TAR_VALUED = word_set(
    "-f -C -T -X -b -g -H -K -L -N -V -F -I --file --directory --files-from --exclude --exclude-from "
    "--use-compress-program --to-command --info-script --new-volume-script --checkpoint-action --rsh-command "
    "--rmt-command --transform --strip-components --format --owner --group --mode --mtime"
)
_TAR_HARMLESS = word_set(
    "-t --list -f --file -z --gzip -j --bzip2 -J --xz --zstd --lzma --lzip -Z -a --auto-compress -v --verbose "
    "-C --directory --wildcards --no-wildcards --exclude -X --exclude-from --strip-components --transform "
    "--show-transformed-names --full-time --utc --numeric-owner --totals -R --block-number -P "
    "--absolute-names -p --occurrence --force-local -b -i --ignore-zeros --null --warning"
)
_TAR_PROGRAMS = word_set(
    "-I -F --use-compress-program --to-command --info-script --new-volume-script --checkpoint-action "
    "--rsh-command --rmt-command"
)


def check_kill(call: Call) -> Text | None:
    """`kill`: -l only lists; -1 as a process means all of them, 1 is init."""
    words = call.texts
    if words[:1] in (["-l"], ["-L"], ["--list"], ["--table"]):
        return None
    call.report("C-signal")
    if _find_killed(words) & {"-1", "1"}:
        call.report("B9-kill-all")
    return None


def _find_killed(words: list[str]) -> set[str]:
    """The processes among the words; the first word with a dash is the signal."""
    if words[:1] in (["-s"], ["-n"], ["--signal"]):
        return set(words[2:]) - {"--"}
    rest = words[1:] if words and _SIGNAL.fullmatch(words[0]) else words
    if words and words[0].startswith("--signal="):
        rest = words[1:]
    # `kill -1` alone is a signal without a process.
    return set(rest) - {"--"}


def check_ps(call: Call) -> Text | None:
    """`ps e`, the letter without a dash, shows the environment of processes."""
    is_value = False
    for word in call.texts:
        if "environ" in word or (not is_value and not word.startswith("-") and _BSD_ENVIRONMENT.fullmatch(word)):
            call.report("C-secret-read")
        is_value = not is_value and _PS_VALUED.fullmatch(word) is not None
    return None


def check_sysctl(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=frozenset({"-r", "--pattern"}))
    writes = arguments.has("-w", "--write", "-p", "--load", "--system", "-f")
    if writes or any("=" in operand.text or operand.may_be_option for operand in arguments.operands):
        call.report("C-kernel-change")
    return None


def check_tar(call: Call) -> Text | None:
    """`tar`: listing reads, everything else writes; some options run programs."""
    words = list(call.arguments)
    if words and words[0].text and not words[0].text.startswith("-"):
        words[0] = Text("-" + words[0].text, words[0].origins, words[0].is_loose)
    arguments = parse_arguments(tuple(words), valued=_TAR_VALUED)
    for option in arguments.options:
        if any(name.startswith(option.name) for name in _TAR_PROGRAMS if len(option.name) > 3 or name == option.name):
            call.report("C-code-runs")
            if option.value is not None:
                call.run_script(Text(option.value.text.removeprefix("exec=")))
        elif option.name not in _TAR_HARMLESS:
            call.report("C-archive")
    archive = arguments.value_of("-f", "--file")
    if archive is not None and ":" in archive.text.partition("/")[0]:
        call.report("C-remote")
    if not arguments.has("-t", "--list"):
        _judge_packing(call, arguments, archive)
    if not arguments.has("-t", "--list") or any(word.may_be_option for word in call.arguments):
        call.report("C-archive")
    return None


def _judge_packing(call: Call, arguments: Arguments, archive: Text | None) -> None:
    """The archive may be a disk, and `--remove-files` deletes what has been packed."""
    rule = "" if archive is None else find_write_rule(archive, call.scope, otherwise="")
    if rule and not arguments.has("-x", "--extract", "--get"):
        call.report(rule)
    if arguments.has("--remove-files") and any(is_protected(each, call.scope) for each in arguments.operands):
        call.report("B1-recursive-delete")


def check_mount(call: Call) -> Text | None:
    """`mount` alone, with -l or -t only, shows what is mounted."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-t", "--types", "-O"}))
    if arguments.operands or not all(
        option.name in ("-l", "-t", "--types", "--show-labels", "-v") for option in arguments.options
    ):
        call.report("C-storage-change")
    return None


def check_grep(call: Call) -> Text | None:
    """`grep`: the first operand is a pattern; the others are read."""
    valued = word_set(
        "-e -f -m -A -B -C -d -D --regexp --file --max-count --after-context --before-context --context --include "
        "--exclude --exclude-dir --color --colour --label"
    )
    arguments = parse_arguments(call.arguments, valued=valued)
    has_pattern = arguments.has("-e", "-f", "--regexp", "--file")
    is_recursive = arguments.has("-r", "-R", "--recursive", "--dereference-recursive")
    for path in arguments.operands[0 if has_pattern else 1 :]:
        inside = Text(f"{path.text}/id_rsa") if path.text.rstrip("/").endswith(_SECRET_DIRECTORIES) else path
        if is_secret(path, call.scope) or (is_recursive and is_secret(inside, call.scope)):
            call.report("C-secret-read", path.text)
    return in_part(call.stdin) if len(arguments.operands) <= 1 and call.stdin is not None else None


def check_date(call: Call) -> Text | None:
    """`date`: setting the clock is a change; -f prints the lines it cannot read."""
    arguments = parse_arguments(
        call.arguments, valued=frozenset({"-d", "--date", "-f", "--file", "-r", "--reference", "-s", "--set", "-v"})
    )
    operands = arguments.operands
    if arguments.has("-s", "--set") or any(operand.text[:1].isdigit() or operand.may_be_option for operand in operands):
        call.report("C-system-change")
    path = arguments.value_of("-f", "--file")
    if path is not None and is_secret(path, call.scope):
        call.report("C-secret-read")
    return Text(SOMETHING) if all(_PLAIN_DATE.fullmatch(operand.text) for operand in operands) else None


def check_ip_tables(call: Call) -> Text | None:
    """`iptables`: listing only."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-t", "--table", "-w", "--wait"}))
    names = {option.name for option in arguments.options}
    if names.isdisjoint(_FIREWALL_LISTS) or not names <= _FIREWALL_LISTS | _FIREWALL_FORMATS:
        call.report("C-network-change")
    if any(word.may_be_option for word in call.arguments):
        call.report("C-dynamic-operand")
    return None
