"""Faults of the simulated cluster say what the same faults said in a real one: states, conditions and events.

Everything a recorded case shows has to be there in the simulated one; what differs between the cases (names, numbers,
addresses) is taken out first.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from simulator.store import JsonObject
from simulator.world import Scenario, load_scenarios
from tests.fakes.simulated_world import LivingWorld

DATA = Path(__file__).parents[2] / "data" / "kubernetes_cases"
SETTLING_SECONDS = 120
SHOWING_SECONDS = 370
ROUTINE = {"Scheduled", "Pulling", "Pulled", "Created", "Started", "ScalingReplicaSet", "SuccessfulCreate"}
"""Events of every start; and a busy node's FailedMount has nothing to do with the case."""

INCIDENTAL = {*ROUTINE, "SuccessfulDelete", "FailedMount"}
NAMED = ("pods", "replicasets", "deployments", "jobs", "horizontalpodautoscalers", "persistentvolumeclaims")
PODS = ("pods",)
REFUSED = ("replicasets", "deployments")


@dataclass(frozen=True)
class Pair:
    """A recorded case and the scenario that corresponds to it."""

    case: str
    scenario: str
    kinds: tuple[str, ...] = PODS
    """Whose conditions are compared."""
    words: dict[str, str] = field(default_factory=dict, hash=False)
    """What is called otherwise in one of the two."""
    unshown: tuple[str, ...] = ()
    """What the recorded case shows because it was caught in another moment."""


PAIRS = [
    Pair("exit-127-command-not-found", "crash-shell-command-not-found"),
    Pair("exit-zero-loop", "crash-exit-zero"),
    Pair("start-error-no-such-file", "crash-command-not-found"),
    Pair("port-clash", "crash-port-clash"),
    Pair("read-only-rootfs", "crash-read-only-filesystem"),
    Pair("image-never-pull", "image-never-pull"),
    Pair("image-unknown-repository", "image-pull-denied"),
    Pair("image-invalid-name", "image-invalid-name", words={"WebShop/Reviews": "PATH", "Shop/Ratings": "PATH"}),
    Pair("init-failing", "init-failing"),
    Pair("init-hanging", "init-hanging"),
    Pair("job-backoff-limit", "job-failed", ("pods", "jobs")),
    Pair("readiness-404", "readiness-wrong-path"),
    Pair("startup-probe-too-short", "startup-probe-too-short"),
    Pair("secret-volume-missing", "secret-missing"),
    Pair("serviceaccount-missing", "serviceaccount-missing"),
    Pair("configmap-key-missing", "configmap-key-missing", words={"vat-table in ConfigMap": "KEY in ConfigMap"}),
    Pair("pending-insufficient-memory", "pending-insufficient-memory"),
    Pair("pending-node-selector", "pending-node-selector"),
    Pair("pvc-missing-storageclass", "pvc-class-missing", ("pods", "persistentvolumeclaims")),
    Pair("pvc-no-class", "pvc-no-class", ("pods", "persistentvolumeclaims")),
    Pair("podsecurity-restricted", "podsecurity-denied", REFUSED),
    # The recorded Deployment was refused in its first rollout, ours while it was scaled.
    Pair("quota-exceeded", "quota-exceeded", REFUSED, unshown=("Progressing=",)),
    Pair("quota-needs-limits", "quota-needs-limits", REFUSED),
    Pair(
        "hpa-target-missing",
        "hpa-target-missing",
        ("horizontalpodautoscalers",),
        words={"feed-export": "TARGET", "ticket-api": "TARGET"},
    ),
    Pair(
        "hpa-no-requests",
        "hpa-no-requests",
        ("horizontalpodautoscalers",),
        # The recorded autoscaler was there before its pods were.
        unshown=("did not receive metrics for targeted pods",),
    ),
]


@cache
def _living() -> LivingWorld:
    """All these faults side by side, some minutes after they happened. Only read, so shared."""
    living = LivingWorld()
    scenarios = [_scenario(pair) for pair in PAIRS]
    for scenario in scenarios:
        living.world.carry_out(scenario.setting)
    living.pass_time(SETTLING_SECONDS, step=SETTLING_SECONDS)
    for scenario in scenarios:
        living.world.carry_out(scenario.breaking)
    living.pass_time(SHOWING_SECONDS, step=SHOWING_SECONDS)
    return living


def _scenario(pair: Pair) -> Scenario:
    return load_scenarios([pair.scenario])[0]


def _recorded(pair: Pair) -> tuple[str, dict[str, list[JsonObject]]]:
    """The namespace of the case, and its objects by plural."""
    case = json.loads((DATA / f"{pair.case}.json").read_text(encoding="utf-8"))
    namespace: str = case["namespace"]
    found = {}
    for name, text in case["files"].items():
        path = re.fullmatch(rf"objects/{re.escape(namespace)}\.([a-z]+)\.json", name)
        if path is not None:
            found[path[1]] = (json.loads(text) if isinstance(text, str) else text)["items"]
    return namespace, found


def _simulated(pair: Pair) -> tuple[str, dict[str, list[JsonObject]]]:
    namespace, store = _scenario(pair).namespaces[0], _living().store
    wanted = {*NAMED, "events"}
    listed = {resource.plural: store.list_objects(resource, namespace=namespace) for resource in store}
    return namespace, {plural: items for plural, items in listed.items() if plural in wanted}


def _says(namespace: str, objects: dict[str, list[JsonObject]], pair: Pair) -> set[str]:
    """One text for everything that is shown, without what differs from case to case."""
    names = _names_in(namespace, objects) | pair.words
    found = set()
    for plural in pair.kinds:
        for item in objects.get(plural, []):
            status = item.get("status") or {}
            found |= {_condition(plural, condition) for condition in status.get("conditions") or []}
            found |= set(_container_states(status))
    found |= {_event(event) for event in objects.get("events", []) if event["reason"] not in INCIDENTAL}
    return {_without(text, names) for text in found if not any(words in text for words in pair.unshown)}


def _condition(plural: str, condition: JsonObject) -> str:
    text = f"{condition['type']}={condition['status']} {condition.get('reason')}: {condition.get('message', '')}"
    return f"{plural} {text}"


def _container_states(status: JsonObject) -> Iterator[str]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or []:
            for when in ("state", "lastState"):
                for name, state in container[when].items():
                    ending = f"{state.get('reason')} {state.get('exitCode', '')} {state.get('message', '')}"
                    yield f"{kind} {when} {name}: {ending}"


def _event(event: JsonObject) -> str:
    about = event["involvedObject"]
    return f"{event['type']} {event['reason']} {about['kind']} {about.get('fieldPath', '')}: {event['message']}"


def _names_in(namespace: str, objects: dict[str, list[JsonObject]]) -> dict[str, str]:
    names = {
        f"_{namespace}(": "_NAMESPACE(",
        f"{namespace}/": "NAMESPACE/",
        f'"{namespace}"': '"NAMESPACE"',
        "docker.io/library/": "docker.io/",
    }
    for plural in NAMED:
        names |= {item["metadata"]["name"]: "NAME" for item in objects.get(plural, [])}
    for pod in objects.get("pods", []):
        names[pod["spec"].get("nodeName") or "no node"] = "NODE"
        for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
            names |= {container["name"]: "NAME", container["image"]: "IMAGE"}
    for item in [*objects.get("deployments", []), *objects.get("jobs", [])]:
        names |= {container["name"]: "NAME" for container in item["spec"]["template"]["spec"]["containers"]}
    return names


def _without(text: str, names: dict[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    text = re.sub(r'pods "NAME-\w+"', 'pods "NAME"', text)
    text = re.sub(r"exceeded quota: \S+, requested: .*", "exceeded quota", text)
    text = re.sub(r"failed quota: [\w-]+", "failed quota", text)
    text = re.sub(r"find key \S+ in", "find key KEY in", text)
    text = re.sub(r"ConfigMap NAMESPACE/[\w-]+", "ConfigMap NAMESPACE/NAME", text)
    text = re.sub(r"(serviceaccount|secret|configmap) \"[\w/.-]+\"", r"\1", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UID", text)
    text = re.sub(r"\d+\.\d+\.\d+\.\d+", "ADDRESS", text)
    text = re.sub(r"\b\d+(\.\d+)?(ms|m\d+s|s)\b", "TIME", text)
    return re.sub(r"\d+", "N", text)


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.case for pair in PAIRS])
def test_a_fault_says_what_it_said_in_a_real_cluster(pair: Pair) -> None:
    wanted = _says(*_recorded(pair), pair)

    assert wanted
    assert wanted - _says(*_simulated(pair), pair) == set()
