"""Faults as data: the setting, what breaks it and when, the truth, what heals it, and a healthy twin."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.hosts.steps import HostStep
from simulator.store import JsonObject
from simulator.world.outages import OutageKind
from simulator.world.workload import Workload


class UnknownScenario(ValueError):
    """No scenario has that id; the message lists those there are."""


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Described):
    en: str
    zh: str


class Outage(_Described):
    """Something outside of the API that breaks or is repaired."""

    kind: OutageKind
    at: str
    """Name of the node."""


class Certificate(_Described):
    """A kubernetes.io/tls Secret with a real certificate."""

    namespace: str
    name: str
    hosts: tuple[str, ...]
    expires_in_days: float
    """Counted from the moment of the step; negative for one that is over."""


class Step(_Described):
    """One change: a patch, a new object or workload, a deletion, a certificate, or an outage."""

    target: str = ""
    """Kind/namespace/name of the object to patch."""
    patch: JsonObject = Field(default_factory=dict)
    create: JsonObject | None = None
    delete: str = ""
    deploy: Workload | None = None
    """A Deployment with its Service, in short form."""
    certificate: Certificate | None = None
    """Makes the Secret, or puts a fresh certificate into it."""
    begin: Outage | None = None
    end: Outage | None = None
    host: HostStep | None = None
    """Something on one host, as a person or bad luck would do it there."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Step":
        described = (self.target, self.create, self.deploy, self.delete, self.certificate)
        chosen = (*described, self.begin, self.end, self.host)
        if sum(1 for value in chosen if value) != 1:
            raise ValueError(
                "a step is exactly one of target (with patch), create, deploy, delete, certificate, begin, end, host"
            )
        return self


class Fix(_Described):
    text: Text
    steps: tuple[Step, ...]


class Twin(_Described):
    """The same situation without the fault: what a careless rule would mistake for it."""

    about: Text
    steps: tuple[Step, ...] = ()
    """Done instead of the breaking steps."""


class Expected(_Described):
    """What a diagnosis has to find."""

    condition: str
    object: str
    """Kind/namespace/name, with an empty namespace for what has none."""
    is_effect: bool = False
    """It follows from another one that is expected, and has to be named as its effect, not as a cause."""


class Scenario(_Described):
    """Ground truth in the form of the recorded cases, with the steps that break and heal."""

    id: str
    condition: str
    title: Text
    root_cause: Text
    object_at_fault: str
    subject: str
    namespaces: tuple[str, ...]
    minutes_ago: Annotated[float, Field(gt=0, le=360)]
    """When it happened, before now."""
    setting: tuple[Step, ...] = ()
    """What the estate has besides, in good order, hours before the fault."""
    breaking: tuple[Step, ...]
    fix: Fix
    twin: Twin | None = None
    expects: tuple[Expected, ...] = ()
    """Empty: the condition that is named like the scenario, at `object_at_fault`."""
    is_alone: bool = False
    """It touches nodes or what the whole cluster shares, so it cannot stand beside others."""
    is_in_demo: bool = False

    @property
    def is_on_host(self) -> bool:
        """The fault lies on a host: `object_at_fault` is `Host//name`."""
        return self.object_at_fault.startswith("Host/")

    @property
    def expected(self) -> tuple[Expected, ...]:
        return self.expects or (Expected(condition=self.id, object=self.object_at_fault),)


def load_scenarios(ids: Iterable[str] | None) -> list[Scenario]:
    """The named scenarios, each once, the earliest fault first; raise UnknownScenario.

    None means those of the demo that a look at the cluster can find.
    """
    known = {scenario.id: scenario for scenario in (*all_scenarios(), *host_scenarios())}
    in_demo = (scenario.id for scenario in all_scenarios() if scenario.is_in_demo)
    wanted = list(dict.fromkeys(in_demo if ids is None else ids))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UnknownScenario(f"no scenario {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    return sorted((known[name] for name in wanted), key=lambda scenario: -scenario.minutes_ago)


def all_scenarios() -> tuple[Scenario, ...]:
    """Every scenario that a look at the cluster can find, ordered by id."""
    return tuple(scenario for scenario in _every_scenario() if not scenario.is_on_host)


def host_scenarios() -> tuple[Scenario, ...]:
    """Every scenario that only a look at its host can find, ordered by id."""
    return tuple(scenario for scenario in _every_scenario() if scenario.is_on_host)


@cache
def _every_scenario() -> tuple[Scenario, ...]:
    texts = (entry.read_text(encoding="utf-8") for entry in _files_below(files("simulator") / "scenarios"))
    scenarios = (Scenario.model_validate(yaml.load(text, Loader=_LOADER)) for text in texts)  # noqa: S506  # a safe loader
    return tuple(sorted(scenarios, key=lambda scenario: scenario.id))


# The one in C reads the files ten times faster; not every installation has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _files_below(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_below(entry)
        elif entry.name.endswith(".yaml"):
            yield entry
