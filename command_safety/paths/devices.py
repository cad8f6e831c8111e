"""Device files: disks, and those that only take or give bytes."""

from __future__ import annotations

import re

from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import UNKNOWN, Text
from command_safety.paths.normalising import locate

_STANDARD = re.compile(r"/dev/(?:null|stdin|stdout|stderr|fd/\d+)|/proc/self/fd/\d+")
_DISK = re.compile(
    r"/dev/(?:(?:[shv]d|xvd|ub|nbd|zd|rbd|drbd|pmem|bcache|md|dm-|loop|ram|sr|mmcblk|nvme|zram|dasd|fd(?!/)|root$)[^/]*"
    r"|(?:disk|mapper|md|cciss|rdisk|zvol|drbd|rbd|ida)/.+|\x00.*|[\x00?*\[].*)",
    re.DOTALL,
)
_TWO_PARTS = re.compile(r"/dev/([\w.+-]+)/([\w.+-]+)")
_NO_VOLUME_GROUP = frozenset(
    {
        *("pts", "shm", "fd", "net", "input", "snd", "mqueue", "hugepages", "cpu", "dri", "bus", "usb", "vfio", "char"),
        *("tcp", "udp", "infiniband", "serial", "block"),
    }
)
_SOURCES_WITHOUT_END = re.compile(r"/dev/(?:zero|full|u?random)")
_NETWORK = re.compile(r"/dev/(?:tcp|udp)/")


def is_standard(path: Text) -> bool:
    """The null device and the descriptors the command has anyway."""
    return _STANDARD.fullmatch(path.text) is not None


def is_disk(path: Text, scope: Scope) -> bool:
    """A block device, also as a logical volume or when its name is not known."""
    places = (path.text, *locate(path.text, directories=scope.directories, mounts=scope.mounts))
    return any(_DISK.fullmatch(place) or _is_logical_volume(place) for place in places)


def _is_logical_volume(place: str) -> bool:
    found = _TWO_PARTS.fullmatch(place)
    return found is not None and found[1] not in _NO_VOLUME_GROUP


def is_endless_source(path: Text) -> bool:
    return _SOURCES_WITHOUT_END.fullmatch(path.text) is not None


def is_network(path: Text) -> bool:
    """A connection that the shell opens when it sees this name."""
    return _NETWORK.match(path.text) is not None


def may_be_device(path: Text) -> bool:
    return path.text.startswith("/dev/") or path.text.startswith(UNKNOWN)
