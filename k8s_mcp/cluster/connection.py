"""Opens a client for the configured cluster and notices when the configuration changed."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from k8s_diagnosis.objects.access import JsonObject, read_map, read_text
from k8s_mcp.cluster.login_plugin import log_in
from k8s_mcp.cluster.redirects import refuse_redirects
from k8s_mcp.cluster.status_errors import not_configured, nothing_configured
from k8s_mcp.settings import K8sSettings

_DEFAULT_KUBECONFIG = Path("~/.kube/config")
_IMPORT_AFTER_SECONDS = 0.1

# Packing a list costs both ends more time than loopback needs to carry it.
_UNCOMPRESSED = {"Accept-Encoding": "identity"}
_SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Connection:
    """An open client, with what is needed to tell when it is out of date."""

    client: Any
    """The generated API client. Any: it is untyped."""
    server: str
    namespace: str | None
    source: str
    fingerprint: tuple[tuple[str, float], ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request."""
    credentials: str = ""
    """Digest of the token or certificate that a login may renew; empty when there is nothing to renew."""


def find_kubeconfig(settings: K8sSettings) -> str | None:
    """The kubeconfig to use, or None for the service account of the pod we run in.

    Raises ClusterUnreachable when the configured file does not exist, NothingConfigured when none is configured.
    """
    if settings.kubeconfig_path is not None:
        if not settings.kubeconfig_path.is_file():
            raise not_configured(f"KUBECONFIG_PATH names {settings.kubeconfig_path}, which does not exist")
        return str(settings.kubeconfig_path)
    if settings.kubeconfig:
        existing = [
            part for part in settings.kubeconfig.split(os.pathsep) if part and Path(part).expanduser().is_file()
        ]
        if not existing:
            raise not_configured(f"KUBECONFIG names {settings.kubeconfig}, which does not exist")
        return os.pathsep.join(existing)
    default = _DEFAULT_KUBECONFIG.expanduser()
    if default.is_file():
        return str(default)
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return None
    raise nothing_configured()


def fingerprint_of(kubeconfig: str | None) -> tuple[tuple[str, float], ...]:
    """Path and modification time of every file, so that a rewritten kubeconfig is read again."""
    if kubeconfig is None:
        return ()
    paths = [Path(part).expanduser() for part in kubeconfig.split(os.pathsep)]
    return tuple((str(path), path.stat().st_mtime) for path in paths if path.exists())


async def open_connection(settings: K8sSettings) -> Connection:
    """Read the configuration, run its login plugin if it has one, and make a client.

    A plugin has three times the limit of a request: it may open a browser or ask a slow service.
    Raises ClusterUnreachable with the reason when the configuration cannot be used.
    """
    kubeconfig = find_kubeconfig(settings)
    fingerprint = fingerprint_of(kubeconfig)
    # A second of imports: in a thread, so that the server goes on answering.
    await asyncio.to_thread(_import_client)
    if kubeconfig is None:
        return await _open_in_cluster()
    connection = await _open_kubeconfig(
        kubeconfig, context=settings.context, login_seconds=settings.request_timeout_seconds * 3
    )
    return replace(connection, fingerprint=fingerprint)


def import_client_soon() -> None:
    """Import the client in the background a moment after the start: the first question need not wait for it then.

    Not at once, since the first reply to a client that lists the tools would wait instead.
    """
    timer = threading.Timer(_IMPORT_AFTER_SECONDS, _import_client)
    timer.daemon = True
    timer.start()


def _import_client() -> None:
    import kubernetes.aio.client
    import kubernetes.aio.config.kube_config  # noqa: F401


def _new_configuration() -> Any:  # Any: the generated client is untyped
    from kubernetes.aio.client import Configuration

    configuration = type.__call__(Configuration)
    # Retries would repeat a refused change, and hide a failing server until the time limit.
    configuration.retries = None
    configuration.client_go_retries = False
    return configuration


async def _open_kubeconfig(kubeconfig: str, *, context: str | None, login_seconds: float) -> Connection:
    from kubernetes.aio.client import ApiClient
    from kubernetes.aio.config import ConfigException
    from kubernetes.aio.config.kube_config import KubeConfigLoader, KubeConfigMerger

    configuration = _new_configuration()
    try:
        make_loader: Any = KubeConfigLoader  # Any: untyped in the client
        merged = await asyncio.to_thread(KubeConfigMerger, kubeconfig)
        loader = make_loader(config_dict=merged.config, active_context=context)
        await _run_login_plugin(loader, seconds=login_seconds)
        await loader.load_and_set(configuration)
        namespace = loader.current_context["context"].get("namespace")
        # Like other Kubernetes clients: a proxy of the environment is not asked for servers on this machine.
        configuration.client_session_kwargs = {
            "trust_env": not _is_local(configuration.host),
            "middlewares": (refuse_redirects,),
        }
        client = ApiClient(configuration=configuration)
    except (ConfigException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # A broken kubeconfig shows as any of these, depending on what is missing.
        raise not_configured(f"{kubeconfig} cannot be used ({error})") from error
    return Connection(
        client=client,
        server=configuration.host,
        namespace=namespace,
        source=kubeconfig,
        fingerprint=(),
        headers=_UNCOMPRESSED if _is_local(configuration.host) else {},
        credentials=_digest_credentials(configuration, loader._user.value if loader._user is not None else {}),
    )


async def _run_login_plugin(loader: Any, *, seconds: float) -> None:  # Any: untyped in the client
    """Put the plugin's credentials where the loader expects those of the user."""
    user, cluster = loader._user, loader._cluster
    if user is not None and read_map(user.value, "exec"):
        folder = Path(user.path or ".").parent
        user.value = await log_in(user.value, cluster=cluster.value, folder=folder, seconds=seconds)


def _digest_credentials(configuration: Any, user: JsonObject) -> str:  # Any: untyped in the client
    held = [configuration.api_key.get("BearerToken", ""), read_text(user, "client-certificate-data")]
    return hashlib.sha256("\n".join(held).encode()).hexdigest() if any(held) else ""


def _is_local(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _open_in_cluster() -> Connection:
    from kubernetes.aio.client import ApiClient
    from kubernetes.aio.config import ConfigException
    from kubernetes.aio.config.incluster_config import load_incluster_config

    configuration = _new_configuration()
    try:
        load: Any = load_incluster_config  # Any: untyped in the client
        load(client_configuration=configuration)
        configuration.client_session_kwargs = {"middlewares": (refuse_redirects,)}
        namespace = await asyncio.to_thread(_SERVICE_ACCOUNT_NAMESPACE.read_text, encoding="utf-8")
    except (ConfigException, OSError) as error:
        raise not_configured(f"the pod's service account cannot be used ({error})") from error
    return Connection(
        client=ApiClient(configuration=configuration),
        server=configuration.host,
        namespace=namespace.strip() or None,
        source="the pod's service account",
        fingerprint=(),
        credentials=_digest_credentials(configuration, {}),
    )
