"""Why programs of many languages end, as their last words tell, and who has to change what."""

from __future__ import annotations

import pytest

from k8s_diagnosis.joining import Finding
from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    ago,
    conditions_of,
    diagnose_objects,
    looping,
    make,
    make_deployment,
    make_pod,
    make_service,
    make_slice,
    read_messages,
    running,
)

POD = "shop-7d9c5b6f4-abcde"
OWNER = f"Deployment/{NAMESPACE}/shop"


def crash(log: str, *others: JsonObject, container: JsonObject | None = None, exit_code: int = 1) -> Finding:
    pod = make_pod(status=looping(exit_code), container=container)
    (finding,) = diagnose_objects(pod, make_deployment(ready=0), *others, logs={POD: log}).findings
    return finding


@pytest.mark.parametrize(("log", "condition"), read_messages("last_words", "log", "condition"))
def test_last_words_are_understood(log: str, condition: str) -> None:
    finding = crash(f"INFO starting shop 2.1\nINFO reading settings\n{log}\n")

    assert finding.problem.condition == condition
    assert finding.subjects == (OWNER,)


def test_the_most_telling_line_is_quoted_not_the_last() -> None:
    log = (
        "INFO starting\nTraceback (most recent call last):\n"
        '  File "/app/main.py", line 3, in <module>\nRuntimeError: schema version 41 is older than 42\n'
        "INFO shutting down\nnpm ERR! code 1"
    )

    assert 'Its log says: "RuntimeError: schema version 41 is older than 42"' in crash(log).problem.cause.en


def test_information_lines_are_no_reason() -> None:
    log = "INFO 10.0.0.1 GET /login 401 Unauthorized\nINFO cache: no such file, starting empty\nsomething odd happened"

    assert crash(log).problem.condition == "crash-exit-error"


def test_warning_about_an_optional_setting_is_not_taken_for_the_reason() -> None:
    log = "WARN LOG_LEVEL is not set, using default info\nERROR dial tcp 10.0.0.9:5432: connect: connection refused"

    assert crash(log).problem.condition == "crash-dependency-unreachable"


def test_name_of_a_service_that_does_not_exist_is_blamed_on_who_holds_it() -> None:
    container = {"env": [{"name": "DB_URL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "db"}}}]}
    settings = make("ConfigMap", "settings", data={"db": "postgres://postgress:5432/shop"})

    finding = crash(
        'ERROR could not translate host name "postgress" to address: Name or service not known',
        settings,
        make_service("postgres", selector={"app": "pg"}),
        make_pod("pg-0", labels={"app": "pg"}, owner="StatefulSet/pg"),
        make_slice("postgres"),
        container=container,
    )

    assert finding.problem.condition == "crash-dependency-unreachable"
    assert finding.problem.object == f"ConfigMap/{NAMESPACE}/settings"
    assert "nearest: postgres" in finding.problem.cause.en
    assert any("key db=postgres://postgress:5432/shop" in line for line in finding.problem.evidence)


def test_port_the_service_does_not_have_is_named() -> None:
    finding = crash(
        "ERROR connect to redis:6380 failed: i/o timeout",
        make_service("redis", selector={"app": "redis"}, ports=[{"port": 6379, "targetPort": 6379}]),
        make_pod(
            "redis-0",
            labels={"app": "redis"},
            owner="StatefulSet/redis",
            container={"ports": [{"containerPort": 6379}]},
        ),
        make_slice("redis"),
        container={"env": [{"name": "REDIS", "value": "redis:6380"}]},
    )

    assert "the Service redis has port 6379, not 6380" in finding.problem.cause.en
    assert finding.problem.object == OWNER


def test_program_that_looks_for_its_peer_in_its_own_pod_is_told_so() -> None:
    finding = crash("Error: connect ECONNREFUSED 127.0.0.1:5432")

    assert "that address is the pod itself" in finding.problem.cause.en


def test_crash_for_lack_of_a_peer_stands_under_the_problem_of_the_peer() -> None:
    database = make_pod(
        "db-0",
        status=looping(137, reason="OOMKilled"),
        labels={"app": "db"},
        owner="StatefulSet/db",
        container={"name": "db", "resources": {"limits": {"memory": "64Mi"}}},
    )
    database["status"]["containerStatuses"][0]["name"] = "db"

    finding = crash(
        "ERROR dial tcp: connect to db:5432: connection refused",
        database,
        make_service("db", selector={"app": "db"}, ports=[{"port": 5432, "targetPort": 5432}]),
        make_slice("db", ready=0, not_ready=1),
        make_deployment("db", kind="StatefulSet", ready=0),
    )

    assert finding.problem.condition == "oom-killed"
    assert finding.problem.object == f"StatefulSet/{NAMESPACE}/db"
    effects = {each.problem.condition for each in finding.walk()}
    assert {"crash-dependency-unreachable", "service-no-ready-endpoints"} <= effects


FORBIDDEN = (
    'Error from server: pods is forbidden: User "system:serviceaccount:prod:shop" cannot list resource "pods" '
    'in API group "" in the namespace "prod"'
)


def role(name: str, *resources: str) -> JsonObject:
    return make("Role", name, rules=[{"apiGroups": [""], "resources": list(resources), "verbs": ["get", "list"]}])


def binding(name: str, role_name: str, account: str) -> JsonObject:
    return make(
        "RoleBinding",
        name,
        roleRef={"kind": "Role", "name": role_name},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": "prod"}],
    )


@pytest.mark.parametrize(
    ("objects", "at_fault"),
    [
        ((), "ServiceAccount/prod/shop"),
        ((role("reader", "configmaps"), binding("b", "reader", "shop")), "Role/prod/reader"),
        ((role("reader", "pods"), binding("b", "reader", "shopp")), "RoleBinding/prod/b"),
        ((role("reader", "pods"),), "ServiceAccount/prod/shop"),
        ((binding("b", "gone", "shop"),), "RoleBinding/prod/b"),
    ],
)
def test_missing_right_is_found_in_the_roles(objects: tuple[JsonObject, ...], at_fault: str) -> None:
    finding = crash(FORBIDDEN, *objects)

    assert finding.problem.condition == "crash-rbac-forbidden"
    assert finding.problem.object == at_fault
    assert finding.problem.fix is not None
    assert "--verb=list" in finding.problem.fix.command


def test_controller_that_waits_without_its_rights_is_found_too() -> None:
    pod = make_pod(status=running(ready=False, minutes=10))

    assert conditions_of(pod, logs={POD: FORBIDDEN}) == ["crash-rbac-forbidden"]


def revision(number: int, image: str, *, ready: int) -> JsonObject:
    return make(
        "ReplicaSet",
        f"shop-{number}",
        owner="Deployment/shop",
        annotations={"deployment.kubernetes.io/revision": str(number)},
        spec={"replicas": 1, "template": {"spec": {"containers": [{"name": "shop", "image": image}]}}},
        status={"replicas": 1, "readyReplicas": ready},
    )


def test_fault_that_began_with_a_revision_names_what_changed() -> None:
    new = make_pod("shop-2-x", status=looping(3), owner="ReplicaSet/shop-2")
    old = make_pod("shop-1-x", owner="ReplicaSet/shop-1")
    sets = (revision(1, "shop:1", ready=1), revision(2, "shop:2", ready=0))

    (finding,) = diagnose_objects(new, old, make_deployment(ready=1), *sets, logs={"shop-2-x": "boom"}).findings

    assert finding.problem.condition == "crash-after-change"
    assert "image shop:1 → shop:2" in finding.problem.cause.en
    assert finding.problem.fix is not None
    assert finding.problem.fix.command == "kubectl -n prod rollout undo deployment/shop --to-revision=1"


def test_old_pods_of_a_healthy_rollout_are_no_noise() -> None:
    leaving = make_pod("shop-1-x", status=running(ready=False), owner="ReplicaSet/shop-1", deletionTimestamp=ago(0.1))
    new = make_pod("shop-2-x", owner="ReplicaSet/shop-2")
    sets = (revision(1, "shop:1", ready=0), revision(2, "shop:2", ready=1))

    assert conditions_of(leaving, new, make_deployment(), *sets) == []
