"""Tools for disks and storage clusters whose grammar is their own."""

from __future__ import annotations

import re

from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text
from command_safety.paths.devices import is_disk
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_PARTED_READS = frozenset({"print", "p", "unit", "u", "align-check", "help", "quit", "version"})
_PARTED_OPERANDS = word_set(
    "free list all devices opt min optimal minimal s B kB MB GB TB KiB MiB GiB TiB % chs cyl compact"
)
_PARTED_VALUED = frozenset({"-a", "--align"})
_GLUSTER_READS = re.compile(
    r"(?:volume (?:info|status|list|get|top)\b(?!.*\bclear)|peer status|pool list|volume heal \S+ (?:info|statistics)"
    r"|snapshot (?:list|info|status)|volume profile \S+ info"
    r"|volume quota \S+ list|volume rebalance \S+ status|volume geo-replication \S* ?status|help|global help).*"
)
_GLUSTER_OPTIONS = frozenset({"--mode", "--xml", "--nolog", "--timeout"})
_DEBUGFS_READS = word_set(
    "stat ls stats show_super_stats ncheck icheck testi testb htree imap blocks filefrag features ex extents bmap"
)
_ISCSI_CHANGES = word_set("-l --login -u --logout -o --op -R --rescan -r -k -D -U --logoutall -L --loginall -s")


def check_make_swap(call: Call) -> Text | None:
    """`mkswap` on a partition overwrites it; on a file it does not."""
    if any(is_disk(operand, call.scope) for operand in parse_arguments(call.arguments).operands):
        call.report("B2-make-filesystem")
    return None


def check_parted(call: Call) -> Text | None:
    """`parted -l` and `print` read."""
    arguments = parse_arguments(call.arguments, valued=_PARTED_VALUED)
    commands = [operand.text for operand in arguments.operands if not operand.text.startswith("/")]
    if arguments.has("-l", "--list", "-v", "--version") and not commands:
        return None
    if not commands:
        call.report("C-interactive")
        return None
    # Several commands may follow each other, each of them shortened.
    reads = commands[0] in _PARTED_READS and all(
        word in _PARTED_READS or word in _PARTED_OPERANDS or word.isdigit() for word in commands
    )
    if not reads or any(word.may_be_option for word in call.arguments[-1:]):
        call.report("B2-disk-destroy")
    return None


def check_only_known(call: Call) -> Text | None:
    """A tool that destroys when an unknown word turns out to be an option."""
    if any(word.may_be_option for word in call.arguments):
        call.report("C-dynamic-operand")
    return None


def check_debugfs(call: Call) -> Text | None:
    """`debugfs -R request`: it opens the filesystem for reading, but some requests write files of the host."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-R", "-f", "-b", "-s", "-d"}))
    request = arguments.value_of("-R")
    words = [] if request is None else request.text.split()
    if arguments.has("-w", "-f") or not words or words[0] not in _DEBUGFS_READS:
        call.report("C-storage-change")
    return None


def check_iscsiadm(call: Call) -> Text | None:
    """`iscsiadm -m session` and other modes without an action show."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-m", "--mode", "-P", "--print", "-T", "-p", "-I"}))
    mode = arguments.value_of("-m", "--mode")
    if mode is None or mode.text not in ("session", "node", "iface", "host") or arguments.has(*_ISCSI_CHANGES):
        call.report("C-storage-change")
    return None


def check_gluster(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=frozenset({"--remote-host", "--timeout"}))
    if any(option.name not in _GLUSTER_OPTIONS for option in arguments.options):
        call.report("C-unknown-option")
    operands = arguments.operands
    if operands and not _GLUSTER_READS.fullmatch(" ".join(operand.text for operand in operands)):
        call.report("C-storage-change")
    return None


def check_placement_group(call: Call) -> Text | None:
    """`ceph pg <id> query` reads; other words after the id do something."""
    if call.texts[1:2] != ["query"]:
        call.report("C-storage-change")
    return None
