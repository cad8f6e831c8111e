"""crictl: what the container runtime of a node knows."""

from __future__ import annotations

import hashlib

from simulator.hosts.commands.numbers import table
from simulator.hosts.machine.host import Container
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options


def crictl(call: Call) -> int:
    if "containerd.service" not in call.host.units:
        call.shell.complain("crictl: command not found", streams=call.streams)
        return 127
    if call.host.units["containerd.service"].state != "active" or not call.state.is_root:
        reason = "connect: connection refused" if call.state.is_root else "connect: permission denied"
        call.streams.stderr.write(
            f'validate CRI v1 runtime API for endpoint "unix:///run/containerd/containerd.sock": {reason}\n'
        )
        return 1
    options = read_options(
        call.arguments, flags="aqf", values="orn", words="all quiet name= pod= state= tail= output= namespace= previous"
    )
    verb, *names = options.operands or ["help"]
    viewers = {"ps": _list_containers, "pods": _list_pods, "images": _list_images, "logs": _show_log}
    if verb not in viewers:
        return call.write_lines("crictl - client for CRI", "COMMANDS: ps, pods, images, logs")
    return viewers[verb](call, options, names)


def _list_containers(call: Call, options: Options, _names: list[str]) -> int:
    rows = [["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD"]]
    shown = [
        item
        for item in call.host.containers()
        if (options.has("a", "all") or item.state == "Running")
        and (not options.has("name") or options.get("name") in item.name)
    ]
    if options.has("q", "quiet"):
        return call.write_lines(*(item.id for item in shown))
    rows += [_row(call, item) for item in shown]
    return call.write_lines(*table(rows, gap="   "))


def _row(call: Call, item: Container) -> list[str]:
    short, pod_id = item.id[:13], item.id[13:26]
    return [short, item.image, _age(call, item), item.state, item.name, str(item.attempt), pod_id, item.pod]


def _list_pods(call: Call, _options: Options, _names: list[str]) -> int:
    rows = [["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT"]]
    pods = {item.pod: item for item in reversed(call.host.containers())}
    rows += [[item.id[13:26], _age(call, item), "Ready", item.pod, item.namespace, "0"] for item in pods.values()]
    return call.write_lines(*table(rows, gap="   "))


def _list_images(call: Call, _options: Options, _names: list[str]) -> int:
    names = sorted({item.image for item in call.host.containers()})
    rows = [["IMAGE", "TAG", "IMAGE ID", "SIZE"]]
    for name in names:
        repository, _, tag = name.rpartition(":")
        rows.append([repository, tag, hashlib.sha256(name.encode()).hexdigest()[:13], "48MB"])
    return call.write_lines(*table(rows, gap="   "))


def _show_log(call: Call, options: Options, names: list[str]) -> int:
    found = [item for item in call.host.containers() if names and item.id.startswith(names[0])]
    if not found:
        call.streams.stderr.write(f"FATA[0000] container {names[0] if names else ''!r} not found\n")
        return 1
    lines = found[-1].read_log().splitlines()
    tail = options.get("tail")
    return call.write_lines(*(lines[-int(tail) :] if tail.isdecimal() and int(tail) else lines))


def _age(call: Call, item: Container) -> str:
    minutes = int((call.host.now() - item.started_at) // 60)
    if minutes < 60:
        return f"{minutes} minutes ago"
    return f"{minutes // 60} hours ago" if minutes < 2880 else f"{minutes // 1440} days ago"


COMMANDS: dict[str, Command] = {"crictl": crictl}
