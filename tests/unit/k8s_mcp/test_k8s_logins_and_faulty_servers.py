"""Logins that fail or hang, and addresses behind which no honest API server answers: always an error, never a wait."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import json
import ssl
import sys
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from k8s_mcp.cluster.http_cluster import HttpCluster
from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.errors import ClusterUnreachable, RequestRefused
from k8s_mcp.settings import K8sSettings
from tests.fakes.answering_api import answering, api, connect, kubeconfig, status

NOTHING = answering(lambda: web.json_response({"items": []}))
SHOP = Selection("shop")


def plugin(folder: Path, program: str, *, more: str = "") -> str:
    """A user of a kubeconfig whose login is a Python program."""
    path = folder / "plugin.py"
    path.write_text(program, encoding="utf-8")
    version = "apiVersion: client.authentication.k8s.io/v1"
    return f"exec: {{{version}, interactiveMode: Never, command: {sys.executable}, args: [{path}], {more}}}"


def answer(**credentials: str) -> str:
    document = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": credentials,
    }
    return f"print({json.dumps(document)!r})"


def make_certificate(folder: Path, *, host: str) -> tuple[ssl.SSLContext, str]:
    """A server that shows a certificate for the host, and the field of a kubeconfig that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    no_password = serialization.NoEncryption()
    (folder / "tls.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password) + pem
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "tls.pem")
    return context, f"certificate-authority-data: {base64.b64encode(pem).decode()}"


async def test_trusted_certificate_is_accepted(tmp_path: Path) -> None:
    tls, trust = make_certificate(tmp_path, host="127.0.0.1")

    async with connect(tmp_path, NOTHING, tls=tls, cluster=trust) as cluster:
        assert await cluster.list_objects(PODS, SHOP) == []


@pytest.mark.parametrize("what_is_wrong", ["the CA", "the host"])
async def test_certificate_that_is_not_trusted_is_told_from_a_cluster_that_is_down(
    tmp_path: Path, what_is_wrong: str
) -> None:
    tls, trust = make_certificate(tmp_path, host="127.0.0.1" if what_is_wrong == "the CA" else "192.0.2.1")
    if what_is_wrong == "the CA":
        _, trust = make_certificate(tmp_path, host="127.0.0.1")

    async with connect(tmp_path, NOTHING, tls=tls, cluster=trust) as cluster:
        with pytest.raises(ClusterUnreachable, match=r"certificate verify failed.*check certificate-authority-data"):
            await cluster.list_objects(PODS, SHOP)


async def test_https_asked_of_a_server_without_tls_is_explained(tmp_path: Path) -> None:
    async with api(NOTHING) as server:
        path = kubeconfig(tmp_path, server.replace("http:", "https:"))
        cluster = HttpCluster(K8sSettings(kubeconfig_path=path))
        with pytest.raises(ClusterUnreachable, match="does not speak TLS"):
            await cluster.list_objects(PODS, SHOP)
        await cluster.close()


async def test_redirect_is_not_followed_with_the_token(tmp_path: Path) -> None:
    asked: list[str] = []

    async def login_page(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({"items": []})

    async with api(login_page) as elsewhere:

        async def redirect(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{elsewhere}/sso")

        async with connect(tmp_path, redirect) as cluster:
            with pytest.raises(ClusterUnreachable, match=r"redirects to 127\.0\.0\.1"):
                await cluster.list_objects(PODS, SHOP)

    assert asked == []


async def test_answer_without_end_is_given_up_before_it_fills_the_memory(tmp_path: Path) -> None:
    async def write_for_ever(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 4 * 1024 * 1024)

    async with connect(tmp_path, write_for_ever) as cluster:
        with pytest.raises(RequestRefused, match=r"over 256 MiB.*Narrow it"):
            await cluster.list_objects(PODS, SHOP)


async def test_answer_that_trickles_is_given_up_in_time(tmp_path: Path) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async with connect(tmp_path, trickle, seconds=0.4) as cluster:
        with pytest.raises(ClusterUnreachable, match=r"no answer within 0\.4 s"):
            await cluster.list_objects(PODS, SHOP)


async def test_login_plugin_that_hangs_is_stopped_with_its_children_and_those_who_waited_are_told(
    tmp_path: Path,
) -> None:
    children = tmp_path / "children"
    program = f"""\
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "60"])
pathlib.Path({str(children)!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
"""

    async with connect(tmp_path, NOTHING, user=plugin(tmp_path, program), seconds=0.4) as cluster:
        asked = [cluster.list_objects(PODS, SHOP) for _ in range(3)]
        async with asyncio.timeout(5):
            told = await asyncio.gather(*asked, return_exceptions=True)

    assert all(isinstance(error, ClusterUnreachable) and "took over 1.2 s" in str(error) for error in told)
    for pid in map(int, children.read_text().split()):
        gone = not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert gone, f"process {pid} of the plugin still runs"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            "import sys; sys.exit('session expired, run: cloud login')",
            "ended with 1: session expired, run: cloud login",
        ),
        ("print('hello')", "its answer is no JSON"),
        ("print('[]')", "no ExecCredential"),
        (answer(), "no ExecCredential"),
        (answer(clientCertificateData="half"), "neither a token nor a certificate"),
        (answer(token="t").replace("/v1", "/v1beta1"), "answers in client.authentication.k8s.io/v1beta1"),
    ],
)
async def test_failed_login_plugin_is_named_with_its_reason(tmp_path: Path, program: str, expected: str) -> None:
    refusing = answering(lambda: status(401, "Unauthorized"))

    async with connect(tmp_path, refusing, user=plugin(tmp_path, program)) as cluster:
        with pytest.raises(ClusterUnreachable, match=f"login plugin .* failed: .*{expected}"):
            await cluster.list_objects(PODS, SHOP)


async def test_missing_login_plugin_is_told_with_its_hint(tmp_path: Path) -> None:
    user = "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, installHint: get it at x}"

    async with connect(tmp_path, NOTHING, user=user) as cluster:
        with pytest.raises(ClusterUnreachable, match=r"'no-such-plugin'.*cannot be started.*get it at x"):
            await cluster.list_objects(PODS, SHOP)


async def test_login_plugin_gets_its_environment_and_cluster_and_no_standard_input(tmp_path: Path) -> None:
    program = """\
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
spec = info["spec"]
token = f"{os.environ['REGION']}|{spec['interactive']}|{spec['cluster']['server'][:7]}|{sys.stdin.read()}"
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": {"token": token}}))
"""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        return web.json_response({"items": []})

    user = plugin(tmp_path, program, more="provideClusterInfo: true, env: [{name: REGION, value: north}]")
    async with connect(tmp_path, handle, user=user) as cluster:
        await cluster.list_objects(PODS, SHOP)

    assert seen == ["Bearer north|False|http://|"]


def discover(group: str, *resources: dict[str, object]) -> web.Response:
    """A document of aggregated discovery with one group, as `/api` and `/apis` answer."""
    versions = [{"version": "v1", "resources": list(resources), "freshness": "Current"}]
    return web.json_response(
        {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "items": [{"metadata": {"name": group}, "versions": versions}],
        }
    )


def resource(plural: str, kind: str, short_name: str) -> dict[str, object]:
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "scope": "Namespaced",
        "singularResource": kind.lower(),
        "verbs": ["get", "list"],
        "shortNames": [short_name],
    }


async def test_custom_kind_with_the_short_name_of_a_core_kind_hides_it_from_nobody(tmp_path: Path) -> None:
    answers = {
        "/api": discover("", resource("pods", "Pod", "po")),
        "/apis": discover("example.com", resource("policies", "Policy", "po")),
    }
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path in answers:
            return answers[request.path]
        return web.json_response({"metadata": {"name": request.path.rpartition("/")[2]}})

    async with connect(tmp_path, handle) as cluster:
        for kind in ("po", "policies", "po.example.com"):
            await cluster.read_object(await cluster.find_resource(kind), name="a", namespace="shop")

    custom = "/apis/example.com/v1/namespaces/shop/policies/a"
    assert [path for path in asked if path.endswith("/a")] == ["/api/v1/namespaces/shop/pods/a", custom, custom]
