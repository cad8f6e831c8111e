"""Names, ids, hashes and addresses as a cluster would give them, from a seeded source."""

import hashlib
import ipaddress
import json
import random
from collections import deque

from simulator.store import JsonObject

# Kubernetes leaves vowels and look-alikes out, so that no generated name reads as a word.
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
FNV_OFFSET = 2166136261
FNV_PRIME = 16777619


class Identities:
    """Gives ids and name endings; the same seed gives the same sequence."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._events = 0

    @property
    def source(self) -> random.Random:
        return self._source

    def name_ending(self, length: int = 5) -> str:
        return "".join(self._source.choices(NAME_ALPHABET, k=length))

    def container_id(self) -> str:
        return f"containerd://{self._source.getrandbits(256):064x}"

    def event_name(self, about: str, *, at: float) -> str:
        """The recorder's form: the object's name and the nanoseconds in hexadecimal."""
        # The last three digits count, since many things may happen to one object in the same microsecond.
        self._events += 1
        nanoseconds = int(at * 1_000_000) * 1000 + self._events % 1000
        return f"{about}.{nanoseconds:x}"

    def between(self, low: float, high: float) -> float:
        return self._source.uniform(low, high)


def template_hash(template: JsonObject) -> str:
    """Fingerprint of a pod template, in the alphabet of `pod-template-hash`."""
    value = FNV_OFFSET
    for byte in json.dumps(template, sort_keys=True, separators=(",", ":")).encode():
        value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFF
    return "".join(NAME_ALPHABET[ord(digit) % len(NAME_ALPHABET)] for digit in str(value))


def process_id(container_id: str) -> int:
    """The process id on its node of a container's first process: the same wherever it is shown."""
    return 100_000 + int(hashlib.sha256(container_id.encode()).hexdigest()[:8], 16) % 3_900_000


def image_digest(reference: str) -> str:
    return "sha256:" + hashlib.sha256(reference.encode()).hexdigest()


class AddressesExhausted(Exception):
    """A node has no pod address left."""


class AddressPool:
    """Hands out the addresses of a node's range in order; a returned one is used again once the range is used up."""

    def __init__(self, cidr: str) -> None:
        network = ipaddress.ip_network(cidr)
        # The first address is the bridge's own.
        self._first, self._last = network[1], network[-2]
        self._next = int(network[2])
        self._returned: deque[str] = deque()

    def take(self) -> str:
        """The next address; raise AddressesExhausted, worded as the address plugin words it."""
        if self._next <= int(self._last):
            self._next += 1
            return str(ipaddress.ip_address(self._next - 1))
        if not self._returned:
            text = f"no IP addresses available in range set: {self._first}-{self._last}"
            raise AddressesExhausted(f'plugin type="bridge" failed (add): failed to allocate for range 0: {text}')
        return self._returned.popleft()

    def give_back(self, address: str) -> None:
        self._returned.append(address)
