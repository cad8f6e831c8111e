"""Faults as data: what is changed, when, what the truth is and what heals it."""

import copy
from collections.abc import Iterable, Sequence
from importlib.resources import files
from random import Random
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.api.admission.defaults import apply_defaults
from simulator.api.patching import apply_strategic_patch
from simulator.api_resources import RESOURCE_TYPES, ResourceType
from simulator.store import JsonObject, ObjectStore


class UnknownScenario(ValueError):
    """No scenario has that id; the message lists those there are."""


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Described):
    en: str
    zh: str


class Step(_Described):
    """One change: a patch of an existing object, a new object, or a deletion."""

    target: str = ""
    """Kind/namespace/name of the object to patch."""
    patch: JsonObject = Field(default_factory=dict)
    create: JsonObject | None = None
    delete: str = ""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Step":
        if sum((bool(self.target), self.create is not None, bool(self.delete))) != 1:
            raise ValueError("a step has exactly one of target (with patch), create and delete")
        return self


class Fix(_Described):
    text: Text
    steps: tuple[Step, ...]


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
    breaking: tuple[Step, ...]
    fix: Fix


def load_scenarios(ids: Iterable[str] | None) -> list[Scenario]:
    """The named scenarios (None: all), each once, those that happened first first; raise UnknownScenario."""
    known = {scenario.id: scenario for scenario in all_scenarios()}
    wanted = list(known) if ids is None else list(dict.fromkeys(ids))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UnknownScenario(f"no scenario {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    return sorted((known[name] for name in wanted), key=lambda scenario: -scenario.minutes_ago)


def all_scenarios() -> list[Scenario]:
    """Every scenario file, ordered by id."""
    folder = files("simulator") / "scenarios"
    texts = [entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return sorted((Scenario.model_validate(yaml.safe_load(text)) for text in texts), key=lambda scenario: scenario.id)


def apply_steps(store: ObjectStore, steps: Sequence[Step]) -> None:
    """Carry out changes in order; raise NotFound when a target is not there."""
    for step in steps:
        if step.create is not None:
            create_object(store, step.create)
            continue
        kind, namespace, name = (step.target or step.delete).split("/")
        resource = _resource_of(kind)
        if step.delete:
            store.delete(resource, namespace=namespace, name=name)
        else:
            current = store.get(resource, namespace=namespace, name=name)
            store.replace(resource, apply_strategic_patch(kind, current, step.patch))


def create_object(store: ObjectStore, item: JsonObject) -> JsonObject:
    """Store a manifest as the API would: completed first. What is drawn at random follows from its name."""
    resource = _resource_of(item["kind"])
    complete = copy.deepcopy(item)
    # Addresses only have to differ from each other and repeat from run to run.
    source = Random(f"{item['kind']}/{item['metadata'].get('namespace')}/{item['metadata']['name']}")  # noqa: S311
    apply_defaults(resource, complete, is_new=True, random=source)
    return store.create(resource, complete)


def _resource_of(kind: str) -> ResourceType:
    for resource in RESOURCE_TYPES:
        if resource.stored and resource.kind == kind:
            return resource
    raise UnknownScenario(f"no kind {kind!r}")
