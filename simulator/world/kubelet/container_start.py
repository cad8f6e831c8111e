"""What a container's process finds when it starts: variables, files, ports, limits, and who answers it."""

from collections.abc import Callable, Mapping
from functools import partial

from simulator.api_resources import CONFIGMAPS, SECRETS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.environment import config_data
from simulator.world.programs.program import ApiCall
from simulator.world.programs.registry import Found
from simulator.world.programs.run_plan import Surroundings
from simulator.world.rbac import refusal
from simulator.world.shapes import memory_bytes

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
    )


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
                for key, value in config_data(resource, item).items():
                    path = mount["mountPath"] if mount.get("subPath") == key else f"{mount['mountPath']}/{key}"
                    found[path] = value
    return found


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
