"""Who may do what, and how refusals are worded."""

import pytest

from simulator.api import AccessRule, trusted_neighbour
from tests.fakes.kubernetes_api import ADMIN_TOKEN, VIEWER_TOKEN, ApiUnderTest

VIEW_PODS = AccessRule(verbs=("get", "list", "watch"), resources=("pods", "pods/log"), namespaces=("sandbox",))
PODS = "/api/v1/namespaces/sandbox/pods"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@pytest.fixture
def cluster() -> ApiUnderTest:
    under_test = ApiUnderTest(viewer_rules=(VIEW_PODS,))
    under_test.set_now()
    return under_test


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
async def test_health_and_version_are_public(cluster: ApiUnderTest, path: str) -> None:
    assert (await cluster.ask("GET", path, token=None)).status_code == 200


async def test_discovery_is_not_public(cluster: ApiUnderTest) -> None:
    answer = await cluster.ask("GET", "/apis", token=None)

    assert answer.status_code == 403
    assert answer.json()["message"] == 'forbidden: User "system:anonymous" cannot get path "/apis"'


async def test_rules_hold_for_verb_resource_and_namespace(cluster: ApiUnderTest) -> None:
    allowed = await cluster.ask("GET", PODS, token=VIEWER_TOKEN)
    elsewhere = await cluster.ask("GET", "/api/v1/namespaces/default/pods", token=VIEWER_TOKEN)
    everywhere = await cluster.ask("GET", "/api/v1/pods", token=VIEWER_TOKEN)
    deleting = await cluster.ask("DELETE", f"{PODS}/a", token=VIEWER_TOKEN)

    who = 'User "system:serviceaccount:sandbox:viewer"'
    assert allowed.status_code == 200
    assert elsewhere.status_code == 403
    assert everywhere.json()["message"] == (
        f'pods is forbidden: {who} cannot list resource "pods" in API group "" at the cluster scope'
    )
    assert deleting.json()["message"] == (
        f'pods "a" is forbidden: {who} cannot delete resource "pods" in API group "" in the namespace "sandbox"'
    )


async def test_unknown_resources_are_hidden_from_those_without_rights(cluster: ApiUnderTest) -> None:
    answer = await cluster.ask("GET", "/apis/widgets.example.com/v1/widgets", token=VIEWER_TOKEN)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("verb", "subresource", "allowed"), [("list", "", True), ("get", "log", True), ("delete", "", False)]
)
async def test_review_says_what_would_be_allowed(
    cluster: ApiUnderTest, verb: str, subresource: str, allowed: bool
) -> None:
    attributes = {"namespace": "sandbox", "verb": verb, "resource": "pods", "subresource": subresource}

    answer = await cluster.ask("POST", REVIEW, {"spec": {"resourceAttributes": attributes}}, token=VIEWER_TOKEN)

    assert answer.json()["status"] == {"allowed": allowed}


async def test_trusted_port_takes_callers_without_a_token_but_no_wrong_token() -> None:
    cluster = ApiUnderTest(anonymous=trusted_neighbour())

    assert (await cluster.ask("GET", PODS, token=None)).status_code == 200
    assert (await cluster.ask("GET", PODS, token="wrong")).status_code == 401
    assert (await cluster.ask("GET", PODS, token=ADMIN_TOKEN)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/api/v1/namespaces", 405),
        ("POST", "/api/v1/namespaces/sandbox/pods/a", 405),
        ("POST", "/api/v1/pods", 405),
        ("PATCH", "/api/v1/namespaces/sandbox/pods/a/log", 405),
        ("GET", "/api/v1/namespaces/sandbox/pods/a/nothing", 404),
        ("POST", "/version", 405),
        ("GET", "/nothing", 404),
        ("GET", "/api/v9/pods", 404),
        ("PATCH", "/apis/metrics.k8s.io/v1beta1/nodes/a", 405),
    ],
)
async def test_paths_and_methods_that_do_not_exist(cluster: ApiUnderTest, method: str, path: str, status: int) -> None:
    assert (await cluster.ask(method, path)).status_code == status


async def test_body_beyond_the_limit_is_refused(cluster: ApiUnderTest) -> None:
    big = {"metadata": {"name": "big"}, "data": {"a": "x" * (3 * 1024 * 1024)}}

    answer = await cluster.ask("POST", "/api/v1/namespaces/sandbox/configmaps", big)

    assert answer.status_code == 413
