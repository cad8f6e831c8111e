"""What a pod template uses: configuration, secrets, volumes, its account."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text
from k8s_mcp.relations.graph import Point

_ENV_SOURCES = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))
_ENV_FROM = (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))


def references_of(pod_spec: JsonObject) -> dict[Point, str]:
    """Used objects with how they are used; an object used in several ways is named with the first."""
    found: dict[Point, str] = {}
    for point, how in (*_from_containers(pod_spec), *_from_volumes(pod_spec), *_from_account(pod_spec)):
        if point[1]:
            found.setdefault(point, how)
    return found


def _from_containers(pod_spec: JsonObject) -> Iterator[tuple[Point, str]]:
    containers = [*read_maps(pod_spec, "initContainers"), *read_maps(pod_spec, "containers")]
    for container in containers:
        for entry in read_maps(container, "envFrom"):
            for field, kind in _ENV_FROM:
                yield (kind, read_text(entry, field, "name")), "uses as variables"
        for variable in read_maps(container, "env"):
            for field, kind in _ENV_SOURCES:
                yield (kind, read_text(variable, "valueFrom", field, "name")), "uses as variables"


def _from_volumes(pod_spec: JsonObject) -> Iterator[tuple[Point, str]]:
    for volume in read_maps(pod_spec, "volumes"):
        projected = read_maps(volume, "projected", "sources")
        for source in [volume, *projected]:
            # Every pod has this one from the API server itself.
            name = read_text(source, "configMap", "name")
            if name != "kube-root-ca.crt":
                yield ("ConfigMap", name), "mounts"
            secret = read_map(source, "secret")
            yield ("Secret", read_text(secret, "secretName") or read_text(secret, "name")), "mounts"
        yield ("PersistentVolumeClaim", read_text(volume, "persistentVolumeClaim", "claimName")), "mounts"


def _from_account(pod_spec: JsonObject) -> Iterator[tuple[Point, str]]:
    account = read_text(pod_spec, "serviceAccountName")
    if account != "default":
        yield ("ServiceAccount", account), "runs as"
    for secret in read_maps(pod_spec, "imagePullSecrets"):
        yield ("Secret", read_text(secret, "name")), "pulls images with"
