"""The launcher's command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_HOSTS = 1000
"""Each has a port of its own."""


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    port: int
    kubeconfig: Path | None
    scenarios: tuple[str, ...] | None
    """Names of the faults to inject; None means those of the demo, empty means a healthy world."""
    seed: int
    requires_token: bool
    """Refuse callers without a token. Off by default: kubectl sends none over plain HTTP, whatever its kubeconfig
    says, and the port is reachable from this machine only."""
    pods: int | None = None
    """Serve a still cluster of so many pods instead of the estate, for measuring."""
    ssh_port: int | None = None
    """First port of the SSH hosts, one each; 0 picks free ones, None serves none."""
    inventory: Path | None = None
    """Where to write the file that names the hosts."""
    hosts: int = 0
    """So many hosts altogether, nodes included; fewer than there are anyway means just those."""
    ends_with_stdin: bool = False
    """End when standard input closes, so that a launcher that is killed leaves no simulator behind."""


def read_options(arguments: Sequence[str] | None = None) -> LaunchOptions:
    """Parse the command line; ends the program with a message when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A simulated Kubernetes cluster.")
    parser.add_argument("--port", type=_port, default=0, help="TCP port on loopback; 0 picks a free one")
    parser.add_argument("--kubeconfig", type=Path, help="write a kubeconfig for the cluster to this file")
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="NAME", help="inject this fault (repeatable)"
    )
    parser.add_argument("--scenarios", choices=("demo", "none"), help="inject the faults of the demo, or none")
    parser.add_argument(
        "--pods", type=_pods, metavar="N", help="serve a still cluster of N pods (10 to 20000) for measuring"
    )
    parser.add_argument("--seed", type=int, default=7, help="makes names, addresses and timings repeat")
    parser.add_argument("--require-token", action="store_true", help="refuse callers that send no token (kubectl)")
    parser.add_argument(
        "--ssh-port", type=_port, help="serve SSH hosts on loopback from this port on; 0 picks free ones"
    )
    parser.add_argument("--inventory", type=Path, help="write an inventory of the SSH hosts to this file")
    parser.add_argument("--hosts", type=int, default=0, help="so many SSH hosts altogether (at most 1000)")
    parser.add_argument("--ends-with-stdin", action="store_true", help="end when standard input closes")
    parsed = parser.parse_args(arguments)
    if parsed.pods and (parsed.scenario or parsed.scenarios or parsed.ssh_port is not None):
        parser.error("--pods makes a cluster of its own, without scenarios and hosts")
    if parsed.scenario and parsed.scenarios:
        parser.error("--scenario and --scenarios exclude each other")
    if (parsed.inventory or parsed.hosts) and parsed.ssh_port is None:
        parser.error("--inventory and --hosts need --ssh-port")
    if not 0 <= parsed.hosts <= MOST_HOSTS:
        parser.error(f"--hosts lies between 0 and {MOST_HOSTS}")
    chosen = None if parsed.scenarios == "demo" else tuple(dict.fromkeys(parsed.scenario))
    return LaunchOptions(
        port=parsed.port,
        kubeconfig=parsed.kubeconfig,
        scenarios=chosen,
        seed=parsed.seed,
        requires_token=parsed.require_token,
        pods=parsed.pods,
        ssh_port=parsed.ssh_port,
        inventory=parsed.inventory,
        hosts=parsed.hosts,
        ends_with_stdin=parsed.ends_with_stdin,
    )


def _pods(text: str) -> int:
    value = int(text)
    if not 10 <= value <= 20_000:
        raise argparse.ArgumentTypeError("a still cluster has 10 to 20000 pods")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError("a port lies between 0 and 65535")
    return value
