"""The estate the world starts with, read from the manifest files beside this module."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from simulator.store import JsonObject
from simulator.world.programs.program import Catalogue
from simulator.world.workload import Workload, objects_of

NODE_COUNT = 3


class PastChange(BaseModel):
    """An ordinary change some days ago."""

    model_config = ConfigDict(extra="forbid")

    days_ago: float
    target: str
    patch: JsonObject


@cache
def read_catalogue() -> Catalogue:
    """Every program and image there is, those that only scenarios run included."""
    parts = [_read_yaml(name)[0] for name in ("programs.yaml", "trial_programs.yaml")]
    fields = ("programs", "images", "registries")
    return Catalogue.model_validate({field: [e for part in parts for e in part.get(field, ())] for field in fields})


def read_history() -> list[PastChange]:
    return sorted(
        (PastChange.model_validate(item) for item in _read_yaml("history.yaml")[0]), key=lambda c: -c.days_ago
    )


def initial_objects() -> Iterator[JsonObject]:
    """Everything there is at the beginning, in the order in which it is created."""
    shop = _read_yaml("shop.yaml")[0]
    for name in shop["namespaces"]:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for number in range(1, NODE_COUNT + 1):
        yield node(number)
    for file in ("kube_system.yaml", "data.yaml"):
        yield from _read_yaml(file)
    for entry in shop["deployments"]:
        yield from objects_of(Workload.model_validate(entry))


def node(number: int) -> JsonObject:
    """One worker as its kubelet registers it; the first also carries the control plane."""
    name = f"node-{number}"
    item: JsonObject = _read_yaml("node.yaml")[0]
    item["metadata"]["name"] = name
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{number}"}
    item["metadata"]["labels"] |= labels
    if number == 1:
        item["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = ""
    cidr = f"10.244.{number - 1}.0/24"
    item["spec"] = {"podCIDR": cidr, "podCIDRs": [cidr]}
    item["status"]["addresses"] = [
        {"type": "InternalIP", "address": f"192.0.2.{10 + number}"},
        {"type": "Hostname", "address": name},
    ]
    identity = f"{number:032x}"
    boot = f"b0070000-0000-4000-8000-{number:012x}"
    item["status"]["nodeInfo"] |= {"machineID": identity, "systemUUID": identity, "bootID": boot}
    return item


# YAML has no schema here: each caller validates what it takes out.
def _read_yaml(name: str) -> list[Any]:
    text = (files("simulator.world") / "manifests" / name).read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document is not None]
