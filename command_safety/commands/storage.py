"""Tools for disks and storage clusters whose grammar is their own."""

from __future__ import annotations

import re

from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text
from command_safety.paths.devices import is_disk
from command_safety.rules.arguments import parse_arguments

_PARTED_READS = frozenset({"print", "p", "unit", "u", "align-check", "help", "quit", "version"})
_PARTED_VALUED = frozenset({"-a", "--align"})
_CEPH_VALUED = frozenset(
    "-c --conf -n --name -i --id -k --keyring -f --format --cluster --connect-timeout -m --mon_host".split()
)
_CEPH_READS = frozenset(
    {
        *(
            "-s",
            "status",
            "health",
            "df",
            "version",
            "versions",
            "quorum_status",
            "mon_status",
            "fsid",
            "report",
            "features",
            "-v",
        ),
        *(
            "log last",
            "time-sync-status",
            "node ls",
            "device ls",
            "device info",
            "device get-health-metrics",
            "crash ls",
            "crash info",
            "crash stat",
        ),
        *(
            "orch ls",
            "orch ps",
            "orch status",
            "orch host ls",
            "orch device ls",
            "telemetry show",
            "telemetry status",
            "config dump",
            "config get",
        ),
        *(
            "config show",
            "config log",
            "config help",
            "config ls",
            "mgr module ls",
            "mgr services",
            "mgr dump",
            "mgr stat",
            "mgr metadata",
            "balancer status",
        ),
        *(
            "balancer eval",
            "progress",
            "insights",
            "service dump",
            "service status",
            "fs ls",
            "fs status",
            "fs dump",
            "fs get",
        ),
        *(
            "mds stat",
            "mds metadata",
            "mds versions",
            "mon dump",
            "mon stat",
            "mon metadata",
            "mon versions",
            "health detail",
            "iostat",
            "w",
            "-w",
        ),
        *(
            "osd tree",
            "osd df",
            "osd stat",
            "osd status",
            "osd dump",
            "osd perf",
            "osd pool ls",
            "osd pool get",
            "osd pool stats",
            "osd pool get-quota",
        ),
        *(
            "osd find",
            "osd metadata",
            "osd crush tree",
            "osd crush dump",
            "osd crush rule ls",
            "osd crush rule dump",
            "osd crush class ls",
            "osd ls",
        ),
        *(
            "osd blocked-by",
            "osd lspools",
            "osd getmap",
            "osd versions",
            "osd utilization",
            "osd ok-to-stop",
            "osd safe-to-destroy",
            "osd erasure-code-profile ls",
        ),
        *(
            "osd erasure-code-profile get",
            "osd blocklist ls",
            "osd blacklist ls",
            "osd map",
            "osd info",
            "osd numa-status",
            "osd crush show-tunables",
        ),
        *("osd pool autoscale-status", "osd count-metadata", "osd getcrushmap"),
        *(
            "pg stat",
            "pg dump",
            "pg ls",
            "pg map",
            "pg query",
            "pg dump_stuck",
            "pg ls-by-osd",
            "pg ls-by-pool",
            "pg ls-by-primary",
            "pg debug",
            "pg dump_json",
        ),
        *(
            "nfs cluster ls",
            "nfs export ls",
            "rgw realm list",
            "rgw zone list",
            "alerts",
            "dashboard get-prometheus-api-host",
            "status detail",
        ),
    }
)
_GLUSTER_READS = re.compile(
    r"(?:volume (?:info|status|list|get|top)\b|peer status|pool list|volume heal \S+ (?:info|statistics)|snapshot (?:list|info|status)|volume profile \S+ info"
    r"|volume quota \S+ list|volume rebalance \S+ status|volume geo-replication \S* ?status|help|global help).*"
)


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
    reads = commands[0] in _PARTED_READS and not any(
        word in ("mklabel", "mkpart", "rm", "mktable", "resizepart", "rescue", "name", "set", "toggle", "disk_set")
        for word in commands
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
    if "-w" in call.texts:
        call.report("C-storage-change")
    return None


def check_iscsiadm(call: Call) -> Text | None:
    """`iscsiadm -m session` and other modes without an action show."""
    words = call.texts
    changes = any(
        text
        in ("-l", "--login", "-u", "--logout", "-o", "--op", "-R", "--rescan", "-k", "-D", "-U", "-L", "--loginall")
        for text in words
    )
    if changes or "discovery" in words or not any(text in ("-m", "--mode") for text in words):
        call.report("C-storage-change")
    return None


def check_gluster(call: Call) -> Text | None:
    operands = parse_arguments(call.arguments, valued=frozenset({"--remote-host", "--timeout"})).operands
    if operands and not _GLUSTER_READS.fullmatch(" ".join(operand.text for operand in operands)):
        call.report("C-storage-change")
    return None


def check_ceph(call: Call) -> Text | None:
    """`ceph`: reading commands by their first words."""
    arguments = parse_arguments(call.arguments, valued=_CEPH_VALUED)
    operands = [operand.text for operand in arguments.operands]
    if any(operand.may_be_option for operand in arguments.operands[:2]):
        call.report("C-dynamic-operand")
    if arguments.has("-i", "--in-file", "-o", "--out-file"):
        call.report("C-file-write")
    if not operands:
        if not arguments.has("-s", "--status", "-w", "--watch", "-v", "-h"):
            call.report("C-interactive")
        return None
    if operands[0] == "auth":
        call.report(
            "C-secret-read"
            if operands[1:2] and operands[1] in ("ls", "list", "get", "get-key", "print-key", "export")
            else "C-storage-change"
        )
    elif operands[0] == "pg" and operands[2:3] == ["query"]:
        return None
    elif not any(" ".join(operands[:length]) in _CEPH_READS for length in (1, 2, 3, 4)):
        call.report("C-storage-change")
    return None
