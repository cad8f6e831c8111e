"""Images that cannot be had."""

from __future__ import annotations

import re
import shlex

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.objects.access import read_maps, read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.names import find_nearest
from mcp_kit.sanitising import sanitise_line

_PULL_FAILURES = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "ImagePull"}
_PLATFORM = re.compile(r"(?i)no match for platform|no matching manifest for|image operating system .* cannot be used")
_UNREACHABLE = re.compile(
    r"(?i)no such host|i/o timeout|connection refused|connection reset|no route to host|network is unreachable|"
    r"tls handshake timeout|client\.timeout exceeded|request canceled|deadline exceeded|unexpected eof|x509:|"
    r"certificate|server gave http response to https client|toomanyrequests|too many requests|rate limit|"
    r"\b(?:429|50[0234])\b|service unavailable|bad gateway|server misbehaving|temporary failure"
)
_RATE_LIMIT = re.compile(r"(?i)toomanyrequests|too many requests|rate limit|\b429\b")
_DENIED = re.compile(
    r"(?i)pull access denied|unauthori[sz]ed|authorization failed|authentication required|no basic auth credentials|"
    r"authorization token has expired|\b40[13]\b|forbidden|denied|insufficient_scope"
)
_NOT_FOUND = re.compile(
    r"(?i)not found|notfound|manifest[_ ]unknown|no such image|does not exist|name[_ ]unknown|unknown manifest|\b404\b"
)
_TELLING = (_PLATFORM, _UNREACHABLE, _DENIED, _NOT_FOUND)
_UNREADABLE_SECRETS = re.compile(r"image pull secrets \(([^)]+)\)")
_HOST = re.compile(r"lookup ([\w.-]+)|https?://([\w.-]+)")
_MAX_MESSAGE = 400


def find_image_invalid_name(case: ContainerCase) -> Problem | None:
    """The image reference cannot be parsed, so nothing was asked of any registry."""
    if case.facts.waiting_reason != "InvalidImageName":
        return None
    image, message = _image(case), _message(case)
    reason = message.rpartition("invalid reference format")[2].strip(": ") if "invalid reference" in message else ""
    return Problem(
        condition="image-invalid-name",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The image reference {image} is not valid" + (f": {reason}." if reason else "."),
            f"镜像名 {image} 无效" + (f"：{reason}。" if reason else "。"),
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            f"Write the image of container {case.name} in {case.workload} as registry/repository:tag, repository in "
            "lower "
            f"case{f' ({image.lower()})' if image != image.lower() else ''}.",
            f"在 {case.workload} 中把容器 {case.name} 的镜像写成 仓库地址/名称:标签，名称用小写"
            f"{f'（{image.lower()}）' if image != image.lower() else ''}。",
        ),
        confidence=0.98,
    )


def find_image_never_pull(case: ContainerCase) -> Problem | None:
    """The image is not on the node, and the pull policy forbids to fetch it."""
    if case.facts.waiting_reason != "ErrImageNeverPull":
        return None
    image = _image(case)
    return Problem(
        condition="image-never-pull",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Image {image} is not on node {case.pod.node}, and imagePullPolicy Never forbids to pull it.",
            f"节点 {case.pod.node} 上没有镜像 {image}，而 imagePullPolicy 为 Never，不允许拉取。",
        ),
        evidence=(*_evidence(case, _message(case)), f"{case.name}: imagePullPolicy=Never"),
        next_step=Words(
            f"Set imagePullPolicy IfNotPresent in {case.workload} with an image that can be pulled, or load the image "
            "onto every node.",
            f"在 {case.workload} 中把 imagePullPolicy 改为 IfNotPresent 并使用可拉取的镜像，或把镜像导入每个节点。",
        ),
        confidence=0.98,
    )


def find_image_platform(case: ContainerCase) -> Problem | None:
    """The registry has the tag, but not for the processor of the node."""
    message = _pull_message(case)
    if not _PLATFORM.search(message):
        return None
    image, node = _image(case), case.index.find("Node", "", case.pod.node)
    processor = read_text(node, "status", "nodeInfo", "architecture") or "?"
    return Problem(
        condition="image-wrong-architecture",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Image {image} is not built for the processor of node {case.pod.node} ({processor}).",
            f"镜像 {image} 没有节点 {case.pod.node} 所用架构（{processor}）的版本。",
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            "Build the image for this architecture too (docker buildx --platform), or bind the pod to nodes that fit.",
            "为该架构也构建镜像（docker buildx --platform），或把 Pod 调度到合适的节点。",
        ),
        confidence=0.95,
    )


def find_image_registry_unreachable(case: ContainerCase) -> Problem | None:
    """The registry did not answer, or not with an image: name, network, certificate, rate limit."""
    message = _pull_message(case)
    if not _UNREACHABLE.search(message):
        return None
    image, named = _image(case), _HOST.search(message)
    registry = next((group for group in named.groups() if group), "") if named else registry_of(image)
    limited = bool(_RATE_LIMIT.search(message))
    why = (
        Words("limits how often images are pulled (429)", "限制了拉取频率（429）")
        if limited
        else Words("cannot be reached", "无法访问")
    )
    return Problem(
        condition="image-registry-unreachable",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The registry {registry} {why.en}, so image {image} cannot be pulled: {_short(message)}",
            f"镜像仓库 {registry} {why.zh}，因此无法拉取镜像 {image}：{_short(message)}",
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            "Log in to the registry (imagePullSecret) or pull through a mirror."
            if limited
            else f"Check the registry's name in {image}, and DNS, network and certificates on node {case.pod.node}.",
            "为仓库配置登录（imagePullSecret）或使用镜像代理。"
            if limited
            else f"核对 {image} 中的仓库地址，以及节点 {case.pod.node} 上的 DNS、网络和证书。",
        ),
        confidence=0.92,
    )


def find_image_pull_secret_missing(case: ContainerCase) -> Problem | None:
    """The registry refused, and the login that the pod names for it does not exist."""
    message = _pull_message(case)
    if not message or (not _DENIED.search(message) and _NOT_FOUND.search(message)):
        return None
    events = case.events_of("FailedToRetrieveImagePullSecret")
    missing = _missing_secrets(case, events[-1].message if events else "")
    if not missing:
        return None
    image, namespace = _image(case), case.pod.namespace
    near = find_nearest(missing[0], among=_existing(case, missing), limit=3)
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    return Problem(
        condition="image-pull-secret-missing",
        object=f"Secret/{namespace}/{missing[0]}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The registry denied pulling {image}: the imagePullSecret {missing[0]} that the pod names does not exist "
            "in "
            f"namespace {namespace}{hint_en}.",
            f"镜像仓库拒绝拉取 {image}：Pod 引用的 imagePullSecret {missing[0]} 在命名空间 {namespace} "
            f"中不存在{hint_zh}。",
        ),
        evidence=(*_evidence(case, message), *(event.quote() for event in events[-1:])),
        next_step=Words(
            f"Create the docker-registry Secret {missing[0]} in namespace {namespace} with the login of "
            f"{registry_of(image)}, or correct imagePullSecrets.",
            f"在命名空间 {namespace} 中创建含 {registry_of(image)} 登录信息的 docker-registry Secret {missing[0]}，"
            "或改正 imagePullSecrets。",
        ),
        confidence=0.95,
    )


def find_image_pull_denied(case: ContainerCase) -> Problem | None:
    """The registry refused: a login is missing, or the repository does not exist; registries do not tell which."""
    message = _pull_message(case)
    if not message or not _DENIED.search(message):
        return None
    image = _image(case)
    logins = [read_text(each, "name") for each in read_maps(case.pod.pod, "spec", "imagePullSecrets")]
    shown = f"pod imagePullSecrets: {', '.join(logins) or '(none)'}"
    return Problem(
        condition="image-pull-denied",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The registry denied pulling {image}: the repository does not exist, or it is private "
            f"and the login is {'wrong' if logins else 'missing'}.",
            f"镜像仓库拒绝拉取 {image}：该仓库不存在，或是私有仓库而{'登录凭据不对' if logins else '缺少登录凭据'}。",
        ),
        evidence=(*_evidence(case, message), shown),
        next_step=Words(
            f"Check the spelling of {image}; if it is private, give the pod an imagePullSecret with the right login.",
            f"核对镜像名 {image}；若是私有镜像，为 Pod 配置登录信息正确的 imagePullSecret。",
        ),
        confidence=0.88,
    )


def find_image_not_found(case: ContainerCase) -> Problem | None:
    """The registry answered: there is no such tag or repository."""
    message = _pull_message(case)
    if not message or not _NOT_FOUND.search(message):
        return None
    image = _image(case)
    repository, tag = split_image(image)
    return Problem(
        condition="image-not-found",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The image {image} does not exist: the registry has no tag {tag} in {repository}.",
            f"镜像 {image} 不存在：仓库 {repository} 中没有标签 {tag}。",
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            f"Set an existing tag of {repository} in {case.workload} (container {case.name}), "
            "or roll back to the version before.",
            f"在 {case.workload}（容器 {case.name}）中改用 {repository} 已有的标签，或回滚到上一版本。",
        ),
        confidence=0.97,
    )


def find_image_pull_failing(case: ContainerCase) -> Problem | None:
    """The pull fails for a reason that no other rule knows."""
    message = _pull_message(case)
    if not message:
        return None
    return Problem(
        condition="image-pull-failing",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Image {_image(case)} cannot be pulled: {_short(message)}",
            f"无法拉取镜像 {_image(case)}：{_short(message)}",
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            f"Try the pull on node {case.pod.node}: {shlex.join(['crictl', 'pull', _image(case)])}.",
            f"在节点 {case.pod.node} 上尝试拉取：{shlex.join(['crictl', 'pull', _image(case)])}。",
        ),
        confidence=0.7,
    )


def split_image(image: str) -> tuple[str, str]:
    """Repository and tag (or digest); a port of the registry is not mistaken for a tag."""
    name, at, digest = image.partition("@")
    if at:
        return name, digest
    repository, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return repository, tag
    return name, "latest"


def registry_of(image: str) -> str:
    """The host an image comes from; Docker Hub when it names none."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def _pull_message(case: ContainerCase) -> str:
    if case.facts.waiting_reason not in _PULL_FAILURES:
        return ""
    own = read_text(case.facts.waiting, "message")
    if any(pattern.search(own) for pattern in _TELLING):
        return own
    # Older kubelets keep the registry's answer in the events only.
    from_events = [event.message for event in case.events_of("Failed") if event.message.startswith("Failed to pull")]
    return " ".join([own, *from_events[-1:]]).strip() or case.facts.waiting_reason


def _missing_secrets(case: ContainerCase, event_message: str) -> list[str]:
    named = [read_text(each, "name") for each in read_maps(case.pod.pod, "spec", "imagePullSecrets")]
    gone = [name for name in named if case.index.is_missing("Secret", case.pod.namespace, name)]
    reported = _UNREADABLE_SECRETS.search(event_message)
    if reported:
        return [name.strip() for name in reported.group(1).split(",")]
    return gone or (named if event_message else [])


def _existing(case: ContainerCase, missing: list[str]) -> list[str]:
    return [name for name in case.index.names("Secret", case.pod.namespace) if name not in missing]


def _image(case: ContainerCase) -> str:
    return read_text(case.facts.spec, "image")


def _message(case: ContainerCase) -> str:
    return read_text(case.facts.waiting, "message")


def _short(message: str) -> str:
    """The last part of a wrapped error is its root."""
    return sanitise_line(message.rpartition('": ')[2] or message, max_characters=200)


def _evidence(case: ContainerCase, message: str) -> tuple[str, ...]:
    return (
        f"{case.name}: state.waiting reason={case.facts.waiting_reason}",
        f"{case.name}: image={_image(case)}",
        sanitise_line(message, max_characters=_MAX_MESSAGE),
    )
