"""What keeps the kubelet from mounting a pod's volumes, worded as it reports it."""

from collections.abc import Callable, Iterator

from simulator.api_resources import CONFIGMAPS, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, SECRETS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.environment import config_data
from simulator.world.storage.backends import find_backend

HOST_DIRECTORIES = ("/", "/dev", "/etc", "/lib", "/proc", "/run", "/sys", "/tmp", "/usr", "/var")  # noqa: S108
"""What every node's host has, with everything below."""

REACHABLE_FILE_SERVERS = frozenset({"nfs-1.storage.example.com"})


def mount_problem(pod: JsonObject, *, engine: Engine) -> str | None:
    """The FailedMount message for the first volume that cannot be mounted; None when all can."""
    for volume in pod["spec"].get("volumes") or []:
        for check in _CHECKS:
            for problem in check(volume, pod, engine):
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {problem}'
        if (driver_problem := _driver_problem(volume, pod, engine)) is not None:
            return driver_problem
    return None


def wait_problem(pod: JsonObject, names: list[str]) -> str:
    """What the kubelet says every two minutes while volumes are not there."""
    del pod
    missing = " ".join(names)
    return (
        f"Unable to attach or mount volumes: unmounted volumes=[{missing}], unattached volumes=[], "
        "failed to process volumes=[]: context deadline exceeded"
    )


def _data_problem(volume: JsonObject, pod: JsonObject, engine: Engine) -> Iterator[str]:
    namespace = pod["metadata"]["namespace"]
    for kind, source, name in _sources(volume):
        resource = CONFIGMAPS if kind == "configmap" else SECRETS
        item = engine.state.store.find(resource, namespace=namespace, name=name)
        if item is None:
            yield f'{kind} "{name}" not found'
            return
        data = config_data(resource, item)
        missing = [entry["key"] for entry in source.get("items") or [] if entry["key"] not in data]
        if missing:
            word = "config" if kind == "configmap" else "secret"
            yield f"references non-existent {word} key: {missing[0]}"


def _sources(volume: JsonObject) -> Iterator[tuple[str, JsonObject, str]]:
    if "configMap" in volume and not volume["configMap"].get("optional"):
        yield "configmap", volume["configMap"], volume["configMap"]["name"]
    if "secret" in volume and not volume["secret"].get("optional"):
        yield "secret", volume["secret"], volume["secret"]["secretName"]
    for source in (volume.get("projected") or {}).get("sources") or []:
        if "configMap" in source:
            yield from _sources({"configMap": source["configMap"]})


def _host_path_problem(volume: JsonObject, _pod: JsonObject, _engine: Engine) -> Iterator[str]:
    source = volume.get("hostPath")
    if source is None or source.get("type") not in {"Directory", "File", "Socket"}:
        return
    path = source["path"]
    if not any(path == known or path.startswith(f"{known.rstrip('/')}/") for known in HOST_DIRECTORIES[1:]):
        word = {"Directory": "a directory", "File": "a file", "Socket": "a socket file"}[source["type"]]
        yield f"hostPath type check failed: {path} is not {word}"


def _file_server_problem(volume: JsonObject, pod: JsonObject, _engine: Engine) -> Iterator[str]:
    source = volume.get("nfs")
    if source is None or source["server"] in REACHABLE_FILE_SERVERS:
        return
    target = f"/var/lib/kubelet/pods/{pod['metadata']['uid']}/volumes/kubernetes.io~nfs/{volume['name']}"
    share = f"{source['server']}:{source['path']}"
    yield (
        f"mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t nfs {share} {target}\n"
        f"Output: mount.nfs: Connection timed out for {share} on {target}\n"
    )


def _driver_problem(volume: JsonObject, pod: JsonObject, engine: Engine) -> str | None:
    """A bound volume whose driver does not run on the node."""
    claim_name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
    if claim_name is None:
        return None
    claim = engine.state.find(PERSISTENTVOLUMECLAIMS, f"{pod['metadata']['namespace']}/{claim_name}")
    name = (claim or {"spec": {}})["spec"].get("volumeName")
    found = engine.state.store.find(PERSISTENTVOLUMES, name=name) if name else None
    driver = ((found or {"spec": {}})["spec"].get("csi") or {}).get("driver")
    if driver is None or find_backend(driver) is not None:
        return None
    return (
        f'MountVolume.MountDevice failed for volume "{name}" : kubernetes.io/csi: attacher.MountDevice failed to '
        f"create newCsiDriverClient: driver name {driver} not found in the list of registered CSI drivers"
    )


Check = Callable[[JsonObject, JsonObject, Engine], Iterator[str]]
_CHECKS: tuple[Check, ...] = (_data_problem, _host_path_problem, _file_server_problem)
