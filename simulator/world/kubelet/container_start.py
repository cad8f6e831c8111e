"""What a container's process finds when it starts: variables, files, ports, limits, and who answers it."""

from collections.abc import Callable, Mapping
from functools import partial

from simulator.api_resources import CONFIGMAPS, PERSISTENTVOLUMECLAIMS, SECRETS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.container_user import user_of
from simulator.world.kubelet.environment import config_data
from simulator.world.kubelet.executables import RUN_PREFIX
from simulator.world.programs.program import ApiCall
from simulator.world.programs.registry import Found
from simulator.world.programs.run_plan import Surroundings
from simulator.world.rbac import refusal
from simulator.world.shapes import memory_bytes

SMALLEST_MEMORY_BYTES = 6 * 1024 * 1024
TOO_LOW = "container init was OOM-killed (memory limit too low?): unknown"
ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def surroundings_of(
    pod: JsonObject,
    container: JsonObject,
    *,
    image: Found,
    env: Mapping[str, str],
    engine: Engine,
    taken_ports: set[int],
    paths: set[str],
) -> Surroundings:
    """Everything that decides a run, as it is now."""
    limits = (container.get("resources") or {}).get("limits") or {}
    security = container.get("securityContext") or {}
    files = mounted_files(pod, container, engine=engine)
    return Surroundings(
        env=env,
        version=image.tag.removeprefix("v"),
        memory_limit=memory_bytes(limits.get("memory")),
        command=command_of(container),
        taken_ports=taken_ports,
        is_read_only=bool(security.get("readOnlyRootFilesystem")),
        writable_paths=[mount["mountPath"] for mount in _mounts(container) if not mount.get("readOnly")],
        files={path.rpartition("/")[2]: content for path, content in files.items()},
        paths={*paths, *files},
        trouble=partial(engine.network.trouble, caller=pod),
        address_of=partial(engine.network.address_of, namespace=pod["metadata"]["namespace"]),
        refusal=_refusal_of(pod, engine=engine),
        is_denied=partial(_is_denied, pod, container, image),
        room_at=partial(_room_at, pod, container, engine),
    )


def memory_problem(container: JsonObject) -> str | None:
    """What the runtime says of a memory limit in which not even its own helper fits."""
    limit = (container.get("resources") or {}).get("limits", {}).get("memory")
    if limit is None or memory_bytes(limit) >= SMALLEST_MEMORY_BYTES:
        return None
    return f"{RUN_PREFIX}{TOO_LOW}"


def sandbox_memory_problem(pod: JsonObject) -> str | None:
    """Where every container has a limit the pod has one too, which holds for its sandbox first of all."""
    containers = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    limits = [((item.get("resources") or {}).get("limits") or {}).get("memory") for item in containers]
    if None in limits or sum(memory_bytes(limit) for limit in limits) >= SMALLEST_MEMORY_BYTES:
        return None
    return f"rpc error: code = Unknown desc = {RUN_PREFIX}{TOO_LOW}"


def _is_denied(pod: JsonObject, container: JsonObject, image: Found, path: str) -> bool:
    """Whether the process may not write a file: its directory belongs to root, or to the image's user."""
    user = user_of(pod, container, image_user=image.user)
    volume = volume_at(pod, container, path=path)
    if volume is None:
        return user not in {0, image.user}
    is_shared = "fsGroup" in (pod["spec"].get("securityContext") or {})
    return user != 0 and "persistentVolumeClaim" in volume and not is_shared


def _room_at(pod: JsonObject, container: JsonObject, engine: Engine, path: str) -> int | None:
    """Bytes of the claimed volume that a path lies in; None where nothing but the node's disk is the limit."""
    volume = volume_at(pod, container, path=path)
    claim_name = ((volume or {}).get("persistentVolumeClaim") or {}).get("claimName")
    if claim_name is None:
        return None
    claim = engine.state.find(PERSISTENTVOLUMECLAIMS, f"{pod['metadata']['namespace']}/{claim_name}")
    return memory_bytes(((claim or {}).get("status") or {}).get("capacity", {}).get("storage")) or None


def volume_at(pod: JsonObject, container: JsonObject, *, path: str) -> JsonObject | None:
    """The volume that a path lies in; None for the container's own layer."""
    for mount in container.get("volumeMounts") or []:
        if path == mount["mountPath"] or path.startswith(mount["mountPath"].rstrip("/") + "/"):
            volumes = pod["spec"].get("volumes") or []
            found: JsonObject | None = next((item for item in volumes if item["name"] == mount["name"]), None)
            return found
    return None


def command_of(container: JsonObject) -> list[str]:
    return [*(container.get("command") or []), *(container.get("args") or [])]


def mounted_files(pod: JsonObject, container: JsonObject, *, engine: Engine) -> dict[str, str]:
    """Content of the ConfigMaps and Secrets that are mounted, by path."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    namespace = pod["metadata"]["namespace"]
    found: dict[str, str] = {}
    for mount in _mounts(container):
        volume = volumes.get(mount["name"]) or {}
        for resource, field, name in ((CONFIGMAPS, "configMap", "name"), (SECRETS, "secret", "secretName")):
            if field in volume:
                item = engine.state.store.find(resource, namespace=namespace, name=volume[field][name])
                for key, value in _chosen(config_data(resource, item), volume[field]).items():
                    path = mount["mountPath"] if mount.get("subPath") == key else f"{mount['mountPath']}/{key}"
                    found[path] = value
    return found


def _chosen(data: dict[str, str], source: JsonObject) -> dict[str, str]:
    """All keys, or those that `items` picks, under the names it gives them."""
    items = source.get("items")
    if items is None:
        return data
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}


def _mounts(container: JsonObject) -> list[JsonObject]:
    return [mount for mount in container.get("volumeMounts") or [] if mount["mountPath"] != ACCOUNT_MOUNT]


def _refusal_of(pod: JsonObject, *, engine: Engine) -> Callable[[ApiCall], str | None]:
    namespace, account = pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")
    return lambda call: refusal(
        engine.state.store,
        namespace=namespace,
        account=account,
        verb=call.verb,
        group=call.group,
        resource=call.resource,
        is_clusterwide=call.is_clusterwide,
    )
