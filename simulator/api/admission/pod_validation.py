"""What is wrong with a pod spec, in the order and the words of the real server."""

import re
from collections.abc import Iterator
from typing import Any

from simulator.api.admission.names import check_label_name, go_string
from simulator.api.admission.quantities import parse_quantity
from simulator.api.status_errors import (
    Cause,
    duplicate_value,
    forbidden_value,
    invalid_value,
    required_value,
    unsupported_value,
)
from simulator.store import JsonObject

_PORT_RANGE = "must be between 1 and 65535, inclusive"
_ENV_NAME = re.compile(r"^[-._a-zA-Z][-._a-zA-Z0-9]*$|^[ -<>-~]+$")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


def check_pod_spec(
    spec: JsonObject, *, field: str, allowed_restarts: tuple[str, ...], claimed_volumes: frozenset[str] = frozenset()
) -> Iterator[Cause]:
    """Everything wrong with a pod spec; `field` is its path. Volumes that a StatefulSet claims are there too."""
    yield from _check_volumes(spec.get("volumes") or [], field=f"{field}.volumes")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()} | claimed_volumes
    containers = spec.get("containers") or []
    if not containers:
        yield required_value(f"{field}.containers")
    names: set[str] = set()
    for place in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(place) or ()):
            here = f"{field}.{place}[{index}]"
            yield from _check_container(container, field=here, volumes=volumes, names=names)
    restart = spec.get("restartPolicy", "Always")
    if restart not in allowed_restarts:
        yield unsupported_value(f"{field}.restartPolicy", go_string(restart), allowed_restarts)
    grace = spec.get("terminationGracePeriodSeconds", 0)
    if grace < 0:
        yield invalid_value(f"{field}.terminationGracePeriodSeconds", str(grace), "must be greater than or equal to 0")


def _check_volumes(volumes: list[JsonObject], *, field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        here, name = f"{field}[{index}]", volume.get("name", "")
        if len([source for source in volume if source != "name"]) > 1:
            sources = [source for source in volume if source != "name"]
            yield forbidden_value(f"{here}.{sources[1]}", "may not specify more than 1 volume type")
        if not name:
            yield required_value(f"{here}.name")
        elif name in seen:
            yield duplicate_value(f"{here}.name", go_string(name))
        else:
            yield from check_label_name(name, field=f"{here}.name")
        seen.add(name)


def _check_container(
    container: JsonObject, *, field: str, volumes: set[Any], names: set[str]
) -> Iterator[Cause]:  # volume names may be missing
    name = container.get("name", "")
    if not name:
        yield required_value(f"{field}.name")
    else:
        yield from check_label_name(name, field=f"{field}.name")
        if name in names:
            yield duplicate_value(f"{field}.name", go_string(name))
    names.add(name)
    yield from _check_image(container, field=field)
    yield from _check_ports(container.get("ports") or [], field=f"{field}.ports")
    yield from _check_env(container.get("env") or [], field=f"{field}.env")
    yield from _check_mounts(container.get("volumeMounts") or [], field=f"{field}.volumeMounts", volumes=volumes)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe) is not None:
            yield from _check_probe(container[probe], field=f"{field}.{probe}")
    policy = container.get("imagePullPolicy")
    if policy not in {None, "Always", "IfNotPresent", "Never"}:
        supported = ("Always", "IfNotPresent", "Never")
        yield unsupported_value(f"{field}.imagePullPolicy", go_string(policy), supported)
    yield from _check_resources(container.get("resources") or {}, field=f"{field}.resources")


def _check_image(container: JsonObject, *, field: str) -> Iterator[Cause]:
    image = container.get("image") or ""
    if not image:
        yield required_value(f"{field}.image")
    elif image != image.strip():
        yield invalid_value(f"{field}.image", go_string(image), "must not have leading or trailing whitespace")


def _check_ports(ports: list[JsonObject], *, field: str) -> Iterator[Cause]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        here, number = f"{field}[{index}]", port.get("containerPort", 0)
        name = port.get("name")
        if name:
            yield from _check_port_name(name, field=f"{here}.name")
            if name in names:
                yield duplicate_value(f"{here}.name", go_string(name))
            names.add(name)
        if not number:
            yield required_value(f"{here}.containerPort")
        elif not 1 <= number <= 65535:
            yield invalid_value(f"{here}.containerPort", str(number), _PORT_RANGE)
        yield from check_protocol(port, field=here)


def _check_port_name(name: str, *, field: str) -> Iterator[Cause]:
    if len(name) > 15:
        yield invalid_value(field, go_string(name), "must be no more than 15 characters")
    if not re.fullmatch(r"[-a-z0-9]+", name):
        hint = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        yield invalid_value(field, go_string(name), hint)
    if not re.search(r"[a-z]", name):
        yield invalid_value(field, go_string(name), "must contain at least one letter (a-z)")


def check_protocol(port: JsonObject, *, field: str) -> Iterator[Cause]:
    protocol = port.get("protocol", "TCP")
    if protocol not in {"TCP", "UDP", "SCTP"}:
        yield unsupported_value(f"{field}.protocol", go_string(protocol), ("SCTP", "TCP", "UDP"))


def _check_env(env: list[JsonObject], *, field: str) -> Iterator[Cause]:
    for index, entry in enumerate(env):
        here, name = f"{field}[{index}]", entry.get("name", "")
        if not name:
            yield required_value(f"{here}.name")
        elif not _ENV_NAME.match(name):
            hint = "a valid environment variable name must consist only of printable ASCII characters other than '='"
            yield invalid_value(f"{here}.name", go_string(name), hint)
        if entry.get("value") and entry.get("valueFrom"):
            yield invalid_value(f"{here}.valueFrom", '""', "may not be specified when `value` is not empty")
        sources = [source for source, value in (entry.get("valueFrom") or {}).items() if value is not None]
        if entry.get("valueFrom") is not None and not sources:
            hint = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            yield invalid_value(f"{here}.valueFrom", '""', hint)
        if len(sources) > 1:
            yield invalid_value(f"{here}.valueFrom", '""', "may not have more than one field specified at a time")


def _check_mounts(
    mounts: list[JsonObject], *, field: str, volumes: set[Any]
) -> Iterator[Cause]:  # names may be missing
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        here, name, path = f"{field}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required_value(f"{here}.name")
        if name not in volumes:
            yield Cause("FieldValueNotFound", f"Not found: {go_string(name)}", f"{here}.name")
        if not path:
            yield required_value(f"{here}.mountPath")
        if path in paths:
            yield invalid_value(f"{here}.mountPath", go_string(path), "must be unique")
        paths.add(path)


def _check_probe(probe: JsonObject, *, field: str) -> Iterator[Cause]:
    handlers = [handler for handler in _HANDLERS if probe.get(handler) is not None]
    if not handlers:
        yield required_value(field, "must specify a handler type")
    for extra in handlers[1:]:
        yield forbidden_value(f"{field}.{extra}", "may not specify more than 1 handler type")
    for handler in ("httpGet", "tcpSocket"):
        if probe.get(handler) is not None:
            yield from _check_probe_port(probe[handler].get("port"), field=f"{field}.{handler}.port")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        value = probe.get(name, 0)
        if value < 0:
            yield invalid_value(f"{field}.{name}", str(value), "must be greater than or equal to 0")


def _check_probe_port(port: Any, *, field: str) -> Iterator[Cause]:  # a number, a name or missing
    if isinstance(port, str) and port:
        yield from _check_port_name(port, field=field)
    elif not isinstance(port, int) or not 1 <= port <= 65535:
        yield invalid_value(field, str(port or 0), _PORT_RANGE)


def _check_resources(resources: JsonObject, *, field: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, quantities in (("limits", limits), ("requests", requests)):
        for name, text in quantities.items():
            if parse_quantity(str(text)) < 0:
                hint = "must be greater than or equal to 0"
                yield invalid_value(f"{field}.{kind}[{name}]", go_string(str(text)), hint)
    for name, text in requests.items():
        if name in limits and parse_quantity(str(text)) > parse_quantity(str(limits[name])):
            hint = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{field}.requests", go_string(str(text)), hint)
