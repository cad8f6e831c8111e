"""What a person can want from the rule planner."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from backend.agent.rule_planner.hosts.intents import HostIntent


class Kind(StrEnum):
    """Kinds of objects the planner knows; the value is the word in tool names."""

    PODS = "pods"
    SERVICES = "services"
    DEPLOYMENTS = "deployments"
    NODES = "nodes"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look. With neither set, the tools' default namespace is meant."""

    namespace: str | None = None
    all_namespaces: bool = False

    @property
    def is_stated(self) -> bool:
        return self.namespace is not None or self.all_namespaces

    def or_everywhere(self) -> "Scope":
        return self if self.is_stated else Scope(all_namespaces=True)

    def as_arguments(self) -> dict[str, str | bool]:
        if self.all_namespaces:
            return {"all_namespaces": True}
        return {} if self.namespace is None else {"namespace": self.namespace}


@dataclass(frozen=True, slots=True)
class Target:
    """The object a question is about, as far as its words tell: names in the order of likelihood."""

    names: tuple[str, ...] = ()
    is_certain: bool = False
    """The words are surely names; otherwise they may be ordinary words."""
    is_assumed: bool = False
    """Taken from earlier in the session, because the question says "it"."""


@dataclass(frozen=True, slots=True)
class ListObjects:
    """List objects of one kind."""

    kind: Kind
    scope: Scope
    target: Target = field(default_factory=Target)


@dataclass(frozen=True, slots=True)
class FindProblems:
    """What is not normal, and why. `kind` None means everything."""

    scope: Scope
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Explain:
    """Why one thing is not as it should be."""

    target: Target
    scope: Scope


@dataclass(frozen=True, slots=True)
class Describe:
    """Everything about one pod."""

    target: Target
    scope: Scope


@dataclass(frozen=True, slots=True)
class DescribeObject:
    """Everything about one object of a kind other than pods."""

    kind: str
    """Plural, lower case."""
    target: Target
    scope: Scope


@dataclass(frozen=True, slots=True)
class ReadLogs:
    """Log lines of one pod."""

    target: Target
    scope: Scope
    container: str | None = None
    previous: bool = False
    tail: int | None = None
    since_seconds: int | None = None
    contains: str | None = None
    only_errors: bool = False
    """Lines that look like errors, when no exact text was asked for."""


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """Cluster events, of one object or of all."""

    scope: Scope
    target: Target = field(default_factory=Target)
    only_warnings: bool = False


@dataclass(frozen=True, slots=True)
class ScaleDeployment:
    """Change the number of replicas, to a number or by one; neither given means it has to be asked for."""

    target: Target
    scope: Scope
    replicas: int | None = None
    change: int | None = None


@dataclass(frozen=True, slots=True)
class ListKind:
    """List objects of any other kind, by its plural."""

    kind: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class ListClusters:
    """Which clusters there are."""


@dataclass(frozen=True, slots=True)
class ShowUsage:
    """What pods or nodes use of CPU and memory."""

    subject: Literal["pods", "nodes"]
    scope: Scope
    by: Literal["cpu", "memory"] = "memory"


@dataclass(frozen=True, slots=True)
class ShowRelations:
    """What an object is connected with."""

    target: Target
    scope: Scope


@dataclass(frozen=True, slots=True)
class ShowHistory:
    """The revisions of a workload, and what changed between them."""

    target: Target
    scope: Scope


class WorkloadChange(StrEnum):
    """What is to be done with a workload; the value is the tool."""

    RESTART = "k8s-restart-workload"
    ROLL_BACK = "k8s-rollback-workload"


@dataclass(frozen=True, slots=True)
class ChangeWorkload:
    """Restart a workload, or take it back to a revision (the one before when none is given)."""

    change: WorkloadChange
    target: Target
    scope: Scope
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class CordonNode:
    """Keep new pods from a node, or let them in again."""

    target: Target
    is_cordoned: bool


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete one pod, so that its workload makes a new one."""

    target: Target
    scope: Scope


@dataclass(frozen=True, slots=True)
class Overview:
    """How the whole cluster or one namespace is."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class AskForHelp:
    """What can you do?"""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """None of the above."""


Intent: TypeAlias = (
    ListObjects
    | FindProblems
    | Explain
    | Describe
    | ReadLogs
    | ReadEvents
    | ScaleDeployment
    | Overview
    | ListKind
    | ListClusters
    | ShowUsage
    | ShowRelations
    | ShowHistory
    | DescribeObject
    | ChangeWorkload
    | CordonNode
    | DeletePod
    | HostIntent
    | AskForHelp
    | NotUnderstood
)
