"""Pods that use an object by its name, so that a change of it concerns them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map, read_maps, read_text
from k8s_mcp.changes.targets import Target

USED_KINDS = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")


def find_users(target: Target, pods: Sequence[JsonObject]) -> list[str]:
    """Names of the pods that mount the object, take values from it, or run as it."""
    return sorted(name_of(pod) for pod in pods if (target.resource.kind, target.name) in set(_uses(pod)))


def _uses(pod: JsonObject) -> Iterator[tuple[str, str]]:
    spec = read_map(pod, "spec")
    yield "ServiceAccount", read_text(spec, "serviceAccountName") or "default"
    for secret in read_maps(spec, "imagePullSecrets"):
        yield "Secret", read_text(secret, "name")
    for volume in read_maps(spec, "volumes"):
        yield from _uses_of_volume(volume)
    for container in (*read_maps(spec, "initContainers"), *read_maps(spec, "containers")):
        yield from _uses_of_container(container)


def _uses_of_volume(volume: JsonObject) -> Iterator[tuple[str, str]]:
    sources: Iterable[JsonObject] = (volume, *read_maps(volume, "projected", "sources"))
    for source in sources:
        yield "ConfigMap", read_text(source, "configMap", "name")
        yield "Secret", read_text(source, "secret", "secretName") or read_text(source, "secret", "name")
    yield "PersistentVolumeClaim", read_text(volume, "persistentVolumeClaim", "claimName")


def _uses_of_container(container: JsonObject) -> Iterator[tuple[str, str]]:
    for source in read_maps(container, "envFrom"):
        yield "ConfigMap", read_text(source, "configMapRef", "name")
        yield "Secret", read_text(source, "secretRef", "name")
    for variable in read_maps(container, "env"):
        yield "ConfigMap", read_text(variable, "valueFrom", "configMapKeyRef", "name")
        yield "Secret", read_text(variable, "valueFrom", "secretKeyRef", "name")
