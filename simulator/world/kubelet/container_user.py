"""Whom a container runs as, and whether the pod allows it."""

from simulator.store import JsonObject
from simulator.world.kubelet.environment import ConfigError


def user_of(pod: JsonObject, container: JsonObject, *, image_user: int) -> int:
    """The user id of the process: the container's choice, the pod's, or the image's."""
    chosen = _setting("runAsUser", pod, container)
    return image_user if chosen is None else int(chosen)


def check_user(pod: JsonObject, container: JsonObject, *, image_user: int) -> None:
    """Raise ConfigError when the container would run as root and must not."""
    if not _setting("runAsNonRoot", pod, container) or user_of(pod, container, image_user=image_user):
        return
    metadata = pod["metadata"]
    place = f'(pod: "{metadata["name"]}_{metadata["namespace"]}({metadata["uid"]})", container: {container["name"]})'
    if _setting("runAsUser", pod, container) is not None:
        raise ConfigError(f"container's runAsUser breaks non-root policy {place}")
    raise ConfigError(f"container has runAsNonRoot and image will run as root {place}")


def _setting(name: str, pod: JsonObject, container: JsonObject) -> int | bool | None:
    own = (container.get("securityContext") or {}).get(name)
    chosen: int | bool | None = (pod["spec"].get("securityContext") or {}).get(name) if own is None else own
    return chosen
