"""Bodies in protobuf form: what is known is read, what is not is refused."""

import base64

import pytest

from simulator.api.protobuf import UnknownProtobuf, decode_protobuf
from tests.fakes.kubernetes_api import ApiUnderTest

PROTOBUF = {"Content-Type": "application/vnd.kubernetes.protobuf"}


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def body(kind: str, *fields: bytes, api_version: str = "v1") -> bytes:
    head = field(1, field(1, api_version.encode()) + field(2, kind.encode()))
    return b"k8s\x00" + head + field(2, b"".join(fields))


NAMED = field(1, field(1, b"demo") + field(3, b"") + field(8, b""))


def test_texts_maps_and_lists_are_read() -> None:
    entry = field(2, field(1, b"colour") + field(2, b"blue"))

    decoded = decode_protobuf(body("ConfigMap", NAMED, entry, field(4, 1)))

    assert decoded == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "demo"},
        "data": {"colour": "blue"},
        "immutable": True,
    }


def test_bytes_come_as_base64() -> None:
    decoded = decode_protobuf(body("Secret", NAMED, field(2, field(1, b"key") + field(2, b"\x00\xff"))))

    assert decoded["data"] == {"key": base64.b64encode(b"\x00\xff").decode()}


def test_amounts_and_numbers_that_may_be_texts_are_read() -> None:
    quota = decode_protobuf(
        body("ResourceQuota", NAMED, field(2, field(1, field(1, b"cpu") + field(2, field(1, b"2")))))
    )
    half = field(2, field(1, field(1, 1) + field(3, b"50%")))
    one = field(2, field(3, field(2, 1)))

    assert quota["spec"] == {"hard": {"cpu": "2"}}
    assert decode_protobuf(body("PodDisruptionBudget", NAMED, half))["spec"] == {"minAvailable": "50%"}
    assert decode_protobuf(body("PodDisruptionBudget", NAMED, one))["spec"] == {"maxUnavailable": 1}


def test_messages_that_belong_to_the_one_around_them_are_read() -> None:
    path = field(1, field(1, b"/") + field(3, b"Prefix"))
    rule = field(1, b"shop.example.com") + field(2, field(1, path))

    ingress = decode_protobuf(body("Ingress", NAMED, field(2, field(3, rule))))

    assert ingress["spec"]["rules"] == [
        {"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix"}]}}
    ]


def test_kinds_are_read_by_their_version() -> None:
    spec = field(2, field(3, 4) + field(4, 60))

    simple = decode_protobuf(body("HorizontalPodAutoscaler", NAMED, spec, api_version="autoscaling/v1"))

    assert simple["spec"] == {"maxReplicas": 4, "targetCPUUtilizationPercentage": 60}
    with pytest.raises(UnknownProtobuf):
        decode_protobuf(body("HorizontalPodAutoscaler", NAMED, spec, api_version="autoscaling/v2"))


def test_nested_messages_are_read() -> None:
    container = field(1, b"web") + field(2, b"nginx") + field(6, field(3, 80))
    template = field(2, field(2, container))

    decoded = decode_protobuf(
        body("Deployment", NAMED, field(2, field(1, 2) + field(3, template)), api_version="apps/v1")
    )

    assert decoded["spec"] == {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}]}},
    }


def test_unknown_field_that_says_nothing_is_passed_over() -> None:
    empty_status = field(3, field(1, b"") + field(2, 0) + field(3, field(1, b"")))

    assert decode_protobuf(body("Deployment", NAMED, empty_status))["metadata"] == {"name": "demo"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        body("Widget", NAMED),
        body("ConfigMap", NAMED, field(9, b"something")),
        body("ConfigMap", b"\x0a\x7fshort"),
        body("ConfigMap", b"\x0d1234"),
        body("ConfigMap", b"\xff\xff"),
        body("ConfigMap", field(1, 7)),
    ],
)
def test_what_is_not_known_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownProtobuf):
        decode_protobuf(data)


async def test_refusal_is_an_unsupported_media_type() -> None:
    cluster = ApiUnderTest()

    answer = await cluster.ask("POST", "/api/v1/namespaces/default/configmaps", "x", headers=PROTOBUF)

    assert answer.status_code == 415
