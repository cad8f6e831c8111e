"""The API client against a small HTTP server that answers as the real API does."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import Eviction, ObjectPatch, PatchForm
from k8s_mcp.cluster.http_cluster import HttpCluster
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, NAMESPACES, NODES, PODS, SECRETS, LogRequest, Selection
from k8s_mcp.errors import (
    AccessDenied,
    ChangeConflict,
    ClusterError,
    ClusterUnreachable,
    CredentialsRejected,
    EvictionRefused,
    ObjectNotFound,
    OutcomeUnknown,
    RequestRefused,
)
from k8s_mcp.settings import K8sSettings
from tests.fakes.answering_api import Handler, answering, connect, kubeconfig, status


async def test_list_follows_every_page(tmp_path: Path) -> None:
    queries: list[dict[str, str]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        queries.append(dict(request.query))
        second = request.query.get("continue") == "t1"
        names = ["c"] if second else ["a", "b"]
        metadata = {} if second else {"continue": "t1"}
        return web.json_response({"metadata": metadata, "items": [{"metadata": {"name": name}} for name in names]})

    async with connect(tmp_path, handle) as cluster:
        pods = await cluster.list_objects(PODS, Selection("shop", "app=web", "type=Warning"))

    assert [pod["metadata"]["name"] for pod in pods] == ["a", "b", "c"]
    assert queries[1] == {"labelSelector": "app=web", "fieldSelector": "type=Warning", "limit": "500", "continue": "t1"}


async def test_list_whose_pages_expired_is_read_again_as_a_whole(tmp_path: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if "continue" in request.query:
            return status(410, "The provided continue parameter is too old")
        whole = "limit" not in request.query
        return web.json_response(
            {"metadata": {} if whole else {"continue": "old"}, "items": [{"metadata": {"name": "a"}}]}
        )

    async with connect(tmp_path, handle) as cluster:
        assert len(await cluster.list_objects(PODS, Selection())) == 1


async def test_names_are_asked_for_without_data(tmp_path: Path) -> None:
    accepted: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        accepted.append(request.headers["Accept"])
        return web.json_response({"items": [{"metadata": {"name": "psp"}}]})

    async with connect(tmp_path, handle) as cluster:
        assert await cluster.list_names(SECRETS, Selection("shop")) == ["psp"]

    assert accepted[0].startswith("application/json;as=PartialObjectMetadataList")


async def test_token_is_sent_and_namespace_comes_from_the_context(tmp_path: Path) -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", ""))
        return web.json_response({"items": []})

    async with connect(tmp_path, handle) as cluster:
        await cluster.list_objects(NODES, Selection())
        assert await cluster.default_namespace() == "shop"

    assert seen == ["Bearer secret-token"]


async def test_context_and_namespace_can_be_chosen(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")

    assert await HttpCluster(K8sSettings(kubeconfig_path=path, context="other")).default_namespace() == "bank"
    assert await HttpCluster(K8sSettings(kubeconfig_path=path, namespace="own")).default_namespace() == "own"
    with pytest.raises(ClusterUnreachable, match="cannot be used"):
        await HttpCluster(K8sSettings(kubeconfig_path=path, context="none")).default_namespace()


@pytest.mark.parametrize(
    ("code", "error", "expected"),
    [
        (401, CredentialsRejected, "does not accept the credentials"),
        (403, AccessDenied, r'verb "list" on "pods" of API group ""'),
        (404, ObjectNotFound, "the message"),
        (400, RequestRefused, "refused to list pods in namespace"),
        (422, RequestRefused, "the message"),
        (409, ChangeConflict, "the message"),
        (500, ClusterUnreachable, "failed to list pods"),
        (503, ClusterUnreachable, r"failed to list pods in namespace \"shop\" \(503\)"),
    ],
)
async def test_refusals_say_what_and_why(tmp_path: Path, code: int, error: type[Exception], expected: str) -> None:
    async with connect(tmp_path, answering(lambda: status(code, "the message"))) as cluster:
        with pytest.raises(error, match=expected):
            await cluster.list_objects(PODS, Selection("shop"))


async def test_missing_right_comes_with_the_role_that_grants_it(tmp_path: Path) -> None:
    message = 'deployments.apps is forbidden: User "system:serviceaccount:ops:robot" cannot list resource'

    async with connect(tmp_path, answering(lambda: status(403, message))) as cluster:
        with pytest.raises(AccessDenied) as in_namespace:
            await cluster.list_objects(DEPLOYMENTS, Selection("shop"))
        with pytest.raises(AccessDenied) as everywhere:
            await cluster.list_objects(DEPLOYMENTS, Selection())

    role, binding = (yaml.safe_load(part) for part in str(in_namespace.value).split("apply:\n")[1].split("---"))
    assert role["kind"] == "Role"
    assert role["metadata"]["namespace"] == "shop"
    assert role["rules"] == [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "namespace": "ops", "name": "robot"}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert "kind: ClusterRole\n" in str(everywhere.value)


async def test_busy_server_is_asked_again_after_the_time_it_names(tmp_path: Path) -> None:
    times: list[float] = []

    async def handle(_: web.Request) -> web.StreamResponse:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            return web.json_response({}, status=429, headers={"Retry-After": "1"})
        return web.json_response({"items": []})

    async with connect(tmp_path, handle) as cluster:
        assert await cluster.list_objects(PODS, Selection("shop")) == []

    assert times[1] - times[0] >= 1


@pytest.mark.parametrize(("code", "wait", "requests"), [(429, "60", 1), (503, "0", 3), (500, "0", 1)])
async def test_server_that_stays_busy_is_given_up_and_told(tmp_path: Path, code: int, wait: str, requests: int) -> None:
    came = 0

    async def handle(_: web.Request) -> web.StreamResponse:
        nonlocal came
        came += 1
        return web.json_response({"message": "slow down"}, status=code, headers={"Retry-After": wait})

    async with connect(tmp_path, handle) as cluster:
        with pytest.raises(ClusterUnreachable, match=rf"\({code}\): slow down"):
            await cluster.list_objects(PODS, Selection("shop"))

    assert came == requests


def scale_to(replicas: int, *, version: str) -> ObjectPatch:
    body = {"spec": {"replicas": replicas}, "metadata": {"resourceVersion": version}}
    return ObjectPatch(DEPLOYMENTS, "web", "shop", PatchForm.MERGE, body, subresource="scale")


async def test_change_is_never_sent_twice(tmp_path: Path) -> None:
    came = 0

    async def handle(_: web.Request) -> web.StreamResponse:
        nonlocal came
        came += 1
        return web.json_response({"message": "busy"}, status=503)

    async with connect(tmp_path, handle) as cluster:
        with pytest.raises(OutcomeUnknown, match="may have taken effect or not"):
            await cluster.patch_object(scale_to(5, version="7"), is_dry_run=False)

    assert came == 1


def cutting(times: int) -> tuple[Handler, list[str]]:
    """Answers that break off in mid-body, then a whole one."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.method)
        if len(seen) > times:
            return web.json_response({"items": [{"metadata": {"name": "a"}}]})
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"items": [')
        assert request.transport is not None
        request.transport.close()
        return response

    return handle, seen


async def test_answer_cut_in_its_middle_is_read_again(tmp_path: Path) -> None:
    handle, seen = cutting(1)

    async with connect(tmp_path, handle) as cluster:
        assert await cluster.list_names(PODS, Selection("shop")) == ["a"]

    assert len(seen) == 2


async def test_answer_that_is_always_cut_is_no_empty_list(tmp_path: Path) -> None:
    handle, seen = cutting(9)

    async with connect(tmp_path, handle) as cluster:
        with pytest.raises(ClusterUnreachable, match="Nothing was read"):
            await cluster.list_objects(PODS, Selection("shop"))

    assert len(seen) == 3


async def test_cut_change_leaves_its_outcome_open(tmp_path: Path) -> None:
    handle, seen = cutting(9)

    async with connect(tmp_path, handle) as cluster:
        with pytest.raises(OutcomeUnknown, match="may have taken effect or not"):
            await cluster.patch_object(scale_to(5, version="7"), is_dry_run=False)
        with pytest.raises(ClusterUnreachable, match="Nothing was read"):
            await cluster.patch_object(scale_to(5, version="7"), is_dry_run=True)

    assert seen == ["PATCH", "PATCH"]


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        ({"denied_kinds": ("pods",)}, "K8S_DENIED_KINDS"),
        ({"denied_kinds": ("Pod",)}, "K8S_DENIED_KINDS"),
        ({"denied_kinds": ("po",)}, "K8S_DENIED_KINDS"),
        ({"denied_namespaces": ("sho*",)}, "K8S_DENIED_NAMESPACES"),
    ],
)
async def test_what_the_operator_denies_is_not_asked_for(
    tmp_path: Path,
    denied: dict[str, Any],
    expected: str,  # Any: settings by name
) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        raise AssertionError("asked")

    async with connect(tmp_path, handle, **denied) as cluster:
        for reading in (
            cluster.list_objects(PODS, Selection("shop")),
            cluster.read_object(PODS, name="web", namespace="shop"),
            cluster.read_log(LogRequest("web", "shop")),
        ):
            with pytest.raises(AccessDenied, match=expected):
                await reading


async def test_logs_can_be_denied_alone(tmp_path: Path) -> None:
    async with connect(
        tmp_path, answering(lambda: web.json_response({"items": []})), denied_kinds=("pods/log",)
    ) as cluster:
        assert await cluster.list_objects(PODS, Selection("shop")) == []
        with pytest.raises(AccessDenied, match="not to touch pods/log"):
            await cluster.read_log(LogRequest("web", "shop"))


async def test_objects_of_denied_namespaces_are_not_in_lists_of_all(tmp_path: Path) -> None:
    items = [{"metadata": {"name": name, "namespace": name}} for name in ("kube-system", "shop")]
    namespaces = [{"metadata": {"name": name}} for name in ("kube-system", "shop")]

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response({"items": namespaces if request.path.endswith("/namespaces") else items})

    async with connect(tmp_path, handle, denied_namespaces=("kube-*",)) as cluster:
        assert await cluster.list_names(PODS, Selection()) == ["shop"]
        assert await cluster.list_names(NAMESPACES, Selection()) == ["shop"]
        with pytest.raises(AccessDenied):
            await cluster.read_object(NAMESPACES, name="kube-system")


async def test_asking_person_is_named_with_every_group(tmp_path: Path) -> None:
    seen: list[tuple[str | None, list[str], str | None]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        seen.append(
            (
                headers.get("Impersonate-User"),
                headers.getall("Impersonate-Group", []),
                headers.get("Authorization"),
            )
        )
        return web.json_response({"items": []})

    async with connect(tmp_path, handle) as cluster:
        await cluster.acting_as(AskingUser("alice", ("sre", "dev"))).list_objects(PODS, Selection("shop"))
        await cluster.list_objects(PODS, Selection("shop"))

    assert seen == [("alice", ["sre", "dev"], "Bearer secret-token"), (None, [], "Bearer secret-token")]


async def test_a_name_never_becomes_another_path(tmp_path: Path) -> None:
    paths: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        paths.append(request.raw_path)
        return web.json_response({})

    async with connect(tmp_path, handle) as cluster:
        await cluster.read_object(PODS, name="../../secrets/db?x=1#y", namespace="a/b")
        with pytest.raises(RequestRefused, match="is no name"):
            await cluster.read_object(PODS, name="..", namespace="shop")

    assert paths == ["/api/v1/namespaces/a%2Fb/pods/..%2F..%2Fsecrets%2Fdb%3Fx=1%23y"]


async def test_answer_that_is_no_json_is_refused(tmp_path: Path) -> None:
    async with connect(tmp_path, answering(lambda: web.Response(text="<html>login</html>"))) as cluster:
        with pytest.raises(RequestRefused, match="is no JSON"):
            await cluster.list_objects(PODS, Selection("shop"))


async def test_server_that_does_not_answer_is_given_up_in_time_and_told(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def handle(_: web.Request) -> web.StreamResponse:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        raise AssertionError("unreachable")

    async with connect(tmp_path, handle, seconds=0.3) as cluster:
        with pytest.raises(ClusterUnreachable, match=r"no answer within 0\.3 s"):
            await cluster.list_objects(PODS, Selection("shop"))
        await asyncio.wait_for(left.wait(), timeout=5)


async def test_cancelling_a_call_ends_its_request_at_the_server(tmp_path: Path) -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def handle(_: web.Request) -> web.StreamResponse:
        came.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        raise AssertionError("unreachable")

    async with connect(tmp_path, handle) as cluster:
        reading = asyncio.create_task(cluster.list_objects(PODS, Selection("shop")))
        await asyncio.wait_for(came.wait(), timeout=5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.wait_for(left.wait(), timeout=5)


async def test_login_plugin_is_asked_again_when_its_token_expired(tmp_path: Path) -> None:
    counter, plugin = tmp_path / "count", tmp_path / "plugin.py"
    plugin.write_text(
        textwrap.dedent(f"""\
            import json, pathlib
            path = pathlib.Path({str(counter)!r})
            number = int(path.read_text() or 0) + 1 if path.exists() else 1
            path.write_text(str(number))
            print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                               "status": {{"token": f"token-{{number}}"}}}}))
            """),
        encoding="utf-8",
    )
    user = (
        "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, "
        f"command: {sys.executable}, args: [{plugin}]}}"
    )

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer token-2":
            return status(401, "Unauthorized")
        return web.json_response({"items": []})

    async with connect(tmp_path, handle, user=user) as cluster:
        assert await cluster.list_objects(PODS, Selection("shop")) == []

    assert counter.read_text() == "2"


async def test_log_keeps_its_end_and_an_absent_log_is_empty(tmp_path: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/pods/young/log"):
            return web.Response(status=204)
        assert dict(request.query) == {"tailLines": "5", "previous": "true", "container": "app", "sinceSeconds": "60"}
        return web.Response(body=b"x" * 9_000_000 + b"\nthe end")

    async with connect(tmp_path, handle) as cluster:
        young = await cluster.read_log(LogRequest("young", "shop"))
        long = await cluster.read_log(LogRequest("old", "shop", "app", previous=True, tail_lines=5, since_seconds=60))

    assert young == ""
    assert long.endswith("\nthe end")
    assert len(long) == 8 * 1024 * 1024


async def test_scale_is_written_for_the_version_that_was_read(tmp_path: Path) -> None:
    written: list[tuple[str, str, object]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.text())
        written.append((request.method, request.path, body["spec"]))
        if body["metadata"]["resourceVersion"] != "7":
            return status(409, "the object has been modified")
        return web.json_response(body)

    async with connect(tmp_path, handle) as cluster:
        await cluster.patch_object(scale_to(5, version="7"), is_dry_run=False)
        with pytest.raises(ChangeConflict, match="modified"):
            await cluster.patch_object(scale_to(5, version="6"), is_dry_run=False)

    assert written[0] == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", {"replicas": 5})
    assert len(written) == 2


async def test_warnings_of_the_api_server_come_with_its_answer(tmp_path: Path) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        response = web.json_response({"kind": "Deployment"})
        response.headers.add("Warning", '299 - "would violate PodSecurity \\"restricted:latest\\": privileged"')
        response.headers.add("Warning", '299 - "policy/v1beta1 is deprecated"')
        return response

    async with connect(tmp_path, handle) as cluster:
        written = await cluster.patch_object(scale_to(5, version="7"), is_dry_run=True)

    assert written.warnings == (
        'would violate PodSecurity "restricted:latest": privileged',
        "policy/v1beta1 is deprecated",
    )


@pytest.mark.parametrize(("code", "expected"), [(500, OutcomeUnknown), (429, EvictionRefused), (404, ObjectNotFound)])
async def test_refused_eviction_is_told_from_a_lost_one(
    tmp_path: Path, code: int, expected: type[ClusterError]
) -> None:
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget web needs 2 healthy pods"}

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response({"message": "no", "details": {"causes": [cause]}}, status=code)

    async with connect(tmp_path, handle) as cluster:
        with pytest.raises(expected) as caught:
            await cluster.evict_pod(Eviction("web-1", "shop", "u"), is_dry_run=False)

    assert code != 429 or str(caught.value) == cause["message"]


async def test_user_and_password_in_the_address_are_not_shown(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://bob:hunter2@127.0.0.1:1")
    cluster = HttpCluster(K8sSettings(kubeconfig_path=path, request_timeout_seconds=5))

    with pytest.raises(ClusterUnreachable) as caught:
        await cluster.read_object(DEPLOYMENTS, name="web", namespace="shop")
    await cluster.close()

    assert "http://127.0.0.1:1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
