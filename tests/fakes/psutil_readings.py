"""What psutil says of this machine, in the form that the rules of host_facts take."""

import os
import socket
from datetime import UTC, datetime

import psutil

from host_facts.domain import MemoryFacts
from host_facts.readings import DiskUsage, InodeUsage, LoadAverages, Look, Mount, Process, ProcessorTimes, Readings


def read_with_psutil() -> Readings:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    mounts = [
        Mount(part.device, part.mountpoint, part.fstype, frozenset(part.opts.split(",")))
        for part in psutil.disk_partitions(all=True)
    ]
    readable = [mount for mount in mounts if os.path.isdir(mount.mount_point) and os.access(mount.mount_point, os.X_OK)]
    return Readings(
        hostname=socket.gethostname(),
        kernel=os.uname().release,
        boot_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
        first_look=_look(),
        load=LoadAverages(*psutil.getloadavg()),
        memory=MemoryFacts(
            total_bytes=memory.total,
            available_bytes=memory.available,
            swap_total_bytes=swap.total,
            swap_used_bytes=swap.used,
        ),
        disk_usages=[_disk_usage(mount) for mount in readable],
        inode_usages=[usage for mount in readable if (usage := _inode_usage(mount)).total > 0],
        mounts=mounts,
        processes=[_process(item) for item in psutil.process_iter(["pid", "ppid", "name", "status"])],
    )


def _look() -> Look:
    times = psutil.cpu_times()
    idle = times.idle + times.iowait
    busy = times.user + times.nice + times.system + times.irq + times.softirq + times.steal
    return Look(ProcessorTimes(busy=busy, idle=idle, cores=psutil.cpu_count() or 1))


def _disk_usage(mount: Mount) -> DiskUsage:
    usage = psutil.disk_usage(mount.mount_point)
    return DiskUsage(mount.device, mount.mount_point, usage.total, usage.used, usage.free)


def _inode_usage(mount: Mount) -> InodeUsage:
    found = os.statvfs(mount.mount_point)
    return InodeUsage(mount.mount_point, found.f_files, found.f_files - found.f_ffree)


def _process(item: psutil.Process) -> Process:
    info = item.info
    state = {psutil.STATUS_ZOMBIE: "Z", psutil.STATUS_RUNNING: "R", psutil.STATUS_DISK_SLEEP: "D"}
    return Process(info["pid"], info["ppid"] or 0, "", state.get(info["status"], "S"), 0.0, 0, None, info["name"] or "")
