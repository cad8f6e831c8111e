"""Reads a question about hosts. What speaks of the cluster is left to the other rules."""

import re
from collections.abc import Sequence
from dataclasses import replace

from backend.agent.domain import HistoryMessage, UserMessage
from backend.agent.rule_planner.hosts import words
from backend.agent.rule_planner.hosts.intents import (
    ControlService,
    FindPortOwner,
    HostIntent,
    HostTopic,
    KillProcess,
    ListHosts,
    LookAtHost,
    ReadJournal,
    RunCommand,
)
from backend.agent.rule_planner.words import FOLLOW_UP, normalise

_MAX_PORT = 65535
_MAX_JOURNAL_LINES = 500


def understand_host(question: str, *, earlier: Sequence[HistoryMessage]) -> HostIntent | None:
    """The intent, or None when the question is not about a host."""
    text = normalise(question)
    follow_up = FOLLOW_UP.match(text)
    if follow_up:
        return _repeat_for(follow_up[1], earlier=earlier)
    command = words.COMMAND.search(question)
    if command is not None:
        around = f"{question[: command.start()]} {command[0].split('`')[0]} {question[command.end() :]}"
        return _read_command((command["run"] or command["zh"]).strip(), around=normalise(around))
    return _read_action(text, earlier=earlier) or _read_topic(text)


def _read_command(command: str, *, around: str) -> RunCommand:
    return RunCommand(
        command=command,
        host=find_host(around),
        beside=frozenset(re.findall(r"[a-z0-9][\w.-]*(?<![.-])", around)),
        is_everywhere=words.EVERYWHERE.search(around) is not None,
    )


def find_host(text: str) -> str | None:
    """The host that is named, by the surest form of words."""
    return _first_name(text, words.NAMED_HOST)


def _first_name(text: str, patterns: Sequence[re.Pattern[str]]) -> str | None:
    for pattern in patterns:
        for match in pattern.finditer(text):
            name = match[1]
            if name not in words.NOT_HOSTS and not name.isdigit():
                return name
    return None


def _read_action(text: str, *, earlier: Sequence[HistoryMessage]) -> HostIntent | None:
    if words.KILL.search(text):
        killing = _read_kill(text, earlier=earlier)
        if killing is not None:
            return killing
    port = _find_port(text)
    if port is not None:
        return FindPortOwner(port=port, host=_host_of_command(text))
    if words.LIST_HOSTS.search(text):
        return ListHosts()
    return _read_journal(text) or _read_service(text)


def _find_port(text: str) -> int | None:
    for pattern in words.PORT_OWNER:
        match = pattern.search(text)
        if match is not None and 0 < int(match["port"]) <= _MAX_PORT:
            return int(match["port"])
    return None


def _read_kill(text: str, *, earlier: Sequence[HistoryMessage]) -> KillProcess | None:
    port = words.KILL_PORT.search(text)
    if port is not None:
        wanted = int(port[1] or port[2] or port[3])
        return KillProcess(pid=None, host=_host_of_command(text), port=wanted) if 0 < wanted <= _MAX_PORT else None
    number = words.KILL_NUMBER.search(text)
    if number is not None:
        return KillProcess(pid=int(number[1] or number[2]), host=_host_of_command(text))
    if not words.THAT_ONE.search(text):
        return None
    found = _last_port_question(earlier)
    return KillProcess(pid=None, host=found.host, port=found.port) if found else None


def _last_port_question(earlier: Sequence[HistoryMessage]) -> FindPortOwner | None:
    """What "it" means: the process of the newest question, if that was about a port."""
    questions = [message.text for message in earlier if isinstance(message, UserMessage)]
    if not questions:
        return None
    previous = understand_host(questions[-1], earlier=())
    return previous if isinstance(previous, FindPortOwner) else None


def _read_journal(text: str) -> ReadJournal | None:
    for pattern in words.JOURNAL:
        match = pattern.search(text)
        if match is not None:
            found = words.JOURNAL_LINES.search(text)
            lines = int(found[1] or found[2]) if found else 50
            return ReadJournal(
                unit=match["unit"], host=_host_of_command(text), lines=max(1, min(lines, _MAX_JOURNAL_LINES))
            )
    return None


def _read_service(text: str) -> ControlService | None:
    for pattern in words.SERVICE:
        match = pattern.search(text)
        if match is not None and match["unit"] not in words.NOT_HOSTS:
            action = words.ACTIONS[match["action"]]
            return ControlService(unit=match["unit"], action=action, host=_host_of_command(text))
    return None


def _host_of_command(text: str) -> str | None:
    """In orders only "on X", "host X" and "X 上" name a host: other words are units, processes and options."""
    return _first_name(text, words.SURELY_NAMED_HOST)


def _read_topic(text: str) -> LookAtHost | None:
    speaks_of_host = words.HOST_NOUN.search(text) is not None
    if words.CLUSTER.search(text) and not speaks_of_host:
        return None
    if words.OOM.search(text):
        is_about_host = speaks_of_host or words.KERNEL.search(text) is not None
        return LookAtHost(HostTopic.OOM, find_host(text)) if is_about_host else None
    for topic, pattern in words.TOPICS:
        if pattern.search(text) and _fits(topic, text, speaks_of_host=speaks_of_host):
            return LookAtHost(topic, find_host(text))
    if speaks_of_host and words.HEALTH.search(text):
        return LookAtHost(HostTopic.HEALTH, find_host(text))
    return None


def _fits(topic: HostTopic, text: str, *, speaks_of_host: bool) -> bool:
    """Memory and load are asked of workloads as well: then nothing here says that a host is meant."""
    if topic not in {HostTopic.MEMORY, HostTopic.LOAD}:
        return True
    return (
        speaks_of_host
        or words.ONLY_HOSTS_HAVE.search(text) is not None
        or _first_name(text, words.HOST_OF_MEMORY) is not None
    )


def _repeat_for(name: str, *, earlier: Sequence[HistoryMessage]) -> HostIntent | None:
    """The previous question, for another host."""
    questions = [message.text for message in earlier if isinstance(message, UserMessage)]
    if not questions or name in words.NOT_HOSTS:
        return None
    previous = understand_host(questions[-1], earlier=())
    if isinstance(previous, RunCommand):
        return RunCommand(command=previous.command, host=name)
    if isinstance(previous, LookAtHost | FindPortOwner | ReadJournal):
        return replace(previous, host=name)
    return None
