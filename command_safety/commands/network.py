"""Tools that look names up, probe hosts or open raw connections; and those that set the network up."""

from __future__ import annotations

import re

from command_safety.commands.hosts import find_host_rule, split_url
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import SOMETHING, UNKNOWN, Origin, Text
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_NC_VALUED = word_set(
    "-w -p -s -i -q -e -c -x -X -I -O -T -V -g -G -m --exec --sh-exec --lua-exec --wait --source --proxy --proxy-type"
)
_NC_RUNS = ("-e", "-c", "--exec", "--sh-exec", "--lua-exec")
_LOOKUPS = frozenset({"dig", "kdig", "drill", "nslookup", "host", "delv"})
_NC_PROBE = word_set("-z -v -vv -n -w -u -4 -6 -i -q -t -r -s --wait --udp --verbose --nodns")
_SOCAT_RUNS = re.compile(r"(?:^|[,!])(?:exec|system|shell):", re.IGNORECASE)
_IP_OBJECTS = {
    "address": "address",
    "link": "link",
    "route": "route",
    "neighbour": "neighbour",
    "neighbor": "neighbour",
    "rule": "rule",
    "maddress": "maddress",
    "tunnel": "tunnel",
    "netns": "netns",
    "monitor": "monitor",
    "netconf": "netconf",
    "xfrm": "xfrm",
    "tcp_metrics": "tcp_metrics",
    "token": "token",
    "macsec": "macsec",
    "addrlabel": "addrlabel",
    "mroute": "mroute",
    "mrule": "mrule",
    "nexthop": "nexthop",
    "vrf": "vrf",
    "ntable": "ntable",
    "stats": "stats",
}
_IP_READS = ("show", "list", "lst", "get")
_IP_OPTIONS_VALUED = frozenset({"-f", "-family", "-n", "-netns", "-l", "-loops", "-rc", "-rcvbuf", "-b", "-batch"})
_FIREWALL_READS = re.compile(r"--(?:state|list-[\w-]+|get-[\w-]+|query-[\w-]+|info-[\w-]+|path-[\w-]+|check-config)")
_FIREWALL_SCOPES = frozenset({"--zone", "--permanent", "--policy", "-q", "-v", "--verbose", "--ipset", "--service"})
_ROUTE_CHANGES = frozenset({"add", "del", "delete", "change", "flush", "replace"})


def check_probe(call: Call) -> Text | None:
    """`ping`, `dig`, `nslookup`: a name that is made from output may carry that output away."""
    if any(not word.is_known for word in call.arguments):
        call.report("C-dynamic-host")
    _report_addresses(call)
    # What a name server answers is somebody else's text.
    return Text(UNKNOWN, frozenset({Origin.DOWNLOADED})) if call.name in _LOOKUPS else None


def check_netcat(call: Call) -> Text | None:
    """`nc -z` probes a port; anything else is a raw connection."""
    call.runner.note_role("network")
    arguments = parse_arguments(call.arguments, valued=_NC_VALUED)
    if arguments.has(*_NC_RUNS):
        call.report("B7-remote-shell")
    elif not arguments.has("-z") or any(option.name not in _NC_PROBE for option in arguments.options):
        call.report("C-network-send")
    elif not all(operand.is_known for operand in arguments.operands):
        call.report("C-dynamic-host")
    return Text(UNKNOWN, frozenset({Origin.NETWORK}))


def check_raw_client(call: Call) -> Text | None:
    """`telnet`, `socat`, `websocat`: a raw connection."""
    call.runner.note_role("network")
    call.report("C-network-send")
    if any(_SOCAT_RUNS.search(word.text) for word in call.arguments):
        call.report("B7-remote-shell")
    return Text(UNKNOWN, frozenset({Origin.NETWORK}))


def check_ip(call: Call) -> Text | None:
    """`ip`: objects and verbs may be shortened; without a verb it shows."""
    words = list(call.arguments)
    in_all = False
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        in_all = in_all or option in ("-a", "-all")
        if option in ("-b", "-batch", "-force"):
            call.report("C-network-change")
        if option in _IP_OPTIONS_VALUED and words:
            words.pop(0)
    if not words:
        return None
    target = next((full for full in _IP_OBJECTS if full.startswith(words[0].text)), "")
    rest = words[1:]
    if target == "netns" and rest and rest[0].text in ("exec", "exe", "ex"):
        # Without -all the name of the namespace comes first.
        inner = tuple(rest[1:] if in_all else rest[2:])
        return call.run(inner) if inner else None
    _judge_verb(call, target, rest)
    return None


def _judge_verb(call: Call, target: str, rest: list[Text]) -> None:
    verb = rest[0].text if rest else ""
    is_reading = not verb or any(full.startswith(verb) for full in _IP_READS)
    if target == "link" and verb == "s":
        # Here it is short for `set`.
        is_reading = False
    if target == "monitor":
        is_reading = "file" not in [word.text for word in rest]
    if target == "netns":
        is_reading = is_reading or verb in ("identify", "pids", "list-id")
    if target == "xfrm":
        # The state holds keys.
        is_reading = verb.startswith("p") and (len(rest) < 2 or rest[1].text in _IP_READS)
    if target == "vrf" and verb == "exec":
        call.run(tuple(rest[2:]))
    if not target:
        call.report("C-unknown-subcommand")
    elif not is_reading:
        call.report("C-network-change")
    elif any(word.may_be_option for word in rest[:1]):
        call.report("C-dynamic-operand")


def check_ifconfig(call: Call) -> Text | None:
    """`ifconfig`: an interface and nothing else shows it."""
    operands = [text for text in call.texts if text not in ("-a", "-s", "-v")]
    if len(operands) > 1 or any(word.may_be_option for word in call.arguments):
        call.report("C-network-change")
    return None


def check_route(call: Call) -> Text | None:
    """`route`: options alone show the table."""
    shows = all(text.startswith("-") or text in ("get", "show") for text in call.texts[:1])
    if not shows or _ROUTE_CHANGES.intersection(call.texts):
        call.report("C-network-change")
    return None


def check_hostname(call: Call) -> Text | None:
    """`hostname`, `domainname`: with a name they set it."""
    operands = parse_arguments(call.arguments).operands
    if operands or "-F" in call.texts or "--file" in call.texts or "-b" in call.texts:
        call.report("C-system-change")
    return None if operands else Text(SOMETHING)


def check_openssl_client(call: Call) -> Text | None:
    """`openssl s_client`: shows the certificate when nothing is typed into the connection."""
    call.runner.note_role("network")
    is_silent = (
        call.stdin is not None and call.stdin.is_known and call.stdin.text.strip() in ("", "Q", "q", "quit", "QUIT")
    )
    if not is_silent:
        call.report("C-network-send")
    if not all(word.is_known for word in call.arguments):
        call.report("C-dynamic-host")
    return Text(UNKNOWN, frozenset({Origin.NETWORK}))


def check_firewall(call: Call) -> Text | None:
    """`firewall-cmd`: options that list, get, query and tell; anything else changes."""
    options = [text.partition("=")[0] for text in call.texts if text.startswith("-")]
    is_reading = any(_FIREWALL_READS.fullmatch(option) for option in options)
    if not is_reading or not all(_FIREWALL_READS.fullmatch(option) or option in _FIREWALL_SCOPES for option in options):
        call.report("C-network-change")
    return None


def check_wireguard(call: Call) -> Text | None:
    """`wg show` hides keys unless it is asked for them."""
    if any(text in ("dump", "private-key", "preshared-keys") for text in call.texts):
        call.report("C-secret-read")
    return None


def check_address(call: Call) -> Text | None:
    """Addresses among the operands must be known and belong to the own network."""
    _report_addresses(call)
    return None


def check_kafka_client(call: Call) -> Text | None:
    """`kcat -X plugin.library.paths=…` loads a library."""
    if any("plugin.library" in text for text in call.texts):
        call.report("C-code-runs")
    return None


def _report_addresses(call: Call) -> None:
    for word in call.arguments:
        if "://" in word.text:
            address = split_url(word.text) if word.is_known else None
            rule = "C-dynamic-host" if address is None else find_host_rule(address.host or "localhost")
            if rule:
                call.report(rule, word.text)
