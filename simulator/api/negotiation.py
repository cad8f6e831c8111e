"""Which shape of answer a client accepts: the object, its metadata only, or a table for people."""

from dataclasses import dataclass
from typing import Literal

from simulator.api.status_errors import not_acceptable

Shape = Literal["object", "metadata", "table"]


@dataclass(frozen=True, slots=True)
class Accepted:
    shape: Shape = "object"
    version: str = "v1"
    is_yaml: bool = False

    @property
    def meta_api_version(self) -> str:
        return f"meta.k8s.io/{self.version}"


def choose_shape(accept: str | None) -> Accepted:
    """The first acceptable entry of the header wins; raise 406 when there is none."""
    for entry in (accept or "*/*").split(","):
        accepted = _read_entry(entry)
        if accepted is not None:
            return accepted
    raise not_acceptable()


def _read_entry(entry: str) -> Accepted | None:
    media_type, *parameters = [part.strip() for part in entry.split(";")]
    if media_type in {"application/yaml", "text/yaml"} and not any(p.startswith("as=") for p in parameters):
        return Accepted(is_yaml=True)
    if media_type not in {"application/json", "*/*", "application/*"}:
        return None
    given = dict(parameter.partition("=")[::2] for parameter in parameters)
    version = given.get("v", "v1")
    wanted = given.get("as")
    if wanted is None:
        return Accepted()
    if given.get("g", "meta.k8s.io") != "meta.k8s.io" or version not in {"v1", "v1beta1"}:
        return None
    if wanted == "Table":
        return Accepted("table", version)
    if wanted in {"PartialObjectMetadata", "PartialObjectMetadataList"}:
        return Accepted("metadata", version)
    return None


def wants_aggregated_discovery(accept: str | None) -> str | None:
    """The version of apidiscovery.k8s.io the client prefers, or None when it wants plain discovery."""
    for entry in (accept or "").split(","):
        media_type, *parameters = [part.strip() for part in entry.split(";")]
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        if media_type == "application/json" and given.get("as") == "APIGroupDiscoveryList":
            return given.get("v") if given.get("v") in {"v2", "v2beta1"} else None
        if media_type in {"application/json", "*/*"}:
            return None
    return None
