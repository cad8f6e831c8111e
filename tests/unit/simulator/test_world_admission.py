"""What namespaces allow: quotas, limits, pod security, webhooks, accounts; and how controllers tell of refusals."""

import pytest

from simulator.api.status_errors import ApiError
from simulator.api_resources import CONFIGMAPS, PODS, REPLICASETS, RESOURCEQUOTAS, SERVICES
from simulator.store import JsonObject
from simulator.world.steps import create_object
from tests.fakes.simulated_world import LivingWorld

SMALL = {"requests": {"cpu": "50m", "memory": "32Mi"}}


def _namespace(living: LivingWorld, **labels: str) -> None:
    item = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels}}
    create_object(living.store, item)


def _quota(**hard: str) -> JsonObject:
    named = {name.replace("_", "."): value for name, value in hard.items()}
    metadata = {"name": "team-quota", "namespace": "team"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": named}}


def _deployment(
    *, replicas: int = 1, resources: JsonObject | None = None, labels: JsonObject | None = None, **spec: object
) -> JsonObject:
    container = {"name": "app", "image": "webshop/service:1.0.0", "resources": resources or {}}
    template = {
        "metadata": {"labels": {"app": "app", **(labels or {})}},
        "spec": {"containers": [container], **spec},
    }
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": "app"}}, "template": template}
    metadata = {"name": "app", "namespace": "team"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body}


def _pod(name: str, container: JsonObject, **spec: object) -> JsonObject:
    body = {"containers": [{"name": "main", "image": "webshop/service:1.0.0", **container}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "team"}, "spec": body}


def _refusals(living: LivingWorld) -> list[JsonObject]:
    return [event for event in living.events(namespace="team") if event["reason"] == "FailedCreate"]


def test_a_quota_stops_the_pods_that_no_longer_fit_and_shows_what_is_used() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _quota(pods="2", requests_cpu="200m"))
    create_object(living.store, _deployment(replicas=4, resources=SMALL))
    living.pass_time(400, step=1)

    quota = living.store.get(RESOURCEQUOTAS, namespace="team", name="team-quota")
    assert quota["status"] == {
        "hard": {"pods": "2", "requests.cpu": "200m"},
        "used": {"pods": "2", "requests.cpu": "100m"},
    }
    assert len(living.pods("app", namespace="team")) == 2
    reason = "is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2"
    assert all(reason in event["message"] for event in _refusals(living))


def test_refusals_that_differ_only_in_the_pods_name_are_combined_from_the_tenth_on() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _quota(pods="0"))
    create_object(living.store, _deployment(resources=SMALL))
    living.pass_time(400, step=1)

    events = sorted(_refusals(living), key=lambda event: str(event["metadata"]["name"]))
    assert [event["count"] for event in events[:9]] == [1] * 9
    assert events[9]["message"].startswith("(combined from similar events): Error creating: pods")
    assert (len(events), events[9]["count"]) == (10, 8)


def test_the_refusal_stands_in_the_conditions_of_replica_set_and_deployment_until_it_is_over() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _quota(pods="0"))
    create_object(living.store, _deployment(resources=SMALL))
    living.pass_time(30, step=1)

    replica_set = living.store.list_objects(REPLICASETS, namespace="team")[0]
    deployment = living.deployment("app", namespace="team")
    for item in (replica_set, deployment):
        failure = next(c for c in item["status"]["conditions"] if c["type"] == "ReplicaFailure")
        assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")

    living.patch(RESOURCEQUOTAS, "team-quota", {"spec": {"hard": {"pods": "3"}}}, namespace="team")
    living.pass_time(120, step=1)
    conditions = living.deployment("app", namespace="team")["status"]["conditions"]
    assert {c["type"] for c in conditions} == {"Available", "Progressing"}


def test_a_quota_on_limits_wants_them_said() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _quota(limits_cpu="2", limits_memory="2Gi"))
    create_object(living.store, _deployment(resources=SMALL))
    living.pass_time(5)

    assert _refusals(living)[0]["message"].endswith(
        "is forbidden: failed quota: team-quota: must specify limits.cpu for: app; limits.memory for: app"
    )


def test_a_limit_range_fills_in_what_is_not_said_and_refuses_too_much() -> None:
    living = LivingWorld()
    _namespace(living)
    limits = {"type": "Container", "default": {"memory": "128Mi"}, "max": {"memory": "256Mi"}}
    metadata = {"name": "sizes", "namespace": "team"}
    create_object(
        living.store, {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": [limits]}}
    )

    created = create_object(living.store, _pod("small", {}))
    with pytest.raises(ApiError) as refused:
        create_object(living.store, _pod("large", {"resources": {"limits": {"memory": "1Gi"}}}))

    assert created["spec"]["containers"][0]["resources"]["limits"] == {"memory": "128Mi"}
    assert created["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": (
            "LimitRanger plugin set: memory request for container main; memory limit for container main"
        )
    }
    message = "maximum memory usage per Container is 256Mi, but limit is 1Gi"
    assert str(refused.value) == f'pods "large" is forbidden: {message}'


def test_a_restricted_namespace_says_everything_that_a_pod_lacks() -> None:
    living = LivingWorld()
    _namespace(living, **{"pod-security.kubernetes.io/enforce": "restricted"})

    with pytest.raises(ApiError) as refused:
        create_object(living.store, _pod("vault", {}))

    assert str(refused.value) == (
        'pods "vault" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
        '(container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities '
        '(container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container '
        '"main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set '
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )


def test_a_baseline_namespace_lets_ordinary_pods_in_and_keeps_privileged_ones_out() -> None:
    living = LivingWorld()
    _namespace(living, **{"pod-security.kubernetes.io/enforce": "baseline"})

    create_object(living.store, _pod("plain", {}))
    with pytest.raises(ApiError, match="privileged"):
        create_object(living.store, _pod("root", {"securityContext": {"privileged": True}}))


def _webhook(**fields: object) -> JsonObject:
    webhook = {
        "name": "policies.shop.example.com",
        "clientConfig": {
            "service": {"namespace": "team", "name": "app", "port": 80, "path": "/validate"},
            "caBundle": "Q0E=",
        },
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "objectSelector": {"matchExpressions": [{"key": "exempt", "operator": "DoesNotExist"}]},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **fields,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "policies"},
        "webhooks": [webhook],
    }


def _serve_policies(living: LivingWorld) -> None:
    """The webhook's own pods and Service, with a rule that wants a label."""
    _namespace(living)
    rules = {"metadata": {"name": "rules", "namespace": "team"}, "data": {"required-labels": "owner"}}
    living.store.create(CONFIGMAPS, rules)
    volume = {"name": "rules", "configMap": {"name": "rules"}}
    create_object(living.store, _deployment(resources=SMALL, labels={"exempt": "yes"}, volumes=[volume]))
    ports = [{"port": 80, "targetPort": 8080}]
    service = {"metadata": {"name": "app", "namespace": "team"}, "spec": {"selector": {"app": "app"}, "ports": ports}}
    create_object(living.store, {"apiVersion": "v1", "kind": "Service", **service})
    living.pass_time(10)


def test_a_webhook_denies_in_the_words_of_its_rules() -> None:
    living = LivingWorld()
    _serve_policies(living)
    create_object(living.store, _webhook())

    with pytest.raises(ApiError) as refused:
        create_object(living.store, _pod("anonymous", {}))
    owned = _pod("owned", {})
    owned["metadata"]["labels"] = {"owner": "me"}
    create_object(living.store, owned)

    assert str(refused.value) == (
        'admission webhook "policies.shop.example.com" denied the request: missing required labels: owner'
    )


def test_a_webhook_that_cannot_be_reached_stops_creation_unless_it_may_be_ignored() -> None:
    living = LivingWorld()
    _serve_policies(living)
    create_object(living.store, _webhook())
    living.patch(SERVICES, "app", {"spec": {"selector": {"app": "nobody"}}}, namespace="team")
    living.pass_time(1)

    with pytest.raises(ApiError) as refused:
        create_object(living.store, _pod("first", {}))

    assert str(refused.value) == (
        'Internal error occurred: failed calling webhook "policies.shop.example.com": failed to call webhook: Post '
        '"https://app.team.svc:80/validate?timeout=10s": no endpoints available for service "app"'
    )


def test_an_ignored_webhook_lets_everything_in() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _webhook(failurePolicy="Ignore"))

    create_object(living.store, _pod("first", {}))

    assert living.store.find(PODS, namespace="team", name="first") is not None


def test_a_missing_account_is_told_before_the_pod_has_a_name() -> None:
    living = LivingWorld()
    _namespace(living)
    create_object(living.store, _deployment(resources=SMALL, serviceAccountName="robot"))
    living.pass_time(300, step=1)

    events = _refusals(living)
    assert len(events) == 1
    assert events[0]["count"] > 10
    assert events[0]["message"].endswith(
        '-" is forbidden: error looking up service account team/robot: serviceaccount "robot" not found'
    )
