"""Credentials stay hidden, wherever a cluster holds them and whatever is quoted as evidence."""

from __future__ import annotations

import pytest

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.reporting import describe_diagnosis, write_diagnosis
from k8s_diagnosis.text.arguments import show_arguments
from tests.fakes.kubernetes_objects import diagnose_objects, looping, make, make_deployment, make_event, make_pod

POD = "shop-7d9c5b6f4-abcde"
SECRET = "hunter2-and-more"  # made up


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["app", "--password", SECRET, "--port", "80"], "app --password [redacted] --port 80"),
        (["app", f"--token={SECRET}"], "app --token=[redacted]"),
        (["sh", "-c", f"app --db-password {SECRET} --port 80"], "sh -c app --db-password [redacted] --port 80"),
        (["sh", "-c", f"curl -H 'Authorization: Bearer {SECRET}' x"], "sh -c curl -H 'Authorization: [redacted]' x"),
    ],
)
def test_credentials_in_command_lines_are_hidden(words: list[str], shown: str) -> None:
    assert SECRET not in show_arguments(words)
    assert show_arguments(words).startswith(shown[:20])


def revision(number: int, container: JsonObject, *, ready: int) -> JsonObject:
    return make(
        "ReplicaSet",
        f"shop-{number}",
        owner="Deployment/shop",
        annotations={"deployment.kubernetes.io/revision": str(number)},
        spec={"template": {"spec": {"containers": [{"name": "shop", **container}]}}},
        status={"readyReplicas": ready},
    )


def test_no_evidence_shows_a_credential() -> None:
    container = {
        "command": ["app", "--password", SECRET, "--db", f"postgres://shop:{SECRET}@database:5432/shop"],
        "env": [
            {"name": "DB_PASSWORD", "value": SECRET},
            {"name": "DB_URL", "value": f"postgres://shop:{SECRET}@database:5432/shop"},
        ],
    }
    pod = make_pod(status=looping(1), container=container, owner="ReplicaSet/shop-2")
    older = {"command": ["app", "--password", f"{SECRET}x"], "env": [{"name": "DB_PASSWORD", "value": f"{SECRET}y"}]}
    log = f"password={SECRET}\nERROR connect to postgres://shop:{SECRET}@database:5432 failed: connection refused"
    event = make_event(f"Pod/{POD}", "Failed", f"token: {SECRET}")

    diagnosis = diagnose_objects(
        pod,
        make_deployment(ready=0),
        revision(1, older, ready=1),
        revision(2, container, ready=0),
        event,
        logs={POD: log},
    )

    assert not diagnosis.is_healthy
    assert SECRET not in str(describe_diagnosis(diagnosis))
    assert SECRET not in write_diagnosis(diagnosis, language="zh")
