"""Pulling an image: what the registry answers for a reference, worded as containerd words it."""

import re
from dataclasses import dataclass

from simulator.world.programs.program import Catalogue, Program

REFERENCE = re.compile(r"^[a-z0-9]+([._/:-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$")
BYTES_PER_SECOND = 90_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """An image that exists, under its full name."""

    name: str
    tag: str
    size_bytes: int
    program: Program

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
        programs = {program.name: program for program in catalogue.programs}
        self._images = {image.repository: (image, programs[image.program]) for image in catalogue.images}

    def look_up(self, reference: str) -> Found | Refused:
        full = full_reference(reference)
        repository, tag = _split_tag(full)
        known = self._images.get(repository)
        prefix = f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": '
        if known is None:
            return Refused(
                f"{prefix}pull access denied, repository does not exist or may require authorization: "
                "server message: insufficient_scope: authorization failed"
            )
        image, program = known
        if tag not in image.tags:
            return Refused(f"rpc error: code = NotFound desc = {prefix}{full}: not found")
        return Found(name=full, tag=tag, size_bytes=image.size_bytes, program=program)


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
