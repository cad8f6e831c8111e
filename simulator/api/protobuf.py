"""Bodies in the Kubernetes protobuf form, which kubectl sends when it creates objects or asks about access.

Only the messages those commands send are known. A field that is not known and not empty is refused as an unsupported
form, never dropped.
"""

import base64
from collections.abc import Iterator

from simulator.store import JsonObject

PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"

# Type -> field number -> (JSON name, type). `[x]` repeats, `{x}` is a map from strings, `-` is read and dropped.
_Message = dict[int, tuple[str, str]]
_MESSAGES: dict[str, _Message] = {
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes")},
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        8: ("creationTimestamp", "-"),
        11: ("labels", "{string}"),
        12: ("annotations", "{string}"),
        14: ("finalizers", "[string]"),
    },
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "AccessReviewSpec")},
    "AccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "PathAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "PathAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "RulesReviewSpec")},
    "RulesReviewSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta")},
    "Namespace": {1: ("metadata", "ObjectMeta")},
    "ServiceAccount": {1: ("metadata", "ObjectMeta")},
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "{string}"),
        3: ("binaryData", "{base64}"),
        4: ("immutable", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "{base64}"),
        3: ("type", "string"),
        4: ("stringData", "{string}"),
        5: ("immutable", "bool"),
    },
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec")},
    "DeploymentSpec": {1: ("replicas", "int"), 2: ("selector", "LabelSelector"), 3: ("template", "PodTemplateSpec")},
    "LabelSelector": {1: ("matchLabels", "{string}")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {2: ("containers", "[Container]"), 3: ("restartPolicy", "string"), 8: ("serviceAccountName", "string")},
    "Container": {
        1: ("name", "string"),
        2: ("image", "string"),
        3: ("command", "[string]"),
        4: ("args", "[string]"),
        6: ("ports", "[ContainerPort]"),
        7: ("env", "[EnvVar]"),
    },
    "ContainerPort": {
        1: ("name", "string"),
        2: ("hostPort", "int"),
        3: ("containerPort", "int"),
        4: ("protocol", "string"),
    },
    "EnvVar": {1: ("name", "string"), 2: ("value", "string")},
    "Job": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "JobSpec": {
        1: ("parallelism", "int"),
        2: ("completions", "int"),
        6: ("template", "PodTemplateSpec"),
        7: ("backoffLimit", "int"),
    },
    "CronJob": {1: ("metadata", "ObjectMeta"), 2: ("spec", "CronJobSpec")},
    "CronJobSpec": {
        1: ("schedule", "string"),
        3: ("concurrencyPolicy", "string"),
        5: ("jobTemplate", "JobTemplateSpec"),
    },
    "JobTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "Role": {1: ("metadata", "ObjectMeta"), 2: ("rules", "[PolicyRule]")},
    "ClusterRole": {1: ("metadata", "ObjectMeta"), 2: ("rules", "[PolicyRule]")},
    "PolicyRule": {
        1: ("verbs", "[string]"),
        2: ("apiGroups", "[string]"),
        3: ("resources", "[string]"),
        4: ("resourceNames", "[string]"),
        5: ("nonResourceURLs", "[string]"),
    },
    "RoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "[Subject]"), 3: ("roleRef", "RoleRef")},
    "ClusterRoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "[Subject]"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "string"), 2: ("apiGroup", "string"), 3: ("name", "string"), 4: ("namespace", "string")},
    "RoleRef": {1: ("apiGroup", "string"), 2: ("kind", "string"), 3: ("name", "string")},
}


class UnknownProtobuf(Exception):
    """The bytes are no protobuf, or hold something that is not in the table."""


def decode_protobuf(body: bytes) -> JsonObject:
    """The object in a body, as the JSON form would hold it; raise UnknownProtobuf."""
    if not body.startswith(_MAGIC):
        raise UnknownProtobuf
    envelope = _read_message("Unknown", body[len(_MAGIC) :])
    head = envelope.get("typeMeta") or {}
    kind = head.get("kind", "")
    if kind not in _MESSAGES:
        raise UnknownProtobuf(kind)
    return {**head, **_read_message(kind, envelope.get("raw", b""))}


def _read_message(type_name: str, data: bytes) -> JsonObject:
    known, message = _MESSAGES[type_name], JsonObject()
    for number, value in _fields(data):
        if number not in known:
            if not _is_empty(value):
                raise UnknownProtobuf(f"{type_name}.{number}")
            continue
        name, field_type = known[number]
        _store(message, name, field_type, value)
    return message


def _store(message: JsonObject, name: str, field_type: str, value: int | bytes) -> None:
    if field_type.startswith("["):
        message.setdefault(name, []).append(_convert(field_type[1:-1], value))
    elif field_type.startswith("{"):
        entry = dict(_fields(_as_bytes(value)))
        key = _convert("string", entry.get(1, b""))
        message.setdefault(name, {})[key] = _convert(field_type[1:-1], entry.get(2, b""))
    elif field_type != "-":
        converted = _convert(field_type, value)
        # Go writes empty text for what was never set.
        if converted != "":
            message[name] = converted


def _convert(field_type: str, value: int | bytes) -> object:
    if field_type == "int":
        number = value if isinstance(value, int) else 0
        return number - 2**64 if number >= 2**63 else number
    if field_type == "bool":
        return bool(value)
    data = _as_bytes(value)
    if field_type == "string":
        return data.decode(errors="replace")
    if field_type == "base64":
        return base64.b64encode(data).decode()
    return data if field_type == "bytes" else _read_message(field_type, data)


def _is_empty(value: int | bytes) -> bool:
    """Whether a value says nothing: Go writes messages and texts that were never set."""
    if isinstance(value, int):
        return value == 0
    try:
        return all(_is_empty(inner) for _, inner in _fields(value))
    except UnknownProtobuf:
        return False


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise UnknownProtobuf("a number where bytes belong")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values of one message; only the two wire forms Kubernetes uses are read."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if tag & 7 == 0:
            yield tag >> 3, value
            continue
        if tag & 7 != 2 or at + value > len(data):
            raise UnknownProtobuf(f"wire form {tag & 7}")
        yield tag >> 3, data[at : at + value]
        at += value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise UnknownProtobuf("a number without an end")
