"""The storage systems behind the provisioners: what they can make and how it can be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Backend:
    provisioner: str
    largest_bytes: int
    is_attached: bool = False
    """Network disks hang on one node at a time; everything else is reached from every node."""
    modes: tuple[str, ...] = ("ReadWriteOnce", "ReadWriteOncePod")
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values a StorageClass may ask for."""


BACKENDS = (
    Backend("local.csi.example.com", largest_bytes=200 * GIB),
    Backend(
        "disk.csi.example.com",
        largest_bytes=1024 * GIB,
        is_attached=True,
        parameters={"type": ("standard", "fast")},
    ),
    Backend(
        "files.csi.example.com",
        largest_bytes=4096 * GIB,
        modes=("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"),
    ),
)
_BY_NAME = {backend.provisioner: backend for backend in BACKENDS}


def find_backend(provisioner: str) -> Backend | None:
    """The system a provisioner works for; None when no such driver runs in the cluster."""
    return _BY_NAME.get(provisioner)


def refusal_of(backend: Backend, *, size_bytes: int, modes: list[str], parameters: Mapping[str, str]) -> str | None:
    """Why a volume cannot be made, in the words of a CSI driver."""
    for name, value in parameters.items():
        allowed = backend.parameters.get(name)
        if allowed is not None and value not in allowed:
            return f'rpc error: code = InvalidArgument desc = unknown volume {name} "{value}"'
    unsupported = [mode for mode in modes if mode not in backend.modes]
    if unsupported:
        return f"rpc error: code = InvalidArgument desc = volume capabilities not supported: {unsupported[0]}"
    if size_bytes > backend.largest_bytes:
        largest = backend.largest_bytes // GIB
        text = f"requested {-(-size_bytes // GIB)} GiB, at most {largest} GiB are available"
        return f"rpc error: code = ResourceExhausted desc = not enough free capacity: {text}"
    return None
