"""What a container gets from ConfigMaps, Secrets and the downward API, or why it cannot get it."""

import base64
import re
from collections.abc import Iterator, Mapping

from simulator.api_resources import CONFIGMAPS, SECRETS, ResourceType
from simulator.store import JsonObject, ObjectStore

REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


class ConfigError(Exception):
    """A container cannot be created; the message is worded as the kubelet words it."""


def resolve_environment(pod: JsonObject, container: JsonObject, *, store: ObjectStore) -> dict[str, str]:
    """All variables of a container; raise ConfigError for the first source that is not there."""
    namespace = pod["metadata"]["namespace"]
    env: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        prefix = source.get("prefix", "")
        env.update({prefix + key: value for key, value in _whole_source(source, namespace=namespace, store=store)})
    for variable in container.get("env") or []:
        value = _value_of(variable, pod=pod, namespace=namespace, store=store)
        if value is not None:
            env[variable["name"]] = REFERENCE.sub(lambda match: env.get(match[1], match[0]), value)
    return env


def missing_volume(pod: JsonObject, *, store: ObjectStore) -> str | None:
    """The FailedMount message for the first volume whose source is not there; None when all can be mounted."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        for kind, name in _volume_sources(volume):
            if _data(kind, name, namespace=namespace, store=store) is None:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind} "{name}" not found'
    return None


def references(pod: JsonObject) -> set[tuple[str, str]]:
    """Every ConfigMap and Secret a pod needs, as (kind, name)."""
    found = {pair for volume in pod["spec"].get("volumes") or [] for pair in _volume_sources(volume)}
    for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
        for source in container.get("envFrom") or []:
            found |= {(kind, source[field]["name"]) for field, kind in WHOLE_SOURCES.items() if field in source}
        for variable in container.get("env") or []:
            value_from = variable.get("valueFrom") or {}
            found |= {(kind, value_from[field]["name"]) for field, kind in KEY_SOURCES.items() if field in value_from}
    return found


WHOLE_SOURCES = {"configMapRef": "configmap", "secretRef": "secret"}
KEY_SOURCES = {"configMapKeyRef": "configmap", "secretKeyRef": "secret"}
SHOWN_KINDS = {"configmap": "ConfigMap", "secret": "Secret"}


def _whole_source(source: JsonObject, *, namespace: str, store: ObjectStore) -> Iterator[tuple[str, str]]:
    for field, kind in WHOLE_SOURCES.items():
        if field not in source:
            continue
        data = _data(kind, source[field]["name"], namespace=namespace, store=store)
        if data is not None:
            yield from data.items()
        elif not source[field].get("optional"):
            raise ConfigError(f'{kind} "{source[field]["name"]}" not found')


def _value_of(variable: JsonObject, *, pod: JsonObject, namespace: str, store: ObjectStore) -> str | None:
    origin = variable.get("valueFrom")
    if not origin:
        return str(variable.get("value") or "")
    for field, kind in KEY_SOURCES.items():
        if field in origin:
            return _key_value(kind, origin[field], namespace=namespace, store=store)
    if "fieldRef" in origin:
        return _downward(pod, origin["fieldRef"]["fieldPath"])
    return ""


def _key_value(kind: str, reference: JsonObject, *, namespace: str, store: ObjectStore) -> str | None:
    data = _data(kind, reference["name"], namespace=namespace, store=store)
    if data is not None and reference["key"] in data:
        return data[reference["key"]]
    if reference.get("optional"):
        return None
    if data is None:
        raise ConfigError(f'{kind} "{reference["name"]}" not found')
    raise ConfigError(f"couldn't find key {reference['key']} in {SHOWN_KINDS[kind]} {namespace}/{reference['name']}")


def _data(kind: str, name: str, *, namespace: str, store: ObjectStore) -> Mapping[str, str] | None:
    resource = CONFIGMAPS if kind == "configmap" else SECRETS
    item = store.find(resource, namespace=namespace, name=name)
    return None if item is None else config_data(resource, item)


def config_data(resource: ResourceType, item: JsonObject | None) -> dict[str, str]:
    """The values of a ConfigMap or Secret as text; none for an object that is not there."""
    data: dict[str, str] = (item or {}).get("data") or {}
    if resource is CONFIGMAPS:
        return data
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def _volume_sources(volume: JsonObject) -> Iterator[tuple[str, str]]:
    if "configMap" in volume and not volume["configMap"].get("optional"):
        yield "configmap", volume["configMap"]["name"]
    if "secret" in volume and not volume["secret"].get("optional"):
        yield "secret", volume["secret"]["secretName"]
    for source in (volume.get("projected") or {}).get("sources") or []:
        yield from _volume_sources({"configMap": source["configMap"]} if "configMap" in source else {})


def _downward(pod: JsonObject, path: str) -> str:
    if path == "status.podIP":
        return str((pod.get("status") or {}).get("podIP", ""))
    label = re.match(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if label:
        return str((pod["metadata"].get(label[1]) or {}).get(label[2], ""))
    section, _, field = path.partition(".")
    return str((pod.get(section) or {}).get(field, ""))
