"""The estate the world starts with, read from the manifest files beside this module."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from simulator.store import JsonObject
from simulator.world.programs.program import Catalogue

NODE_COUNT = 3


class ShopWorkload(BaseModel):
    """One Deployment with its Service, without what is the same everywhere."""

    model_config = ConfigDict(extra="forbid")

    name: str
    image: str
    namespace: str = "default"
    replicas: int = 1
    port: int = 8080
    health: str = "/healthz"
    env: dict[str, str] = Field(default_factory=dict)
    secret_env: dict[str, JsonObject] = Field(default_factory=dict)
    env_from: list[JsonObject] = Field(default_factory=list)
    requests: dict[str, str] = Field(default_factory=lambda: {"cpu": "100m", "memory": "128Mi"})
    limits: dict[str, str] = Field(default_factory=lambda: {"memory": "256Mi"})
    readiness: dict[str, int] = Field(default_factory=lambda: {"initialDelaySeconds": 2, "periodSeconds": 5})
    liveness: dict[str, int] | None = None
    strategy: JsonObject | None = None


class PastChange(BaseModel):
    """An ordinary change some days ago."""

    model_config = ConfigDict(extra="forbid")

    days_ago: float
    target: str
    patch: JsonObject


def read_catalogue() -> Catalogue:
    return Catalogue.model_validate(_read_yaml("programs.yaml")[0])


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
        workload = ShopWorkload.model_validate(entry)
        yield service_of(workload)
        yield deployment_of(workload)


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


def service_of(workload: ShopWorkload) -> JsonObject:
    labels = {"app.kubernetes.io/name": workload.name}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": dict(labels)},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def deployment_of(workload: ShopWorkload) -> JsonObject:
    labels = {"app.kubernetes.io/name": workload.name}
    spec: JsonObject = {
        "replicas": workload.replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": [_container(workload)]}},
    }
    if workload.strategy:
        spec["strategy"] = workload.strategy
    metadata = {"name": workload.name, "namespace": workload.namespace}
    metadata_labels = {**labels, "app.kubernetes.io/part-of": "webshop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "labels": metadata_labels},
        "spec": spec,
    }


def _container(workload: ShopWorkload) -> JsonObject:
    secrets = [{"name": name, "valueFrom": {"secretKeyRef": ref}} for name, ref in workload.secret_env.items()]
    container: JsonObject = {
        "name": workload.name,
        "image": workload.image,
        "ports": [{"name": "http", "containerPort": workload.port}],
        "env": [*({"name": name, "value": value} for name, value in workload.env.items()), *secrets],
        "resources": {"requests": workload.requests, "limits": workload.limits},
        "readinessProbe": {"httpGet": {"path": workload.health, "port": "http"}, **workload.readiness},
    }
    if workload.liveness is not None:
        container["livenessProbe"] = {"httpGet": {"path": workload.health, "port": "http"}, **workload.liveness}
    if workload.env_from:
        container["envFrom"] = workload.env_from
    if not container["env"]:
        del container["env"]
    return container


# YAML has no schema here: each caller validates what it takes out.
def _read_yaml(name: str) -> list[Any]:
    text = (files("simulator.world") / "manifests" / name).read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document is not None]
