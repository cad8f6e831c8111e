"""All hosts of the simulated estate, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.hosts.estate.building import build_host, read_estate
from simulator.hosts.machine.host import Host


class UnknownHost(LookupError):
    """No host has that name; the message lists those there are."""


class Fleet:
    """Hosts by name; the servers are there from the beginning, nodes come when the cluster has them."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._hosts: dict[str, Host] = {}
        for description in read_estate().servers:
            self._add(build_host(description, now=now))

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def __len__(self) -> int:
        return len(self._hosts)

    def get(self, name: str) -> Host:
        """One host; raise UnknownHost."""
        if name not in self._hosts:
            raise UnknownHost(f"no host {name!r}; there are: {', '.join(self._hosts)}")
        return self._hosts[name]

    def find(self, name: str) -> Host | None:
        return self._hosts.get(name)

    def add_node(self, name: str, *, address: str) -> Host:
        """The machine under a node of the cluster."""
        if name not in self._hosts:
            self._add(build_host(read_estate().node, now=self._now, name=name, address=address))
        return self._hosts[name]

    def add_spares(self, count: int) -> None:
        """Further servers until there are `count` hosts."""
        spare = read_estate().spare
        number = 0
        while len(self._hosts) < count:
            number += 1
            name = f"{spare.name}-{number:03d}"
            address = f"198.51.{100 + number // 250}.{1 + number % 250}"
            self._add(build_host(spare, now=self._now, name=name, address=address))

    def _add(self, host: Host) -> None:
        host.find_neighbour = self._find_by_name_or_address
        self._hosts[host.name] = host

    def _find_by_name_or_address(self, name: str) -> Host | None:
        return self._hosts.get(name) or next((host for host in self if host.address == name), None)
