"""Names, labels and the way Go prints values in validation messages."""

import json
import re
from collections.abc import Iterator, Mapping

from simulator import api_resources as served
from simulator.api.status_errors import Cause, invalid_value, required_value
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_LABEL_1035 = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_QUALIFIED = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
_LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")

_SUBDOMAIN_HINT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_HINT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_1035_HINT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_QUALIFIED_HINT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LABEL_VALUE_HINT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_PATH_NAMED = frozenset({served.ROLES, served.ROLEBINDINGS, served.CLUSTERROLES, served.CLUSTERROLEBINDINGS})


def go_string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def go_map(value: Mapping[str, str] | None) -> str:
    """A map[string]string as Go's %#v prints it."""
    if value is None:
        return "map[string]string(nil)"
    return "map[string]string{" + ", ".join(f"{go_string(k)}:{go_string(v)}" for k, v in sorted(value.items())) + "}"


def go_selector(selector: JsonObject) -> str:
    """A LabelSelector as Go's %#v prints it."""
    expressions = selector.get("matchExpressions")
    shown = "[]v1.LabelSelectorRequirement(nil)"
    if expressions:
        shown = "[]v1.LabelSelectorRequirement{" + ", ".join(_go_requirement(e) for e in expressions) + "}"
    return f"v1.LabelSelector{{MatchLabels:{go_map(selector.get('matchLabels'))}, MatchExpressions:{shown}}}"


def _go_requirement(entry: JsonObject) -> str:
    values = entry.get("values")
    shown = "[]string(nil)" if values is None else "[]string{" + ", ".join(go_string(v) for v in values) + "}"
    key, operator = go_string(entry.get("key", "")), go_string(entry.get("operator", ""))
    return f"v1.LabelSelectorRequirement{{Key:{key}, Operator:{operator}, Values:{shown}}}"


def check_metadata(resource: ResourceType, item: JsonObject) -> Iterator[Cause]:
    metadata = item.get("metadata") or {}
    name = metadata.get("name")
    if not name:
        yield required_value("metadata.name", "name or generateName is required")
    else:
        yield from check_name(resource, name)
    yield from check_labels(metadata.get("labels"), field="metadata.labels")
    for key in metadata.get("annotations") or {}:
        yield from _check_qualified(key, field="metadata.annotations")


def check_name(resource: ResourceType, name: str) -> Iterator[Cause]:
    if resource in _PATH_NAMED:
        for bad in ("/", "%"):
            if bad in name:
                yield invalid_value("metadata.name", go_string(name), f"may not contain '{bad}'")
        return
    if resource is served.NAMESPACES:
        yield from check_label_name(name, field="metadata.name")
    elif resource is served.SERVICES:
        if len(name) > 63:
            yield invalid_value("metadata.name", go_string(name), "must be no more than 63 characters")
        if not _LABEL_1035.match(name):
            yield invalid_value("metadata.name", go_string(name), _LABEL_1035_HINT)
    else:
        if len(name) > 253:
            yield invalid_value("metadata.name", go_string(name), "must be no more than 253 characters")
        if not _SUBDOMAIN.match(name):
            yield invalid_value("metadata.name", go_string(name), _SUBDOMAIN_HINT)


def check_label_name(name: str, *, field: str) -> Iterator[Cause]:
    if len(name) > 63:
        yield invalid_value(field, go_string(name), "must be no more than 63 characters")
    if not _LABEL.match(name):
        yield invalid_value(field, go_string(name), LABEL_HINT)


def check_labels(labels: Mapping[str, str] | None, *, field: str) -> Iterator[Cause]:
    for key, value in (labels or {}).items():
        yield from _check_qualified(key, field=field)
        if len(value) > 63:
            yield invalid_value(field, go_string(value), "must be no more than 63 characters")
        if not _LABEL_VALUE.match(value):
            yield invalid_value(field, go_string(value), _LABEL_VALUE_HINT)


def _check_qualified(key: str, *, field: str) -> Iterator[Cause]:
    prefix, _, name = key.rpartition("/")
    if prefix and not _SUBDOMAIN.match(prefix.lower()):
        yield invalid_value(field, go_string(key), f"prefix part {_SUBDOMAIN_HINT}")
    if not name:
        yield invalid_value(field, go_string(key), "name part must be non-empty")
    if len(name) > 63:
        yield invalid_value(field, go_string(key), "name part must be no more than 63 characters")
    if not _QUALIFIED.match(name):
        yield invalid_value(field, go_string(key), _QUALIFIED_HINT)
