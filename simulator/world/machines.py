"""The machines under the nodes: what the cluster does shows on the host, what breaks there shows in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from simulator.api_resources import EVENTS, NODES, PODS
from simulator.hosts.estate.fleet import Fleet
from simulator.hosts.machine.file_tree import File
from simulator.hosts.machine.host import MIB, Container, Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.machine.service_control import ServiceControl
from simulator.store import ChangeKind, JsonObject
from simulator.world.engine import Engine
from simulator.world.identity import process_id
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.container_worker import ContainerWorker
from simulator.world.kubelet.kubelets import Kubelets
from simulator.world.machine_logs import event_entry, node_oom_lines, oom_lines
from simulator.world.outages import OutageKind
from simulator.world.shapes import instant_of
from simulator.world.usage import WorldUsage

DISK_FULL_RATIO = 0.92
DISK_FREE_RATIO = 0.85
"""Where a kubelet says that the disk has no pressure any more (its default threshold)."""
LEFT_OVER = "/var/log/pods/.leftover/core.dump"
"""What fills the disk of a node when a scenario only says that it is full."""
_SERVICES: dict[OutageKind, str] = {
    "kubelet-stopped": "kubelet.service",
    "container-runtime-stopped": "containerd.service",
}
_FORK_BOMB = "stress-fork"
_RUNTIMES = {"python": "python", "java": "java", "node": "node"}
_LAUNCHERS = {"python": "python -m {module}", "java": "java -jar /app/{name}.jar", "node": "node /app/{name}.js"}


class NodeMachines:
    """Keeps the hosts of the nodes and the cluster in step."""

    def __init__(self, engine: Engine, *, kubelets: Kubelets, usage: WorldUsage, fleet: Fleet) -> None:
        self._engine = engine
        self._kubelets = kubelets
        self._usage = usage
        self._fleet = fleet
        self._killed: set[str] = set()
        self._is_following = False
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)
        engine.state.watch(EVENTS, self._event_recorded)
        engine.outages.watch(self._outage_changed)

    def _node_changed(self, kind: ChangeKind, _old: JsonObject | None, node: JsonObject) -> None:
        name = node["metadata"]["name"]
        if kind == "DELETED" or self._fleet.find(name) is not None:
            return
        addresses = (node.get("status") or {}).get("addresses") or []
        address = next((item["address"] for item in addresses if item["type"] == "InternalIP"), "")
        if not address:
            return
        host = self._fleet.add_node(name, address=address)
        host.on_look.append(lambda: self._bring_up_to_date(host))
        host.on_change.append(lambda: self._follow_host(host))
        host.containers = lambda: list(self._describe_containers(host))

    # -- what the cluster does shows on the host

    def _bring_up_to_date(self, host: Host) -> None:
        """Its processes are those of the containers that run there now."""
        workers = {
            process_id(worker.run.container_id): (key, worker)
            for key, worker in self._workers_on(host.name)
            if worker.is_running and worker.run is not None
        }
        for process in [process for process in host.processes if process.unit.startswith("pod:")]:
            if process.pid not in workers:
                process.on_end = None
                host.processes.end(process)
        memory = self._memory_of(workers)
        for pid, (key, worker) in workers.items():
            if host.processes.find(pid) is None:
                self._add_process(host, pid, key, worker)
            process_ = host.processes.find(pid)
            if process_ is not None:
                process_.memory_bytes = memory.get(pid, process_.memory_bytes)

    def _workers_on(self, node: str) -> Iterator[tuple[str, ContainerWorker]]:
        for pod in self._engine.state.pods_on(node):
            worker = self._kubelets.find(pod)
            if worker is not None:
                for container in (*worker.init_containers, *worker.containers):
                    yield worker.key, container

    def _memory_of(self, workers: dict[int, tuple[str, ContainerWorker]]) -> dict[int, int]:
        found: dict[int, int] = {}
        for pid, (key, worker) in workers.items():
            namespace, _, name = key.partition("/")
            sample = self._usage.pod_usage(namespace=namespace, name=name)
            used = sample.containers.get(worker.name) if sample is not None else None
            if used is not None:
                found[pid] = used.memory_kibibytes * 1024
        return found

    def _add_process(self, host: Host, pid: int, key: str, worker: ContainerWorker) -> None:
        run = worker.run
        if run is None:
            return
        containerd = host.units["containerd.service"].main_pid
        process = Process(
            pid=pid,
            parent_pid=containerd or 1,
            name=process_name(worker)[:15],
            command=command_line(worker),
            cores=run.program.cpu_millis / 1000,
            memory_bytes=max(run.plan.memory_bytes, run.program.memory_mib * MIB),
            started_at=run.started_at,
            threads=4,
            unit=f"pod:{key}",
        )
        process.on_end = worker.end_by_signal
        host.start_process(process)

    def _describe_containers(self, host: Host) -> Iterator[Container]:
        for key, worker in self._workers_on(host.name):
            run = worker.run
            if run is None:
                continue
            namespace, _, pod = key.partition("/")
            yield Container(
                id=run.container_id.removeprefix("containerd://"),
                name=worker.name,
                image=run.image,
                pod=pod,
                namespace=namespace,
                state="Running" if worker.is_running else "Exited",
                started_at=run.started_at,
                attempt=worker.restart_count,
                read_log=partial(self._read_log, run),
            )

    def _read_log(self, run: ContainerRun) -> str:
        return "".join(f"{line.text}\n" for line in run.lines(until=self._engine.now, since=None, tail=2000))

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        host = self._fleet.find(pod["spec"].get("nodeName") or "")
        if host is None or kind == "DELETED":
            return
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            for state in (status.get("state") or {}, status.get("lastState") or {}):
                ended = state.get("terminated")
                if ended and ended.get("reason") == "OOMKilled" and ended.get("containerID") not in self._killed:
                    self._killed.add(ended["containerID"])
                    self._tell_of_kill(host, pod, status["name"], ended)

    def _tell_of_kill(self, host: Host, pod: JsonObject, container: str, ended: JsonObject) -> None:
        """The kernel's report on a process that hit its own limit; a kill for the node is told by its event."""
        pod_worker = self._kubelets.find(pod)
        worker = pod_worker.container(container) if pod_worker is not None else None
        runs = (worker.run, worker.previous_run) if worker is not None else ()
        run = next((item for item in runs if item is not None and item.container_id == ended["containerID"]), None)
        if worker is None or run is None or run.plan.end is None or run.plan.end.reason != "OOMKilled":
            return
        lines = oom_lines(pod, worker.spec, container_id=run.container_id, process=process_name(worker))
        for line in lines:
            host.say("kernel", line, priority=4, at=instant_of(ended["finishedAt"]))

    def _event_recorded(self, kind: ChangeKind, _old: JsonObject | None, event: JsonObject) -> None:
        source = event.get("source") or {}
        host = self._fleet.find(source.get("host") or "")
        if kind == "DELETED" or host is None:
            return
        at = instant_of(event.get("lastTimestamp") or event["metadata"]["creationTimestamp"])
        if event["reason"] == "OOMKilling":
            for line in node_oom_lines(event["message"]):
                host.say("kernel", line, priority=3, at=at)
        elif source.get("component") == "kubelet":
            host.journal.add(event_entry(event, at=at, pid=host.units["kubelet.service"].main_pid))

    # -- what breaks on one side shows on the other

    def _outage_changed(self, kind: OutageKind, at: str) -> None:
        host = self._fleet.find(at)
        if host is None or self._is_following:
            return
        is_on = self._engine.outages.is_on(kind, at=at)
        if kind in _SERVICES:
            self._set_service(host, _SERVICES[kind], is_stopped=is_on)
        elif kind == "disk-full":
            self._fill_disk(host) if is_on else host.files.remove(LEFT_OVER)
        elif kind == "process-ids-exhausted":
            self._set_fork_bomb(host, is_on=is_on)

    def _set_service(self, host: Host, name: str, *, is_stopped: bool) -> None:
        control, unit = ServiceControl(host), host.units[name]
        if is_stopped and unit.state == "active":
            control.fail(unit, code=1, at=host.now(), said="failed to run: context canceled")
        elif not is_stopped:
            control.start(unit)

    def _fill_disk(self, host: Host) -> None:
        root = host.disks.mount_of("/")
        usage = host.disks.usage(root, at=host.now())
        wanted = int((usage.used_bytes + usage.available_bytes) * 0.97) - usage.used_bytes
        host.files.put(LEFT_OVER, File(hidden_bytes=max(0, wanted), modified_at=host.now()))

    def _set_fork_bomb(self, host: Host, *, is_on: bool) -> None:
        found = [process for process in host.processes if process.name == _FORK_BOMB]
        if is_on and not found:
            pid = host.processes.next_pid()
            host.start_process(Process(pid, 1, _FORK_BOMB, f"/tmp/{_FORK_BOMB}", started_at=host.now(), threads=32_000))  # noqa: S108 - on a simulated host
        for process in found if not is_on else ():
            host.processes.end(process)

    def _follow_host(self, host: Host) -> None:
        """Somebody changed the host by hand: the kubelet notices."""
        self._is_following = True
        try:
            for kind, name in _SERVICES.items():
                self._set_outage(kind, host, is_on=host.units[name].state != "active")
            self._set_outage("disk-full", host, is_on=self._is_full(host))
            bombs = any(process.name == _FORK_BOMB for process in host.processes)
            self._set_outage("process-ids-exhausted", host, is_on=bombs)
        finally:
            self._is_following = False

    def _is_full(self, host: Host) -> bool:
        usage = host.disks.usage(host.disks.mount_of("/"), at=host.now())
        was_full = self._engine.outages.is_on("disk-full", at=host.name)
        return usage.used_ratio >= (DISK_FREE_RATIO if was_full else DISK_FULL_RATIO)

    def _set_outage(self, kind: OutageKind, host: Host, *, is_on: bool) -> None:
        outages = self._engine.outages
        if outages.is_on(kind, at=host.name) == is_on:
            return
        outages.begin(kind, at=host.name) if is_on else outages.end(kind, at=host.name)


def process_name(worker: ContainerWorker) -> str:
    """As /proc/PID/comm shows it."""
    run = worker.run
    if run is None:
        return worker.name
    command = worker.spec.get("command") or []
    if command:
        return str(command[0]).rsplit("/", 1)[-1]
    return _RUNTIMES.get(run.program.style, run.program.name)


def command_line(worker: ContainerWorker) -> str:
    """What ps shows for the first process of a container."""
    words = [str(word) for word in (*(worker.spec.get("command") or ()), *(worker.spec.get("args") or ()))]
    if words:
        return " ".join(words).replace("\n", " ")[:300]
    run = worker.run
    if run is None:
        return worker.name
    launcher = _LAUNCHERS.get(run.program.style, "{name}")
    return launcher.format(name=run.program.name, module=run.program.name.replace("-", "_"))
