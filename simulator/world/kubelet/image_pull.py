"""Getting an image onto the node: policy, registry answer and the back-off between attempts."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from simulator.api_resources import SECRETS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.status import waiting
from simulator.world.programs.registry import Found, Refused, full_reference, is_valid_reference

FIRST_BACK_OFF_SECONDS = 10.0
LONGEST_BACK_OFF_SECONDS = 300.0


class Says:
    """How a container worker reports; the kubelet's event source and the container are bound in."""

    def __init__(self, record: Callable[..., None]) -> None:
        self._record = record

    def normal(self, reason: str, message: str) -> None:
        self._record(reason=reason, message=message, warning=False)

    def warning(self, reason: str, message: str) -> None:
        self._record(reason=reason, message=message, warning=True)


@dataclass(slots=True)
class BackOff:
    """Delay that doubles with every failure up to five minutes."""

    seconds: float = 0.0

    def grow(self) -> float:
        self.seconds = min(LONGEST_BACK_OFF_SECONDS, self.seconds * 2 or FIRST_BACK_OFF_SECONDS)
        return self.seconds

    def reset(self) -> None:
        self.seconds = 0.0


class ImagePull:
    """One attempt after another until the image is there; `later` dies with the container it works for."""

    def __init__(
        self,
        *,
        engine: Engine,
        images: set[str],
        says: Says,
        later: Callable[[float, Callable[[], None]], None],
        show: Callable[[JsonObject], None],
        tell_pod: Callable[[str], None],
        architecture: str,
    ) -> None:
        self._engine = engine
        self._images = images
        self._says = says
        self._later = later
        self._show = show
        self._tell_pod = tell_pod
        self._architecture = architecture
        self._pod: JsonObject = {}
        self._back_off = BackOff()

    def ensure(self, container: JsonObject, *, pod: JsonObject, then: Callable[[Found], None]) -> None:
        """Call `then` when the image is on the node, at once if it is there already."""
        self._pod = pod
        reference = container["image"]
        policy = container.get("imagePullPolicy", "IfNotPresent")
        if not is_valid_reference(reference):
            self._refuse_name(container, then=then)
            return
        present = self._engine.registry.find_present(reference) if full_reference(reference) in self._images else None
        credentials = self._read_credentials()
        if present is not None and policy != "Always":
            self._says.normal("Pulled", f'Container image "{reference}" already present on machine')
            then(present)
        elif policy == "Never":
            self._refuse_never(container, then=then)
        else:
            registry = self._engine.registry
            answer = registry.look_up(reference, architecture=self._architecture, credentials=credentials)
            self._pull(container, answer, then=then)

    def _read_credentials(self) -> set[str]:
        """Registries that the pod's pull secrets hold a login for; secrets that are not there are told of."""
        namespace = self._pod["metadata"]["namespace"]
        names = [entry["name"] for entry in self._pod["spec"].get("imagePullSecrets") or []]
        store = self._engine.state.store
        secrets = {name: store.find(SECRETS, namespace=namespace, name=name) for name in names}
        missing = [name for name, secret in secrets.items() if secret is None]
        if missing:
            text = "attempting to pull the image may not succeed."
            self._tell_pod(f"Unable to retrieve some image pull secrets ({', '.join(missing)}); {text}")
        return {host for secret in secrets.values() for host in logins_in(secret)}

    def _pull(self, container: JsonObject, answer: Found | Refused, *, then: Callable[[Found], None]) -> None:
        reference = container["image"]
        self._says.normal("Pulling", f'Pulling image "{reference}"')
        if isinstance(answer, Refused):
            refused = answer
            seconds = self._engine.identities.between(0.3, 0.9)
            self._later(seconds, lambda: self._fail(container, refused, then=then))
            return
        found = answer
        is_present = found.name in self._images
        factor = self._engine.identities.between(0.8, 1.2)
        seconds = 0.35 * factor if is_present else found.pull_seconds * factor
        self._later(seconds, lambda: self._finish(reference, found, seconds=seconds, then=then))

    def _finish(self, reference: str, found: Found, *, seconds: float, then: Callable[[Found], None]) -> None:
        took = f"{round(seconds * 1000)}ms" if seconds < 1 else f"{seconds:.3f}s"
        self._images.add(found.name)
        self._back_off.reset()
        size = f"Image size: {found.size_bytes} bytes."
        self._says.normal(
            "Pulled", f'Successfully pulled image "{reference}" in {took} ({took} including waiting). {size}'
        )
        then(found)

    def _fail(self, container: JsonObject, refused: Refused, *, then: Callable[[Found], None]) -> None:
        reference = container["image"]
        self._says.warning("Failed", f'Failed to pull image "{reference}": {refused.message}')
        self._says.warning("Failed", "Error: ErrImagePull")
        self._show(waiting("ErrImagePull", refused.message))
        pause = self._back_off.grow()
        until = self._engine.now + pause
        self._later(1.0, lambda: self._wait(container, refused, until=until, then=then))

    def _wait(self, container: JsonObject, refused: Refused, *, until: float, then: Callable[[Found], None]) -> None:
        """Report the back-off at every sync of the pod until it is over."""
        if self._engine.now >= until:
            self.ensure(container, pod=self._pod, then=then)
            return
        self._read_credentials()
        reference = container["image"]
        self._says.normal("BackOff", f'Back-off pulling image "{reference}"')
        self._says.warning("Failed", "Error: ImagePullBackOff")
        self._show(
            waiting("ImagePullBackOff", f'Back-off pulling image "{reference}": ErrImagePull: {refused.message}')
        )
        pause = min(self._engine.identities.between(11.0, 15.0), max(until - self._engine.now, 0.5))
        self._later(pause, lambda: self._wait(container, refused, until=until, then=then))

    def _refuse_name(self, container: JsonObject, *, then: Callable[[Found], None]) -> None:
        reference = container["image"]
        why = "invalid reference format"
        repository = reference.partition(":")[0]
        if repository != repository.lower():
            why += f": repository name ({repository.partition('/')[2] or repository}) must be lowercase"
        message = f'Failed to apply default image tag "{reference}": couldn\'t parse image name "{reference}": {why}'
        self._says.warning("InspectFailed", message)
        self._says.warning("Failed", "Error: InvalidImageName")
        self._show(waiting("InvalidImageName", message))
        self._try_again(container, then=then)

    def _refuse_never(self, container: JsonObject, *, then: Callable[[Found], None]) -> None:
        message = f'Container image "{container["image"]}" is not present with pull policy of Never'
        self._says.warning("ErrImageNeverPull", message)
        self._says.warning("Failed", "Error: ErrImageNeverPull")
        self._show(waiting("ErrImageNeverPull", message))
        self._try_again(container, then=then)

    def _try_again(self, container: JsonObject, *, then: Callable[[Found], None]) -> None:
        self._later(
            self._engine.identities.between(11.0, 15.0), lambda: self.ensure(container, pod=self._pod, then=then)
        )


def logins_in(secret: JsonObject | None) -> set[str]:
    """The registries of a docker configuration; none for a secret of another kind or one that cannot be read."""
    encoded = ((secret or {}).get("data") or {}).get(".dockerconfigjson", "")
    try:
        auths = json.loads(base64.b64decode(encoded)).get("auths") or {}
    except (ValueError, AttributeError):
        return set()
    return {host.removeprefix("https://").partition("/")[0] for host in auths}
