"""Tools of which a few words decide."""

from __future__ import annotations

import re

from command_safety.commands.file_contents import report_secrets
from command_safety.commands.hosts import find_host_rule
from command_safety.commands.kubernetes import check_kubectl
from command_safety.commands.texts import decode, decode_base64
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import SOMETHING, UNKNOWN, Origin, Text
from command_safety.paths.normalising import normalise
from command_safety.paths.secrets import is_secret
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_LIMIT_NAMES = re.compile(r"-[A-Za-z]{1,4}")
"""Letters; a longer word holds a limit such as `-nunlimited`."""
_JQ_VALUED = word_set("-f --from-file -L --indent")
_JQ_LOADS = re.compile(r"\b(?:load(?:_\w+)?|system)\s*\(")
_JQ_ENVIRONMENT = re.compile(r"\$ENV\b|(?<![\w.$])(?:env|strenv|envsubst)\b(?!\s*:)")
_VTYSH_READS = re.compile(r"\s*(?:show|sh|do show|list|ping|traceroute)\b.*", re.DOTALL)
_RAID_READS = re.compile(
    r"-?(?:\w*Info\w*|ShowSummary|AdpAllInfo|LDInfo|PDList|PdList|LdPdInfo|AdpEventLog|GetBbuStatus|AdpBbuCmd|CfgDsply|EncInfo|AdpCount|show|getconfig|GetEventsInfo)",
    re.IGNORECASE,
)
_RAID_CHANGES = re.compile(
    r"-?(?:set\w*|del\w*|add\w*|cfg(?!dsply)\w*|clear\w*|create|delete|modify|start|stop|erase|flash\w*|download|pdoffline|pdonline|pdclear|pdmakejbod|ldclear|ldinit|silence|insert|spindown|locate|hsp|bbu\w*|applogfile|f|flush|restart|shutdown|import|foreign|update|post|\w+=\S*)",
    re.IGNORECASE,
)
_ACCELERATOR_CHANGES = re.compile(
    r"--?(?:set|reset|load|save|gpureset|autorespond|rasenable|rasdisable|rasinject)\w*|-r|set|clear|upgrade",
    re.IGNORECASE,
)
_OPEN_PLACE = re.compile(r"(?:-\w)?/(?:tmp|var/tmp|dev/shm)/")
_SYSTEM_PROGRAM = re.compile(r"/(?:usr/)?(?:s?bin|lib\w*)/")
_SERVICE_ACTIONS_READING = frozenset({"status", "configtest", "config-test", "checkconfig", "--status-all"})
_JCMD_READS = re.compile(
    r"(?:VM\.(?:version|flags|uptime|command_line|system_properties|info|native_memory|classloader_stats|classloaders|metaspace"
    r"|stringtable|symboltable|events|log list|dynlibs)|Thread\.print"
    r"|GC\.heap_info"
    r"|Compiler\.(?:codecache|codelist|queue|CodeHeap_Analytics|directives_print|memory)|JFR\.check|help|ManagementAgent\.status)"
)
_ZOOKEEPER_READS = word_set("ls ls2 get stat getAcl getAllChildrenNumber getEphemerals version config srvr whoami help")
_HADOOP_READS = frozenset(
    {
        "-ls",
        "-du",
        "-df",
        "-count",
        "-stat",
        "-test",
        "-help",
        "-getfacl",
        "-getfattr",
        "-checksum",
        "-find",
        "-usage",
        "-lsr",
        "-dus",
    }
)

_HADOOP_CONTENTS = frozenset({"-cat", "-tail", "-text", "-head"})
_DFSADMIN_READS = frozenset({"-report", "-printTopology", "-getDatanodeInfo", "-listOpenFiles", "-help"})


def check_limit(call: Call) -> Text | None:
    """`ulimit` and `umask`: with a value they set it."""
    if not all(_LIMIT_NAMES.fullmatch(text) for text in call.texts):
        call.report("C-shell-state")
    return Text(SOMETHING)


def check_service(call: Call) -> Text | None:
    """`service name status`; a name with a slash is a script from anywhere."""
    words = call.texts
    if words == ["--status-all"]:
        return None
    if len(words) != 2 or words[1] not in _SERVICE_ACTIONS_READING or "/" in words[0] or UNKNOWN in words[0]:
        call.report("C-service-change")
    return None


def check_raid_controller(call: Call) -> Text | None:
    words = call.texts
    reads = any(_RAID_READS.fullmatch(word) for word in words)
    if not reads or any(_RAID_CHANGES.fullmatch(word) and not _RAID_READS.fullmatch(word) for word in words):
        call.report("C-hardware-change")
    return None


def check_accelerator(call: Call) -> Text | None:
    if any(_ACCELERATOR_CHANGES.fullmatch(word) for word in call.texts):
        call.report("C-hardware-change")
    return None


def check_getent(call: Call) -> Text | None:
    operands = parse_arguments(call.arguments, valued=frozenset({"-s", "--service"})).operands
    if any(word.text in ("shadow", "gshadow") or UNKNOWN in word.text for word in operands[:1]):
        call.report("C-secret-read")
    elif not all(word.is_known for word in call.arguments):
        # Looking a host up asks a name server.
        call.report("C-dynamic-host")
    return None


def check_jq(call: Call) -> Text | None:
    """`jq`: the filter may print the environment."""
    arguments = parse_arguments(call.arguments, valued=_JQ_VALUED)
    operands = arguments.operands
    if any(_JQ_ENVIRONMENT.search(operand.text) for operand in operands[:1]):
        call.report("C-secret-read")
    if call.name == "yq" and any(_JQ_LOADS.search(operand.text) for operand in operands):
        call.report("C-code-reads")
    if any(text in ("-i", "--in-place") for text in call.texts):
        call.report("C-file-change")
    report_secrets(call)
    return None


def check_configuration(call: Call) -> Text | None:
    """A configuration that anybody can write may name modules, which are loaded to test it."""
    if any(_OPEN_PLACE.match(normalise(word.text, directory=_directory(call))) for word in call.arguments):
        call.report("C-local-program")
    return None


def _directory(call: Call) -> str:
    return call.scope.directories[0] if len(call.scope.directories) == 1 else ""


def check_virtual_machine(call: Call) -> Text | None:
    """`jstat`: a machine on another host is named with an `@`."""
    if any("@" in word.text for word in call.arguments):
        call.report("C-remote")
    return None


def check_smart(call: Call) -> Text | None:
    """`smartctl -l scterc,70,70` sets what `-l scterc` shows."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-l", "--log"}))
    values = [option.value.text for option in arguments.options if option.name in ("-l", "--log") and option.value]
    if any(value.startswith(("scterc,", "scttempint,")) or UNKNOWN in value for value in values):
        call.report("C-hardware-change")
    return None


def check_count(call: Call) -> Text | None:
    return Text(SOMETHING)


def check_make(call: Call) -> Text | None:
    """`touch`, `mkdir`, `mkfifo`, `mktemp`: something new, nothing emptied."""
    call.report("C-file-change")
    return Text(f"/tmp/tmp.{SOMETHING}") if call.name == "mktemp" else None  # noqa: S108  # what it would print


def check_vtysh(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=frozenset({"-c", "--command", "-d"}))
    commands = [
        option.value.text for option in arguments.options if option.name in ("-c", "--command") and option.value
    ]
    if any(option.name not in ("-c", "--command", "-d", "-E", "--echo") for option in arguments.options):
        call.report("C-unknown-option")
    if not commands:
        call.report("C-interactive")
    elif not all(_VTYSH_READS.fullmatch(command) for command in commands):
        call.report("C-network-change")
    return None


def check_openssl_decode(call: Call) -> Text | None:
    """`openssl enc -d` and `openssl base64 -d` bring a hidden text to light."""
    report_secrets(call)
    if "-d" not in call.texts:
        return None
    known = call.stdin if call.stdin is not None and call.stdin.is_known and "base64" in call.name else None
    return decode(known, decode_base64)


def check_gpg(call: Call) -> Text | None:
    return Text(UNKNOWN, frozenset({Origin.DECODED})) if {"-d", "--decrypt"} & set(call.texts) else None


def check_rpm(call: Call) -> Text | None:
    """`rpm -qp` may fetch a package from an address."""
    if any("://" in text for text in call.texts) or any("%(" in text for text in call.texts):
        call.report("C-code-runs")
    return None


def check_pacman(call: Call) -> Text | None:
    """`pacman -Q…` and `-F…` read; `-Ss`, `-Si` too, without y."""
    letters = "".join(text[1:] for text in call.texts if re.fullmatch(r"-[A-Za-z]+", text))
    if any(letter in letters for letter in "RUDy"):
        call.report("C-package-change")
    return None


def check_kubectl_inside(call: Call) -> Text | None:
    """`k3s kubectl …`, `microk8s kubectl …`, `minikube kubectl -- …`."""
    words = call.arguments[1:] if call.texts[:1] == ["--"] else call.arguments
    return check_kubectl(call.as_command("kubectl", words))


def check_registry(call: Call) -> Text | None:
    """`skopeo inspect docker://host/image`."""
    for text in call.texts:
        host = text.partition("://")[2].partition("/")[0].partition(":")[0]
        if host and find_host_rule(host):
            call.report("C-public-host", text)
    return None


def check_zookeeper(call: Call) -> Text | None:
    operands = parse_arguments(
        call.arguments, valued=frozenset({"-server", "-timeout", "-client-configuration"}), has_long_dash=True
    ).operands
    if not operands and call.stdin is None:
        call.report("C-interactive")
    commands = (
        [operands[0].text]
        if operands
        else [line.split()[0] for line in (call.stdin.text if call.stdin else "").splitlines() if line.split()]
    )
    if not commands or not all(command in _ZOOKEEPER_READS for command in commands):
        call.report("C-database-write")
    return None


def check_hadoop(call: Call) -> Text | None:
    words = call.texts
    if words[:1] in (["fs"], ["dfs"]) and len(words) > 1:
        if words[1] in _HADOOP_CONTENTS:
            report_secrets(call)
        elif words[1] not in _HADOOP_READS:
            call.report("C-database-write")
    elif words[:1] == ["dfsadmin"] and len(words) > 1:
        if words[1] not in _DFSADMIN_READS and words[1:3] != ["-safemode", "get"]:
            call.report("C-database-write")
    elif words[:1] == ["classpath"] and "--jar" in words:
        call.report("C-file-write")
    elif words[:1] not in (["version"], ["classpath"], ["getconf"], ["haadmin"]) or (
        words[:1] == ["haadmin"] and not "".join(words[1:2]).startswith(("-get", "-check"))
    ):
        call.report("C-database-write")
    return None


def check_jinfo(call: Call) -> Text | None:
    """`jinfo -flag +Name pid` changes a flag."""
    if any(
        re.match(r"[+-]?\w+=|[+-]\w+$", text) for text in call.texts[1:] if not text.startswith(("-flags", "-sysprops"))
    ):
        call.report("C-heap-dump")
    return None


def check_jcmd(call: Call) -> Text | None:
    words = call.texts
    if words[:1] in (["-l"], ["-h"], []):
        return None
    if len(words) < 2 or not _JCMD_READS.fullmatch(words[1]):
        call.report("C-heap-dump")
    return None


def check_ipa(call: Call) -> Text | None:
    if any(text.endswith(("-find", "-show", "-status")) for text in call.texts[:1]):
        return None
    call.report("C-user-change")
    return None


def check_assignment(call: Call) -> Text | None:
    """A tool that sets what is written as name=value."""
    if any("=" in text or UNKNOWN in text for text in call.texts if not text.startswith("-")):
        call.report("C-service-change")
    return None


def check_zabbix(call: Call) -> Text | None:
    """`zabbix_get -k system.run[…]` runs a command on the agent."""
    for text in call.texts:
        argument = text.partition("[")[2].rpartition("]")[0]
        if is_secret(Text(argument), call.scope):
            call.report("C-secret-read")
        if "web.page" in text:
            call.report("C-dynamic-host")
        if "system.run" in text:
            call.report("C-remote")
            call.run_script(Text(argument or text))
    return None


def check_library_list(call: Call) -> Text | None:
    """`ldd` may run the program it looks at, so only those of the system are looked at unasked."""
    operands = parse_arguments(call.arguments).operands
    if not all(_SYSTEM_PROGRAM.match(normalise(operand.text)) and operand.is_known for operand in operands):
        call.report("C-code")
    return None


def check_memcached(call: Call) -> Text | None:
    """`memcached-tool host:port stats`: it shows by default, `dump` and `move` do more."""
    if any(text not in ("stats", "display", "settings") for text in call.texts[1:2]):
        call.report("C-database-heavy")
    return None
