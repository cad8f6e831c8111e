"""Rights over a node or the cluster that a change adds: shown to the person who decides, whoever asked for it."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_map, read_maps, read_text, read_texts
from k8s_diagnosis.problem import Words
from mcp_kit.sanitising import sanitise_line

_HOST_NAMESPACES = {
    "hostNetwork": Words(en="the node's network", zh="节点网络"),
    "hostPID": Words(en="the node's processes", zh="节点进程"),
    "hostIPC": Words(en="the node's IPC", zh="节点 IPC"),
}
_STRONG_CAPABILITIES = {
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "NET_RAW",
    "PERFMON",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
}
_POD_SECURITY = "pod-security.kubernetes.io/"
_DOCKER_HUB = "docker.io"


def find_added_privileges(before: JsonObject | None, after: JsonObject) -> list[Words]:
    """What the changed object may do that the one before could not."""
    known = {words.en for words in _privileges(before or {})}
    return [words for words in _privileges(after) if words.en not in known]


def find_moved_images(before: JsonObject | None, after: JsonObject) -> list[Words]:
    """Containers whose image comes from another registry than before."""
    old = {read_text(each, "name"): read_text(each, "image") for each in _containers(before or {})}
    moved = []
    for container in _containers(after):
        name, image = read_text(container, "name"), read_text(container, "image")
        was, becomes = registry_of(old.get(name, "")), registry_of(image)
        if name in old and was != becomes:
            shown = sanitise_line(image, max_characters=120)
            moved.append(
                Words(
                    en=f"Container {name} takes its image from another registry: {becomes} instead of {was} ({shown}).",
                    zh=f"容器 {name} 的镜像来自另一个仓库：{becomes}，原为 {was}（{shown}）。",
                )
            )
    return moved


def registry_of(image: str) -> str:
    """The host an image is pulled from; Docker Hub when it names none."""
    first, slash, _ = image.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first if is_host else _DOCKER_HUB


def pod_spec_of(source: JsonObject) -> JsonObject:
    """The pod spec inside any kind that has one; empty for others."""
    kind = read_text(source, "kind")
    if kind == "Pod":
        return read_map(source, "spec")
    if kind == "CronJob":
        return read_map(source, "spec", "jobTemplate", "spec", "template", "spec")
    return read_map(source, "spec", "template", "spec")


def _containers(source: JsonObject) -> list[JsonObject]:
    spec = pod_spec_of(source)
    return [*read_maps(spec, "initContainers"), *read_maps(spec, "containers")]


def _privileges(source: JsonObject) -> Iterator[Words]:
    spec = pod_spec_of(source)
    for field, what in _HOST_NAMESPACES.items():
        if read_flag(spec, field):
            yield Words(en=f"Shares {what.en} ({field}).", zh=f"共用{what.zh}（{field}）。")
    for volume in read_maps(spec, "volumes"):
        path = sanitise_line(read_text(volume, "hostPath", "path"), max_characters=100)
        if path:
            yield Words(en=f"Mounts the folder {path} of the node (hostPath).", zh=f"挂载节点目录 {path}（hostPath）。")
    for container in _containers(source):
        yield from _container_privileges(container)
    account = sanitise_line(read_text(spec, "serviceAccountName"), max_characters=100)
    if account not in {"", "default"}:
        yield Words(en=f"Runs as ServiceAccount {account}.", zh=f"以 ServiceAccount {account} 运行。")
    yield from _grants(source)
    yield from _exposures(source)


def _container_privileges(container: JsonObject) -> Iterator[Words]:
    name, context = read_text(container, "name"), read_map(container, "securityContext")
    if read_flag(context, "privileged"):
        yield Words(
            en=f"Container {name} runs privileged: it can do anything on its node.",
            zh=f"容器 {name} 以特权模式运行：可在节点上做任何事。",
        )
    added = {each.removeprefix("CAP_") for each in read_texts(context, "capabilities", "add")}
    strong = ", ".join(sorted(added & _STRONG_CAPABILITIES))
    if strong:
        yield Words(en=f"Container {name} gets capabilities {strong}.", zh=f"容器 {name} 获得能力 {strong}。")
    if context.get("runAsUser") == 0:
        yield Words(en=f"Container {name} runs as root.", zh=f"容器 {name} 以 root 运行。")


def _grants(source: JsonObject) -> Iterator[Words]:
    kind = read_text(source, "kind")
    if kind in {"ClusterRoleBinding", "RoleBinding"}:
        role = f"{read_text(source, 'roleRef', 'kind')} {read_text(source, 'roleRef', 'name')}"
        subjects = [f"{read_text(each, 'kind')} {read_text(each, 'name')}" for each in read_maps(source, "subjects")]
        shown = sanitise_line(", ".join(subjects), max_characters=200)
        yield Words(en=f"Gives {role} to {shown}.", zh=f"把 {role} 授予 {shown}。")
    if kind in {"ClusterRole", "Role"} and any("*" in read_texts(rule, "verbs") for rule in read_maps(source, "rules")):
        yield Words(en="Holds a rule with every verb (*).", zh="包含允许所有动作（*）的规则。")
    if kind == "Namespace":
        for label, value in sorted(read_map(source, "metadata", "labels").items()):
            if label.startswith(_POD_SECURITY):
                yield Words(en=f"Sets Pod Security: {label}={value}.", zh=f"设置 Pod 安全级别：{label}={value}。")


def _exposures(source: JsonObject) -> Iterator[Words]:
    if read_text(source, "kind") != "Service":
        return
    exposed = read_text(source, "spec", "type")
    if exposed in {"LoadBalancer", "NodePort"}:
        yield Words(
            en=f"Reachable from outside the cluster (Service of type {exposed}).",
            zh=f"可从集群外访问（{exposed} 类型的 Service）。",
        )
    if read_texts(source, "spec", "externalIPs"):
        yield Words(en="Takes traffic for externalIPs.", zh="接管 externalIPs 的流量。")
