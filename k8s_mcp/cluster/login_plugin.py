"""Runs the login plugin that a kubeconfig names (`exec`), and gives the user the credentials it answered.

The client library runs plugins too, but lets them read standard input, which carries the messages of this server, lets
them run on when nobody waits any more, and goes on without credentials when one fails.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import orjson

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text
from k8s_mcp.cluster.status_errors import login_failed
from mcp_kit.sanitising import sanitise_line

_MAX_ANSWER_BYTES = 1024 * 1024
_MAX_COMPLAINT = 300
_BY_HAND = "Run it by hand: it may want to ask something, and nobody can answer it here."


async def log_in(user: JsonObject, *, cluster: JsonObject, folder: Path, seconds: float) -> JsonObject:
    """The user of a kubeconfig with the credentials of its plugin in place of the plugin.

    Raises ClusterUnreachable with what the plugin complained about.
    """
    plugin = read_map(user, "exec")
    answer = await _run(plugin, cluster=cluster, folder=folder, seconds=seconds)
    status = _read_answer(answer, plugin)
    known = {key: value for key, value in user.items() if key != "exec"}
    token, certificate, key = (read_text(status, name) for name in ("token", "clientCertificateData", "clientKeyData"))
    if certificate and key:
        known["client-certificate-data"] = base64.b64encode(certificate.encode()).decode()
        known["client-key-data"] = base64.b64encode(key.encode()).decode()
    if token:
        known["token"] = token
    elif not (certificate and key):
        raise login_failed(_name_of(plugin), reason="its answer holds neither a token nor a certificate with its key")
    return known


async def _run(plugin: JsonObject, *, cluster: JsonObject, folder: Path, seconds: float) -> bytes:
    name = _name_of(plugin)
    try:
        process = await asyncio.create_subprocess_exec(
            _find_command(read_text(plugin, "command"), folder=folder),
            *(str(argument) for argument in plugin.get("args") or ()),
            env=_environment(plugin, cluster=cluster),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        hint = sanitise_line(read_text(plugin, "installHint"), max_characters=_MAX_COMPLAINT)
        reason = f"it cannot be started: {getattr(error, 'strerror', None) or error}"
        raise login_failed(name, reason=reason, advice=hint or "Install it where this server runs.") from error
    try:
        async with asyncio.timeout(seconds):
            answer, complaint = await asyncio.gather(_read_start(process.stdout), _read_start(process.stderr))
            await process.wait()
    except TimeoutError as error:
        reason = f"it took over {seconds:g} s and was stopped"
        raise login_failed(name, reason=reason, advice=_BY_HAND) from error
    finally:
        await _stop(process)
    if process.returncode:
        said = sanitise_line(complaint.decode(errors="replace"), max_characters=_MAX_COMPLAINT)
        reason = f"it ended with {process.returncode}: {said or 'nothing said'}"
        raise login_failed(name, reason=reason, advice=_BY_HAND)
    return answer


async def _read_start(stream: asyncio.StreamReader | None) -> bytes:
    """What it writes until it ends; what is too long to be an answer is read and dropped."""
    kept = b""
    while stream is not None and (chunk := await stream.read(64 * 1024)):
        kept += chunk[: _MAX_ANSWER_BYTES - len(kept)]
    return kept


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the plugin with everything it started, if it still runs."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read_answer(answer: bytes, plugin: JsonObject) -> JsonObject:
    name = _name_of(plugin)
    try:
        credential: Any = orjson.loads(answer)  # Any: JSON
    except orjson.JSONDecodeError as error:
        # The answer is not quoted: it may be a token.
        raise login_failed(name, reason="its answer is no JSON", advice=_BY_HAND) from error
    if not isinstance(credential, dict) or not read_map(credential, "status"):
        raise login_failed(name, reason="its answer is no ExecCredential with a status")
    wanted, given = read_text(plugin, "apiVersion"), read_text(credential, "apiVersion")
    if wanted != given:
        shown = sanitise_line(given, max_characters=60)
        raise login_failed(name, reason=f"it answers in {shown or 'no version'}, the kubeconfig wants {wanted}")
    return read_map(credential, "status")


def _find_command(command: str, *, folder: Path) -> str:
    """As kubectl: a relative path is one from the kubeconfig's folder, a bare name is looked for in PATH."""
    if "/" in command:
        return str(folder / command)
    return shutil.which(command) or command


def _environment(plugin: JsonObject, *, cluster: JsonObject) -> dict[str, str]:
    spec: JsonObject = {"interactive": False}
    if plugin.get("provideClusterInfo") is True:
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
        spec["cluster"] = {name: cluster[name] for name in names if name in cluster}
    info = {"apiVersion": read_text(plugin, "apiVersion"), "kind": "ExecCredential", "spec": spec}
    given = {read_text(each, "name"): read_text(each, "value") for each in read_maps(plugin, "env")}
    return {**os.environ, **given, "KUBERNETES_EXEC_INFO": orjson.dumps(info).decode()}


def _name_of(plugin: JsonObject) -> str:
    """The command without its arguments, which may hold credentials."""
    return sanitise_line(read_text(plugin, "command"), max_characters=100) or "(no command)"
