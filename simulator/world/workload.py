"""The short form of a workload: one entry gives a Deployment and its Service."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from simulator.store import JsonObject


class Workload(BaseModel):
    """One Deployment with its Service, without what is the same everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    readiness: dict[str, int] | None = Field(default_factory=lambda: {"initialDelaySeconds": 2, "periodSeconds": 5})
    liveness: dict[str, int] | None = None
    strategy: JsonObject | None = None
    has_service: bool = True
    labels: dict[str, str] = Field(default_factory=dict)
    """Further labels of the pods."""
    container: JsonObject = Field(default_factory=dict)
    """Further fields of the container."""
    pod: JsonObject = Field(default_factory=dict)
    """Further fields of the pod; `containers` are put behind the first one."""


def objects_of(workload: Workload) -> Iterator[JsonObject]:
    """The Service, if it has one, and the Deployment."""
    if workload.has_service:
        yield service_of(workload)
    yield deployment_of(workload)


def service_of(workload: Workload) -> JsonObject:
    labels = {"app.kubernetes.io/name": workload.name}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": dict(labels)},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def deployment_of(workload: Workload) -> JsonObject:
    labels = {"app.kubernetes.io/name": workload.name}
    others = {field: value for field, value in workload.pod.items() if field != "containers"}
    containers = [_container(workload), *(workload.pod.get("containers") or [])]
    template = {"metadata": {"labels": {**labels, **workload.labels}}, "spec": {"containers": containers, **others}}
    spec: JsonObject = {"replicas": workload.replicas, "selector": {"matchLabels": labels}, "template": template}
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


def _container(workload: Workload) -> JsonObject:
    secrets = [{"name": name, "valueFrom": {"secretKeyRef": ref}} for name, ref in workload.secret_env.items()]
    container: JsonObject = {
        "name": workload.name,
        "image": workload.image,
        "ports": [{"name": "http", "containerPort": workload.port}],
        "env": [*({"name": name, "value": value} for name, value in workload.env.items()), *secrets],
        "resources": {"requests": workload.requests, "limits": workload.limits},
    }
    probe = {"httpGet": {"path": workload.health, "port": "http"}}
    if workload.readiness is not None:
        container["readinessProbe"] = {**probe, **workload.readiness}
    if workload.liveness is not None:
        container["livenessProbe"] = {**probe, **workload.liveness}
    if workload.env_from:
        container["envFrom"] = workload.env_from
    if not container["env"]:
        del container["env"]
    return {**container, **workload.container}
