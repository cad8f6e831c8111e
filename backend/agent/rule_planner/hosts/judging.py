"""What is wrong with a host, as the product's checks say. The planner asks them; it has no thresholds of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from backend.agent.rule_planner.hosts.intents import HostTopic
from backend.vocabulary.language import Text
from host_facts.domain import HostFacts


@dataclass(frozen=True, slots=True)
class HostFix:
    """One thing a person can do; the command is empty where there is none."""

    text: Text
    command: str = ""


@dataclass(frozen=True, slots=True)
class HostProblem:
    """One finding of a check on one host."""

    check: str
    is_critical: bool
    title: Text
    cause: Text
    fixes: tuple[HostFix, ...] = ()


JudgeHost: TypeAlias = Callable[[HostFacts], Sequence[HostProblem]]


def judge_nothing(_facts: HostFacts) -> Sequence[HostProblem]:
    """For planners without checks: figures are shown and not judged."""
    return ()


CHECKS_OF: dict[HostTopic, frozenset[str]] = {
    HostTopic.DISK: frozenset({"disk-usage", "inode-usage", "read-only-mounts"}),
    HostTopic.MEMORY: frozenset({"memory", "swap", "oom-kills"}),
    HostTopic.LOAD: frozenset({"load", "reboot", "open-files"}),
    HostTopic.PROCESSES: frozenset({"load"}),
    HostTopic.OOM: frozenset({"oom-kills"}),
    HostTopic.ZOMBIES: frozenset({"zombies"}),
    HostTopic.UNITS: frozenset({"failed-units"}),
    HostTopic.LISTENERS: frozenset({"makeshift-servers"}),
    HostTopic.CLOCK: frozenset({"clock"}),
    HostTopic.CERTIFICATES: frozenset({"certificate-expiry"}),
}
"""Which checks speak to a topic; health is all of them."""


def select(problems: Sequence[HostProblem], *, topic: HostTopic) -> list[HostProblem]:
    """Critical ones first."""
    wanted = [problem for problem in problems if topic is HostTopic.HEALTH or problem.check in CHECKS_OF[topic]]
    return sorted(wanted, key=lambda problem: not problem.is_critical)
