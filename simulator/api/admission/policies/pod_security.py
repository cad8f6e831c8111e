"""Pod Security Standards, enforced by labels of the namespace."""

from collections.abc import Callable, Iterator

from simulator.api.admission.policies.refusals import forbidden
from simulator.api_resources import NAMESPACES, PODS
from simulator.store import JsonObject, ObjectStore

_LABEL = "pod-security.kubernetes.io/enforce"
_BASELINE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_RESTRICTED_VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
Check = Callable[[JsonObject], Iterator[str]]


def check_pod_security(store: ObjectStore, pod: JsonObject) -> None:
    """Raise 403 with everything that the level of the pod's namespace does not allow."""
    namespace = store.find(NAMESPACES, name=pod["metadata"]["namespace"])
    labels = (namespace or {"metadata": {}})["metadata"].get("labels") or {}
    level, version = labels.get(_LABEL, "privileged"), labels.get(f"{_LABEL}-version", "latest")
    found = [text for check in _LEVELS.get(level, ()) for text in check(pod["spec"])]
    if found:
        raise forbidden(PODS, pod, f'violates PodSecurity "{level}:{version}": {", ".join(found)}')


def _host_namespaces(spec: JsonObject) -> Iterator[str]:
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if used:
        yield f"host namespaces ({', '.join(used)})"


def _privileged(spec: JsonObject) -> Iterator[str]:
    names = _names(spec, lambda security: bool(security.get("privileged")))
    if names:
        yield f"privileged ({_containers(names)} must not set securityContext.privileged=true)"


def _baseline_capabilities(spec: JsonObject) -> Iterator[str]:
    added = {capability for security in _securities(spec) for capability in _capabilities(security, "add")}
    extra = sorted(added - _BASELINE_CAPABILITIES)
    if extra:
        names = _names(spec, lambda security: bool(_capabilities(security, "add") - _BASELINE_CAPABILITIES))
        shown = ", ".join(f'"{name}"' for name in extra)
        where = "securityContext.capabilities.add"
        yield f"non-default capabilities ({_containers(names)} must not include {shown} in {where})"


def _host_paths(spec: JsonObject) -> Iterator[str]:
    names = [f'"{volume["name"]}"' for volume in spec.get("volumes") or () if "hostPath" in volume]
    if names:
        yield f"hostPath volumes ({'volume' if len(names) == 1 else 'volumes'} {', '.join(names)})"


def _host_ports(spec: JsonObject) -> Iterator[str]:
    for container in spec["containers"]:
        ports = [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")]
        if ports:
            word = "hostPort" if len(ports) == 1 else "hostPorts"
            yield f'hostPort (container "{container["name"]}" uses {word} {", ".join(ports)})'


def _privilege_escalation(spec: JsonObject) -> Iterator[str]:
    names = _names(spec, lambda security: security.get("allowPrivilegeEscalation") is not False)
    if names:
        text = "must set securityContext.allowPrivilegeEscalation=false"
        yield f"allowPrivilegeEscalation != false ({_containers(names)} {text})"


def _restricted_capabilities(spec: JsonObject) -> Iterator[str]:
    keeping = _names(spec, lambda security: "ALL" not in _capabilities(security, "drop"))
    adding = _names(spec, lambda security: bool(_capabilities(security, "add") - {"NET_BIND_SERVICE"}))
    texts = []
    if keeping:
        texts.append(f'{_containers(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        texts.append(f"{_containers(adding)} must not include other capabilities in securityContext.capabilities.add")
    if texts:
        yield f"unrestricted capabilities ({'; '.join(texts)})"


def _restricted_volumes(spec: JsonObject) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        kinds = [field for field in volume if field not in {"name", *_RESTRICTED_VOLUMES}]
        if kinds:
            name = volume["name"]
            yield f'restricted volume types (volume "{name}" uses restricted volume type "{kinds[0]}")'


def _non_root(spec: JsonObject) -> Iterator[str]:
    default = (spec.get("securityContext") or {}).get("runAsNonRoot")
    names = _names(spec, lambda security: security.get("runAsNonRoot", default) is not True)
    if names:
        text = "must set securityContext.runAsNonRoot=true"
        yield f"runAsNonRoot != true (pod or {_containers(names)} {text})"


def _root_user(spec: JsonObject) -> Iterator[str]:
    if (spec.get("securityContext") or {}).get("runAsUser") == 0:
        yield "runAsUser=0 (pod must not set runAsUser=0)"
    names = _names(spec, lambda security: security.get("runAsUser") == 0)
    if names:
        yield f"runAsUser=0 ({_containers(names)} must not set runAsUser=0)"


def _seccomp(spec: JsonObject) -> Iterator[str]:
    default = ((spec.get("securityContext") or {}).get("seccompProfile") or {}).get("type")
    names = _names(
        spec,
        lambda security: (
            (security.get("seccompProfile") or {}).get("type", default) not in {"RuntimeDefault", "Localhost"}
        ),
    )
    if names:
        text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {_containers(names)} {text})"


_BASELINE: tuple[Check, ...] = (_baseline_capabilities, _host_namespaces, _host_paths, _host_ports, _privileged)
_LEVELS: dict[str, tuple[Check, ...]] = {
    "baseline": _BASELINE,
    "restricted": (
        _host_namespaces,
        _host_ports,
        _privileged,
        _privilege_escalation,
        _restricted_capabilities,
        _restricted_volumes,
        _non_root,
        _root_user,
        _seccomp,
    ),
}


def _all_containers(spec: JsonObject) -> list[JsonObject]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _securities(spec: JsonObject) -> list[JsonObject]:
    return [container.get("securityContext") or {} for container in _all_containers(spec)]


def _names(spec: JsonObject, is_wrong: Callable[[JsonObject], bool]) -> list[str]:
    return [item["name"] for item in _all_containers(spec) if is_wrong(item.get("securityContext") or {})]


def _capabilities(security: JsonObject, field: str) -> set[str]:
    return set((security.get("capabilities") or {}).get(field) or ())


def _containers(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names)
    return f"{'container' if len(names) == 1 else 'containers'} {shown}"
