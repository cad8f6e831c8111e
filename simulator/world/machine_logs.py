"""What a node's kernel and kubelet write, in the words of Linux 6.1 and kubelet 1.32."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from simulator.api.admission.pod_defaults import quality_of_service
from simulator.hosts.machine.journal import JournalEntry
from simulator.store import JsonObject
from simulator.world.identity import process_id
from simulator.world.shapes import memory_bytes

_KIBI = 1024
_SCORE = {"Guaranteed": -997, "Burstable": 996, "BestEffort": 1000}
_WARNING, _INFO = 4, 6
_VICTIM = re.compile(r"Killed process (?P<pid>\d+) \((?P<name>[^)]*)\)")


def oom_lines(pod: JsonObject, container: JsonObject, *, container_id: str, process: str) -> list[str]:
    """The kernel's report on a container that was killed at its memory limit."""
    limits = (container.get("resources") or {}).get("limits") or {}
    limit = memory_bytes(limits.get("memory")) // _KIBI
    quality = quality_of_service(pod["spec"])
    score = _SCORE.get(quality, 996)
    group = _control_group(pod, container_id, quality=quality)
    pid = process_id(container_id)
    resident = max(0, limit - 2048)
    scope = group.rsplit("/", 1)[-1]
    return [
        f"{process} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj={score}",
        f"memory: usage {limit}kB, limit {limit}kB, failcnt 48",
        f"Memory cgroup stats for {group}:",
        f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={scope},mems_allowed=0,oom_memcg={group},"
        f"task_memcg={group},task={process},pid={pid},uid=0",
        f"Memory cgroup out of memory: Killed process {pid} ({process}) total-vm:{limit * 2}kB, anon-rss:{resident}kB, "
        f"file-rss:1024kB, shmem-rss:0kB, UID:0 pgtables:640kB oom_score_adj:{score}",
        f"oom_reaper: reaped process {pid} ({process}), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
    ]


def node_oom_lines(message: str) -> list[str]:
    """The kernel's report that the node agent's event quotes, with the line that names the victim before it."""
    found = _VICTIM.search(message)
    if found is None:
        return [message]
    head = "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/kubepods"
    return [
        f"{head},task={found['name']},pid={found['pid']},uid=0",
        f"{message}, UID:0 pgtables:640kB oom_score_adj:996",
    ]


def _control_group(pod: JsonObject, container_id: str, *, quality: str) -> str:
    uid = pod["metadata"]["uid"].replace("-", "_")
    short = container_id.removeprefix("containerd://")
    if quality == "Guaranteed":
        return f"/kubepods.slice/kubepods-pod{uid}.slice/cri-containerd-{short}.scope"
    slice_ = f"kubepods-{quality.lower()}"
    return f"/kubepods.slice/{slice_}.slice/{slice_}-pod{uid}.slice/cri-containerd-{short}.scope"


def event_entry(event: JsonObject, *, at: float, pid: int) -> JournalEntry:
    """A kubelet writes every event it records into its log too."""
    about = event["involvedObject"]
    name = "/".join(part for part in (about.get("namespace"), about["name"]) if part)
    is_warning = event["type"] == "Warning"
    stamp = datetime.fromtimestamp(at, UTC)
    text = (
        f"{'W' if is_warning else 'I'}{stamp:%m%d %H:%M:%S.%f} {pid:7d} event.go:389] "
        f'"Event occurred" object="{name}" fieldPath="{about.get("fieldPath", "")}" kind="{about["kind"]}" '
        f'type="{event["type"]}" reason="{event["reason"]}" message="{event["message"]}"'
    )
    return JournalEntry(
        at, "kubelet", text, pid=pid, unit="kubelet.service", priority=_WARNING if is_warning else _INFO
    )
