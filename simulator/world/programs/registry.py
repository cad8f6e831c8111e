"""Pulling an image: what the registry answers for a reference, worded as containerd words it."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from simulator.world.programs.program import Catalogue, Host, Image, Program

REFERENCE = re.compile(r"^[a-z0-9]+([._/:-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$")
BYTES_PER_SECOND = 90_000_000
DAMAGED = (
    "failed to extract layer sha256:8c3ddba97c2ad73bbb2c57bd0b4dbbcf0ec7ab05f0f6ebf8f4c8d3d4f8d1a9be to overlayfs as "
    '"extract-402113-kq0q": archive/tar: invalid tar header: unknown'
)


@dataclass(frozen=True, slots=True)
class Found:
    """An image that exists, under its full name."""

    name: str
    tag: str
    size_bytes: int
    program: Program
    architectures: tuple[str, ...] = ("amd64", "arm64")
    user: int = 0

    @property
    def pull_seconds(self) -> float:
        return 0.4 + self.size_bytes / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the pull fails."""

    message: str


class Registry:
    """Every repository the nodes can reach."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._programs = {program.name: program for program in catalogue.programs}
        self._images = {image.repository: image for image in catalogue.images}
        self._troubles = {host.name: host for host in catalogue.registries}

    def look_up(
        self, reference: str, *, architecture: str = "amd64", credentials: Collection[str] = ()
    ) -> Found | Refused:
        """What a pull gets; `credentials` names the registries that the pod has a login for."""
        full = full_reference(reference)
        repository, tag = _split_tag(full)
        host, _, path = repository.partition("/")
        prefix = f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": '
        trouble = self._troubles.get(host)
        if trouble is not None and trouble.trouble == "damaged":
            return Refused(f'failed to pull and unpack image "{full}": {DAMAGED}')
        if trouble is not None:
            return Refused(prefix + _trouble_text(trouble, path=path, tag=tag))
        image = self._images.get(repository)
        if image is None or (image.needs_login and image.needs_login not in credentials):
            return Refused(prefix + _denial(host, path=path))
        if tag not in image.tags:
            return Refused(f"rpc error: code = NotFound desc = {prefix}{full}: not found")
        if image.is_index and architecture not in image.architectures:
            text = f'failed to pull and unpack image "{full}": no match for platform in manifest: not found'
            return Refused(f"rpc error: code = NotFound desc = {text}")
        return self._found(image, full=full, tag=tag)

    def find_present(self, reference: str) -> Found | None:
        """An image that a node has already: nobody has to be asked for it."""
        full = full_reference(reference)
        repository, tag = _split_tag(full)
        image = self._images.get(repository)
        return self._found(image, full=full, tag=tag) if image is not None and tag in image.tags else None

    def _found(self, image: Image, *, full: str, tag: str) -> Found:
        program = self._programs[image.programs_by_tag.get(tag, image.program)]
        return Found(full, tag, image.size_bytes, program, image.architectures, image.user)


def _denial(host: str, *, path: str) -> str:
    if host == "docker.io":
        return (
            "pull access denied, repository does not exist or may require authorization: "
            "server message: insufficient_scope: authorization failed"
        )
    scope = f"https://{host}/token?scope=repository%3A{path.replace('/', '%2F')}%3Apull&service={host}"
    answer = f"unexpected status from GET request to {scope}: 401 Unauthorized"
    return f"failed to authorize: failed to fetch anonymous token: {answer}"


def _trouble_text(host: Host, *, path: str, tag: str) -> str:
    url = f"https://{host.name}/v2/{path}/manifests/{tag}"
    request = f'failed to do request: Head "{url}": '
    answer = f"unexpected status from HEAD request to {url}: "
    return {
        "unresolved": f"{request}dial tcp: lookup {host.name} on 192.0.2.2:53: no such host",
        "timed-out": f"{request}dial tcp 203.0.113.7:443: i/o timeout",
        "refused": f"{request}dial tcp 203.0.113.7:443: connect: connection refused",
        "untrusted": f"{request}tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "broken": f"{answer}503 Service Unavailable",
        "rate-limited": (
            f"{answer}429 Too Many Requests\ntoomanyrequests: You have reached your pull rate limit. You may increase "
            "the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit"
        ),
    }[host.trouble]


def is_valid_reference(reference: str) -> bool:
    return bool(reference) and "//" not in reference and REFERENCE.match(reference) is not None


def full_reference(reference: str) -> str:
    """The name with registry, library folder and tag, as the container runtime shows it."""
    first, slash, _ = reference.partition("/")
    if not slash:
        full = f"docker.io/library/{reference}"
    elif "." in first or ":" in first or first == "localhost":
        full = reference
    else:
        full = f"docker.io/{reference}"
    last = full.rsplit("/", 1)[-1]
    return full if ":" in last or "@" in last else f"{full}:latest"


def _split_tag(full: str) -> tuple[str, str]:
    path, _, last = full.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{path}/{name}", tag
