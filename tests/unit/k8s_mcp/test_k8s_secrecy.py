"""No byte of a secret leaves the server, whichever tool is asked and wherever the secret stands."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client

from k8s_mcp.cluster.interfaces import JsonObject, Resource
from k8s_mcp.rollouts.revisions import REPLICA_SETS
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from k8s_mcp.showing.hiding import describe_hidden, hide_secrets
from tests.fakes.recorded_cluster import KNOWN_RESOURCES, InMemoryCluster

WIDGETS = Resource("Widget", "widgets", "/apis/example.com/v1")
SECRET_WORDS = st.text(
    alphabet=st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHXYZ0123456789!#%+"), min_size=10, max_size=40
).filter(lambda word: not word.isalpha())  # a word such as "containers" stands in every answer
CREDENTIAL_NAMES = st.sampled_from(
    [
        "DB_PASSWORD",
        "password",
        "API_KEY",
        "api-key",
        "TOKEN",
        "client_secret",
        "AWS_SECRET_ACCESS_KEY",
        "private-key",
        "passwd",
    ]
)


def encoded(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


def objects_with(secret: str, name: str) -> dict[str, list[JsonObject]]:
    """The same secret in every place where clusters hold some."""
    container = {
        "name": "app",
        "image": "web:1",
        "command": ["app", "--password", secret, f"--token={secret}"],
        "env": [
            {"name": name, "value": secret},
            {"name": "DATABASE_URL", "value": f"postgres://app:{secret.replace('%', '')}@db/app"},
        ],
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    copied = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"x": encoded(secret), name: secret}})
    }

    def made(kind: str, **fields: object) -> JsonObject:
        metadata = {
            "name": "web",
            "namespace": "default",
            "uid": kind,
            "annotations": copied,
            "managedFields": [{"manager": "x", "fieldsV1": {"f:note": secret}}],
        }
        return {"kind": kind, "metadata": metadata, **fields}

    return {
        "secrets": [
            made(
                "Secret",
                type="Opaque",
                data={name: encoded(secret), "plain": encoded(secret)},
                stringData={"s": secret},
            )
        ],
        "configmaps": [
            made(
                "ConfigMap",
                data={name: secret, "app.conf": f"{name}={secret}\nmode: fast"},
                binaryData={"b": encoded(secret)},
            )
        ],
        "pods": [made("Pod", spec={"containers": [container]}, status={"phase": "Running"})],
        "deployments": [made("Deployment", spec={"selector": {"matchLabels": {"app": "web"}}, "template": template})],
        "replicasets": [revision("1", container | {"env": []}), revision("2", container)],
        "widgets": [
            made(
                "Widget",
                spec={"admin": {"password": secret}, "parameters": [{"name": name, "value": secret}], name: secret},
            )
        ],
        "namespaces": [{"metadata": {"name": "default"}}],
        "events": [],
    }


def revision(number: str, container: JsonObject) -> JsonObject:
    return {
        "metadata": {
            "name": f"web-{number}",
            "namespace": "default",
            "labels": {"app": "web"},
            "annotations": {"deployment.kubernetes.io/revision": number},
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "Deployment"}],
        },
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


CALLS: list[tuple[str, dict[str, str]]] = [
    ("k8s-diagnose", {}),
    ("k8s-get-pods", {}),
    ("k8s-get-deployments", {}),
    ("k8s-describe-pod", {"name": "web"}),
    ("k8s-rollout-history", {"name": "web"}),
    ("k8s-get-relations", {"kind": "deploy", "name": "web"}),
    *((("k8s-get-resources", {"kind": kind})) for kind in ("secrets", "cm", "widgets", "pods")),
    *(
        ("k8s-describe-resource", {"kind": kind, "name": "web"})
        for kind in ("secrets", "cm", "deploy", "pod", "widget")
    ),
    *(
        ("k8s-describe-resource", {"kind": "secret", "name": "web", "field": field})
        for field in ("data", "stringData.s")
    ),
    ("k8s-describe-resource", {"kind": "cm", "name": "web", "field": "data"}),
    ("k8s-describe-resource", {"kind": "cm", "name": "web", "field": "metadata"}),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(secret=SECRET_WORDS, name=CREDENTIAL_NAMES)
async def test_no_tool_shows_a_secret(secret: str, name: str) -> None:
    cluster = InMemoryCluster(objects_with(secret, name), resources=(*KNOWN_RESOURCES, REPLICA_SETS, WIDGETS))

    async with Client(make_server(K8sSettings(), open_cluster=lambda _: cluster), read_timeout_seconds=20) as client:
        for tool, arguments in CALLS:
            result = await client.call_tool(tool, arguments)

            shown = result.model_dump_json()
            assert secret not in shown, (tool, arguments)
            assert encoded(secret) not in shown, (tool, arguments)
            assert json.dumps(secret)[1:-1] not in shown, (tool, arguments)


def test_hidden_values_keep_their_size_and_can_be_compared() -> None:
    source = {"kind": "Secret", "data": {"a": encoded("hunter2"), "b": encoded("hunter2"), "c": encoded("other")}}

    data = hide_secrets(source)["data"]

    assert data["a"] == data["b"] != data["c"]
    assert data["a"].startswith("<7 bytes, digest ")


def test_digest_of_a_hidden_value_is_not_one_that_can_be_looked_up() -> None:
    assert "f52fbd32" not in describe_hidden(b"hunter2")


def test_item_of_a_list_of_secrets_is_known_without_its_kind() -> None:
    assert "aHVudGVy" not in str(hide_secrets({"type": "Opaque", "data": {"x": "aHVudGVyMg=="}}))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"spec": {"secretName": "web-tls"}}, {"spec": {"secretName": "web-tls"}}),
        ({"spec": {"replicas": 3, "paused": True}}, {"spec": {"replicas": 3, "paused": True}}),
        ({"kind": "ConfigMap", "data": {"mode": "fast"}}, {"kind": "ConfigMap", "data": {"mode": "fast"}}),
        (
            {"spec": {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "token"}}}]}},
            {"spec": {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "token"}}}]}},
        ),
        ({"spec": {"args": ["--port", "80"]}}, {"spec": {"args": ["--port", "80"]}}),
    ],
)
def test_what_is_no_secret_stays_readable(source: JsonObject, expected: JsonObject) -> None:
    assert hide_secrets(source) == expected
