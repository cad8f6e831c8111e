"""Carrying out the steps of a scenario, as a person would: through the API's rules, or on a node's host."""

import copy
from collections.abc import Sequence
from random import Random

from simulator.api.admission import apply_defaults, validate_create, validate_update
from simulator.api.admission.policies import check_new, complete_new
from simulator.api.patching import apply_strategic_patch
from simulator.api_resources import SECRETS, ResourceType
from simulator.hosts.step_runner import HostSteps
from simulator.store import JsonObject, ObjectStore
from simulator.world.certificates import tls_secret
from simulator.world.outages import Outages
from simulator.world.scenario import Certificate, Step, UnknownScenario
from simulator.world.workload import objects_of


class StepRunner:
    """The hands of a person who works on the cluster."""

    def __init__(self, store: ObjectStore, outages: Outages, hosts: HostSteps) -> None:
        self._store = store
        self._outages = outages
        self._hosts = hosts

    def carry_out(self, steps: Sequence[Step]) -> None:
        """Do the steps in order; raise NotFound when a target is not there."""
        for step in steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        if step.create is not None:
            create_object(self._store, step.create)
        elif step.deploy is not None:
            for item in objects_of(step.deploy):
                create_object(self._store, item)
        elif step.certificate is not None:
            self._issue(step.certificate)
        elif step.begin is not None:
            self._outages.begin(step.begin.kind, at=step.begin.at)
        elif step.end is not None:
            self._outages.end(step.end.kind, at=step.end.at)
        elif step.host is not None:
            self._hosts.carry_out(step.host)
        else:
            self._change(step)

    def _change(self, step: Step) -> None:
        kind, namespace, name = (step.target or step.delete).split("/")
        resource = _resource_of(self._store, kind)
        if step.delete:
            self._store.delete(resource, namespace=namespace, name=name)
        else:
            current = self._store.get(resource, namespace=namespace, name=name)
            changed = apply_strategic_patch(resource.schema, current, step.patch)
            apply_defaults(resource, changed, is_new=False, random=Random(0))  # noqa: S311  # draws nothing
            validate_update(resource, changed, old=current)
            self._store.replace(resource, changed)

    def _issue(self, wanted: Certificate) -> None:
        secret = tls_secret(wanted, now=self._store.now)
        if self._store.find(SECRETS, namespace=wanted.namespace, name=wanted.name) is None:
            create_object(self._store, secret)
        else:
            self._store.replace(SECRETS, secret)


def create_object(store: ObjectStore, item: JsonObject) -> JsonObject:
    """Store a manifest as the API would: completed first. What is drawn at random follows from its name."""
    resource = _resource_of(store, item["kind"])
    complete = copy.deepcopy(item)
    # Addresses only have to differ from each other and repeat from run to run.
    source = Random(f"{item['kind']}/{item['metadata'].get('namespace')}/{item['metadata']['name']}")  # noqa: S311
    apply_defaults(resource, complete, is_new=True, random=source)
    complete_new(store, resource, complete)
    validate_create(resource, complete)
    check_new(store, resource, complete)
    return store.create(resource, complete)


def _resource_of(store: ObjectStore, kind: str) -> ResourceType:
    for resource in store:
        if resource.kind == kind:
            return resource
    raise UnknownScenario(f"no kind {kind!r}")
