"""Where a container's settings come from: which object holds the value that a log complains about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.objects.access import JsonObject, object_path, read_map, read_maps, read_text, read_texts
from k8s_diagnosis.text.arguments import show_word_around
from mcp_kit.redaction import HIDDEN, is_credential_name
from mcp_kit.sanitising import sanitise_line

_MAX_VALUE = 100
# Small programs are mounted from ConfigMaps too; a word in them is no setting.
_PROGRAMS = (".py", ".js", ".ts", ".rb", ".pl", ".php", ".go", ".sh")


@dataclass(frozen=True, slots=True)
class Source:
    """One place that holds a value."""

    object: str
    """The workload for a value written into the pod, else the ConfigMap or Secret."""
    field: str
    value: str

    @property
    def shown(self) -> str:
        if not self.value:
            return f"{self.object}: {self.field}"
        return f"{self.object}: {self.field}={sanitise_line(self.value, max_characters=_MAX_VALUE)}"


def list_variables(case: ContainerCase) -> Iterator[tuple[str, Source]]:
    """Every environment variable whose value is known, with its source; values of Secrets never are."""
    namespace = case.pod.namespace
    for entry in read_maps(case.facts.spec, "envFrom"):
        config_map = case.index.find("ConfigMap", namespace, read_text(entry, "configMapRef", "name"))
        for key, value in read_map(config_map, "data").items():
            yield f"{read_text(entry, 'prefix')}{key}", _from_config_map(config_map, key, str(value))
    for entry in read_maps(case.facts.spec, "env"):
        name = read_text(entry, "name")
        reference = read_map(entry, "valueFrom", "configMapKeyRef")
        config_map = case.index.find("ConfigMap", namespace, read_text(reference, "name")) if reference else None
        if config_map is not None:
            key = read_text(reference, "key")
            yield name, _from_config_map(config_map, key, read_text(config_map, "data", key))
        elif "value" in entry:
            yield name, Source(case.workload, f"{case.name} env {name}", read_text(entry, "value"))


def find_source(case: ContainerCase, text: str) -> Source | None:
    """The variable, argument or mounted ConfigMap that contains the text."""
    if len(text) < 2:
        return None
    for name, source in list_variables(case):
        if text in source.value:
            return replace(source, value=HIDDEN) if is_credential_name(name) else source
    for field in ("command", "args"):
        for word in read_texts(case.facts.spec, field):
            if text in word:
                return Source(case.workload, f"{case.name} {field}", show_word_around(word, text))
    for config_map in _mounted_config_maps(case):
        for key, value in read_map(config_map, "data").items():
            if text in str(value) and not key.endswith(_PROGRAMS):
                line = next((line for line in str(value).splitlines() if text in line), "")
                return _from_config_map(config_map, key, line.strip())
    return None


def find_file_source(case: ContainerCase, path: str) -> Source | None:
    """The ConfigMap that is mounted where the path lies."""
    for mount in read_maps(case.facts.spec, "volumeMounts"):
        place = read_text(mount, "mountPath").rstrip("/")
        if place and (path == place or path.startswith(f"{place}/")):
            name = read_text(_volume(case, read_text(mount, "name")), "configMap", "name")
            if name:
                return Source(f"ConfigMap/{case.pod.namespace}/{name}", f"mounted at {place}", "")
    return None


def secrets_of(case: ContainerCase) -> list[str]:
    """Names of the Secrets the container takes variables from."""
    single = [read_text(entry, "valueFrom", "secretKeyRef", "name") for entry in read_maps(case.facts.spec, "env")]
    whole = [read_text(entry, "secretRef", "name") for entry in read_maps(case.facts.spec, "envFrom")]
    return list(dict.fromkeys(name for name in [*single, *whole] if name))


def _mounted_config_maps(case: ContainerCase) -> list[JsonObject]:
    names = [
        read_text(_volume(case, read_text(mount, "name")), "configMap", "name")
        for mount in read_maps(case.facts.spec, "volumeMounts")
    ]
    found = [case.index.find("ConfigMap", case.pod.namespace, name) for name in dict.fromkeys(names) if name]
    return [each for each in found if each is not None]


def _volume(case: ContainerCase, name: str) -> JsonObject:
    volumes = read_maps(case.pod.pod, "spec", "volumes")
    return next((volume for volume in volumes if read_text(volume, "name") == name), {})


def _from_config_map(config_map: JsonObject | None, key: str, value: str) -> Source:
    shown = HIDDEN if is_credential_name(key) else value
    return Source(object_path("ConfigMap", config_map), f"key {key}", shown)
