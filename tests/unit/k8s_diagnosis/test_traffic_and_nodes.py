"""Services, Ingresses, policies and names that lead nowhere; nodes that cannot do their work."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    NOW,
    condition,
    conditions_of,
    diagnose_objects,
    looping,
    make,
    make_deployment,
    make_node,
    make_pod,
    make_service,
    make_slice,
    pending,
    running,
)

POD = "shop-7d9c5b6f4-abcde"
SERVING = {"ports": [{"containerPort": 8080, "name": "http"}], "readinessProbe": {"httpGet": {"port": 8080}}}


def shop(**fields: Any) -> tuple[JsonObject, ...]:  # Any: fields of the Service
    """A pod that serves on 8080, its Deployment, and a Service in front."""
    return make_pod(container=SERVING), make_deployment(container=SERVING), make_service(**fields), make_slice()


def test_service_in_front_of_ready_pods_is_healthy() -> None:
    assert conditions_of(*shop()) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"selector": {"app": "shopp"}}, "service-selector-no-match"),
        ({"ports": [{"port": 80, "targetPort": "web"}]}, "service-named-port-missing"),
        ({"ports": [{"port": 80, "targetPort": 9000}]}, "service-wrong-target-port"),
        ({"ports": [{"port": 80}]}, "service-wrong-target-port"),
    ],
)
def test_service_that_leads_nowhere(fields: JsonObject, expected: str) -> None:
    (finding,) = diagnose_objects(*shop(**fields)).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, f"Service/{NAMESPACE}/shop")
    assert finding.problem.fix is not None


@pytest.mark.parametrize(
    "service",
    [
        make_service(selector={}),
        make_service(selector={"app": "gone"}, type="ExternalName", externalName="db.example.com"),
        make_service(clusterIP="None"),
        make_service(ports=[{"port": 80, "targetPort": "http"}]),
        make_service(ports=[{"port": 80, "targetPort": 8080}, {"port": 9090, "targetPort": 9090}]),
        make_service(ports=[{"port": 53, "targetPort": 5353, "protocol": "UDP"}]),
    ],
    ids=["without selector", "external", "headless", "named port", "undeclared metrics port", "udp"],
)
def test_service_that_is_as_it_should_be(service: JsonObject) -> None:
    assert conditions_of(make_pod(container=SERVING), make_deployment(), service, make_slice()) == []


def test_port_the_log_announces_makes_a_service_right_although_it_is_not_declared() -> None:
    objects = shop(ports=[{"port": 80, "targetPort": 9000}])

    assert conditions_of(*objects, logs={POD: "INFO server listening on :9000"}) == []


def test_refused_caller_shows_that_an_undeclared_port_is_not_served() -> None:
    service = make_service(ports=[{"port": 80, "targetPort": 8080}, {"port": 81, "targetPort": 9090}])
    log = "curl: (7) Failed to connect to shop port 81 after 1 ms: Couldn't connect to server"

    found = conditions_of(
        make_pod(container=SERVING), make_deployment(), service, make_slice(), caller(), logs={"caller": log}
    )

    assert found == ["service-wrong-target-port"]


def test_service_of_a_cronjob_between_its_runs_is_healthy() -> None:
    template = {"spec": {"template": {"metadata": {"labels": {"app": "shop"}}}}}
    cronjob = make("CronJob", "x", spec={"schedule": "0 0 1 1 *", "jobTemplate": template}, status={})

    assert conditions_of(make_service(), make_slice(ready=0), cronjob) == []


def ingress(**spec: Any) -> JsonObject:  # Any: fields of the Ingress
    backend = {"service": {"name": "shop", "port": {"number": 80}}}
    rules = [{"host": "shop.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}]
    return make("Ingress", "shop", spec={"ingressClassName": "nginx", "rules": rules, **spec})


NGINX = make("IngressClass", "nginx")


def to_service(service: str, **port: Any) -> list[JsonObject]:  # Any: number or name
    return [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": service, "port": port}}}]}}]


@pytest.mark.parametrize(
    ("source", "expected", "at_fault"),
    [
        (ingress(ingressClassName="ngnix"), "ingress-class-missing", "Ingress/prod/shop"),
        (ingress(rules=to_service("shopp", number=80)), "ingress-service-missing", "Ingress/prod/shop"),
        (ingress(rules=to_service("shop", number=8080)), "ingress-port-missing", "Ingress/prod/shop"),
        (ingress(rules=to_service("shop", name="web")), "ingress-port-missing", "Ingress/prod/shop"),
        (ingress(tls=[{"secretName": "shop-tls"}]), "ingress-tls-missing", "Secret/prod/shop-tls"),
    ],
)
def test_ingress_that_leads_nowhere(source: JsonObject, expected: str, at_fault: str) -> None:
    (finding,) = diagnose_objects(source, NGINX, *shop()).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, at_fault)


def certificate(*, until: datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, until - timedelta(days=90), until)
    return base64.b64encode(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)).decode()


@pytest.mark.parametrize(("days", "expected"), [(-3, ["ingress-certificate-expired"]), (30, [])])
def test_certificate_of_an_ingress_is_judged_by_its_date(days: int, expected: list[str]) -> None:
    secret = make("Secret", "shop-tls", data={"tls.crt": certificate(until=NOW + timedelta(days=days))})

    assert conditions_of(ingress(tls=[{"secretName": "shop-tls"}]), NGINX, secret, *shop()) == expected


def policy(name: str = "deny", **spec: Any) -> JsonObject:  # Any: fields of the policy
    return make("NetworkPolicy", name, spec={"podSelector": {"matchLabels": {"app": "shop"}}, **spec})


CALLER_LOG = {"caller": "ERROR GET http://shop:80/api failed: connect timed out"}


def caller() -> JsonObject:
    return make_pod("caller", labels={"app": "caller"}, owner="Deployment/caller")


def test_policy_that_lets_the_caller_not_in_explains_its_time_out() -> None:
    rule = [{"from": [{"podSelector": {"matchLabels": {"app": "admin"}}}]}]

    (finding,) = diagnose_objects(
        *shop(), caller(), policy(policyTypes=["Ingress"], ingress=rule), logs=CALLER_LOG
    ).findings

    assert (finding.problem.condition, finding.problem.object) == ("network-policy-blocks", "NetworkPolicy/prod/deny")
    assert "from Deployment/prod/caller" in finding.problem.cause.en


@pytest.mark.parametrize(
    "rule",
    [
        [{"from": [{"podSelector": {"matchLabels": {"app": "caller"}}}], "ports": [{"port": 8080}]}],
        [{"from": [{"namespaceSelector": {}}]}],
        [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
        [{}],
    ],
    ids=["by label and port", "from any namespace", "by address", "everybody"],
)
def test_policy_that_lets_the_caller_in_is_not_blamed(rule: list[JsonObject]) -> None:
    assert conditions_of(*shop(), caller(), policy(policyTypes=["Ingress"], ingress=rule), logs=CALLER_LOG) == []


def test_policy_that_lets_nobody_in_is_told_with_less_weight() -> None:
    (finding,) = diagnose_objects(*shop(), policy(policyTypes=["Ingress"])).findings

    assert finding.problem.condition == "network-policy-blocks"
    assert finding.problem.confidence <= 0.7


def test_policy_without_names_explains_what_is_not_resolved() -> None:
    pod = make_pod(status=looping(1))
    deny = policy(policyTypes=["Egress"], egress=[{"to": [{"podSelector": {}}], "ports": [{"port": 5432}]}])
    log = "ERROR getaddrinfo EAI_AGAIN db"

    (finding,) = diagnose_objects(
        pod, deny, make_deployment(ready=0), make_service("db", selector={"app": "db"}), *database(), logs={POD: log}
    ).findings

    assert finding.problem.condition == "network-policy-blocks"
    assert "port 53" in finding.problem.cause.en
    assert "crash-dependency-unreachable" in {effect.problem.condition for effect in finding.effects}


def database() -> tuple[JsonObject, ...]:
    pod = make_pod("db-0", labels={"app": "db"}, owner="StatefulSet/db", container={"ports": [{"containerPort": 8080}]})
    return pod, make_slice("db")


def test_dns_policy_that_asks_elsewhere_is_named() -> None:
    pod = make_pod(status=looping(1), spec={"dnsPolicy": "Default"})
    log = {POD: "dial tcp: lookup db on 1.1.1.1:53: no such host"}

    (finding,) = diagnose_objects(
        pod, make_deployment(ready=0), make_service("db", selector={"app": "db"}), *database(), logs=log
    ).findings

    assert (finding.problem.condition, finding.problem.object) == ("dns-policy-wrong", f"Deployment/{NAMESPACE}/shop")


def test_name_service_that_is_down_explains_all_who_cannot_resolve() -> None:
    labels = {"k8s-app": "kube-dns"}
    coredns = make_pod(
        "coredns-x", namespace="kube-system", labels=labels, owner="ReplicaSet/coredns-1", status=looping(1)
    )
    coredns["spec"]["containers"][0]["name"] = coredns["status"]["containerStatuses"][0]["name"] = "coredns"
    crashing = make_pod(status=looping(1))
    log = {POD: "Error: getaddrinfo EAI_AGAIN db"}

    (finding,) = diagnose_objects(
        coredns, crashing, make_deployment(ready=0), make_service("db", selector={"app": "db"}), *database(), logs=log
    ).findings

    assert finding.problem.object == "ReplicaSet/kube-system/coredns-1"
    conditions = {each.problem.condition for each in finding.walk()}
    assert {"dns-broken", "crash-dependency-unreachable"} <= conditions


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (make_node(ready=None), "node-not-ready"),
        (make_node(ready=False), "node-not-ready"),
        (make_node(conditions=[condition("DiskPressure", True)]), "node-pressure"),
        (make_node(conditions=[condition("MemoryPressure", True)]), "node-pressure"),
        (make_node(conditions=[condition("PIDPressure", True)]), "node-pressure"),
        (make_node(conditions=[condition("NetworkUnavailable", True)]), "node-network-unavailable"),
    ],
)
def test_node_that_cannot_do_its_work(node: JsonObject, expected: str) -> None:
    (finding,) = diagnose_objects(node).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, "Node//node-1")


@pytest.mark.parametrize(
    "node",
    [
        make_node(conditions=[condition("DiskPressure", False), condition("NetworkUnavailable", False)]),
        make_node(conditions=[condition("GPUDriverHealthy", True), condition("FrequentKubeletRestart", False)]),
        make_node(spec={"unschedulable": True}),
        make_node(age=1, ready=False),
    ],
    ids=["no pressure", "custom conditions", "cordoned with nobody waiting", "just joined"],
)
def test_node_that_is_as_it_should_be(node: JsonObject) -> None:
    assert conditions_of(node) == []


def test_evictions_stand_under_the_pressure_of_their_node() -> None:
    evicted = make_pod(
        status=running(ready=False),
        phase="Failed",
        pod_status={"reason": "Evicted", "message": "The node was low on resource: memory."},
    )
    node = make_node(conditions=[condition("MemoryPressure", True)])

    (finding,) = diagnose_objects(evicted, node, make_deployment(ready=0)).findings

    assert finding.problem.condition == "node-pressure"
    assert "evicted" in {effect.problem.condition for effect in finding.effects}


def test_evictions_are_over_once_the_node_has_recovered() -> None:
    evicted = make_pod(
        "shop-7d9c5b6f4-first",
        phase="Failed",
        pod_status={"reason": "Evicted", "message": "The node was low on resource: memory."},
    )

    assert conditions_of(evicted, make_pod(), make_node(), make_deployment()) == []


def test_kubelets_too_far_apart_are_told() -> None:
    old, new = make_node("node-1"), make_node("node-2")
    old["status"]["nodeInfo"]["kubeletVersion"] = "v1.27.4"
    new["status"]["nodeInfo"]["kubeletVersion"] = "v1.32.1-eks-1"

    assert conditions_of(old, new) == ["node-version-skew"]


def test_node_that_holds_all_the_pods_it_may_is_told() -> None:
    node = make_node(allocatable={"pods": "2"})
    pods = [make_pod(f"a-{at}", owner="DaemonSet/a") for at in range(2)]

    assert conditions_of(node, *pods) == ["node-too-many-pods"]


def test_pod_that_waits_for_room_stands_under_the_one_node_that_is_full() -> None:
    node = make_node(allocatable={"pods": "2"})
    pods = [make_pod(f"a-{at}", owner="DaemonSet/a") for at in range(2)]
    waits = pending("0/1 nodes are available: 1 Too many pods.")

    (finding,) = diagnose_objects(node, *pods, waits, make_deployment(ready=0)).findings

    assert (finding.problem.condition, finding.problem.object) == ("node-too-many-pods", "Node//node-1")
    assert "pending-insufficient-pods" in {effect.problem.condition for effect in finding.effects}


def test_memory_in_use_is_judged_only_when_it_was_measured() -> None:
    metrics = make("NodeMetrics", "node-1", usage={"cpu": "4", "memory": "7900Mi"})
    metrics["metadata"].pop("namespace", None)

    assert conditions_of(make_node(), metrics) == ["node-overcommitted"]
    assert conditions_of(make_node()) == []


def test_container_close_to_its_limit_is_told() -> None:
    pod = make_pod(container={"resources": {"limits": {"memory": "100Mi"}}})
    metrics = make("PodMetrics", POD, containers=[{"name": "shop", "usage": {"memory": "98Mi"}}])

    assert conditions_of(pod, make_deployment(), metrics) == ["memory-near-limit"]


def test_volume_that_runs_full_is_told() -> None:
    volume = {"pvcRef": {"name": "data", "namespace": NAMESPACE}, "capacityBytes": 1000, "usedBytes": 950}
    summary = make("NodeSummary", "node-1", pods=[{"volume": [volume]}])

    assert conditions_of(summary) == ["pvc-nearly-full"]


def test_metrics_that_do_not_come_are_told_with_the_autoscalers_that_need_them() -> None:
    api = make(
        "APIService",
        "v1beta1.metrics.k8s.io",
        spec={"service": {"name": "metrics-server", "namespace": "kube-system"}},
        status={"conditions": [condition("Available", False, reason="MissingEndpoints", message="no endpoints")]},
    )
    message = "failed to get cpu utilization: unable to fetch metrics from resource metrics API"
    hpa = make(
        "HorizontalPodAutoscaler",
        "shop",
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "shop"}, "maxReplicas": 3},
        status={"conditions": [condition("ScalingActive", False, reason="FailedGetResourceMetric", message=message)]},
    )

    (finding,) = diagnose_objects(api, hpa, make_deployment()).findings

    assert finding.problem.condition == "metrics-unavailable"
    assert [effect.problem.condition for effect in finding.effects] == ["hpa-no-metrics"]
