"""From the description of a host to the host, with the files every system has."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files

import yaml

from simulator.hosts.commands.certificates import make_certificate
from simulator.hosts.commands.disk import mount_table
from simulator.hosts.commands.journal_reading import JOURNAL_DIRECTORY
from simulator.hosts.commands.kernel import file_nr
from simulator.hosts.commands.memory import meminfo, stat, vmstat_file
from simulator.hosts.commands.numbers import moment
from simulator.hosts.commands.process_listing import stat_line
from simulator.hosts.commands.sockets import net_dev
from simulator.hosts.estate.description import (
    GIB,
    MIB,
    EstateDescription,
    HostDescription,
    MountDescription,
    UnitDescription,
)
from simulator.hosts.machine.disks import Mount
from simulator.hosts.machine.file_tree import Directory, File
from simulator.hosts.machine.host import Hardware, Host
from simulator.hosts.machine.processes import KERNEL_THREADS, Process
from simulator.hosts.machine.service_control import ServiceControl
from simulator.hosts.machine.units import Unit

DAY = 86400.0
BYTES_PER_INODE = 16384
_CROWD = 200
_SYSTEM_SHARES = {"/usr/lib/x86_64-linux-gnu": 0.45, "/usr/share": 0.3, "/opt/vendor": 0.15, "/var/cache/apt": 0.1}
_DIRECTORIES = (
    *("/root", "/home/ops", "/dev", "/mnt", "/opt", "/usr/bin", "/usr/sbin", "/var/lib", "/etc/cron.d"),
    *("/tmp", "/var/tmp"),  # noqa: S108 - of a simulated host
)


@cache
def read_estate() -> EstateDescription:
    text = (files("simulator.hosts.estate") / "hosts.yaml").read_text(encoding="utf-8")
    return EstateDescription.model_validate(yaml.safe_load(text))


def build_host(description: HostDescription, *, now: Callable[[], float], name: str = "", address: str = "") -> Host:
    """A host in good order that has been up for its days."""
    present = now()
    host = Host(
        name=name or description.name,
        address=address or description.address,
        now=now,
        booted_at=present - description.up_days * DAY,
        hardware=Hardware(
            cores=description.cores,
            memory_bytes=int(description.memory_gib * GIB),
            swap_bytes=int(description.swap_gib * GIB),
        ),
        labels=dict(description.labels),
    )
    host.users |= {user: 900 + number for number, user in enumerate(description.users)}
    host.disks.mounts.extend(_mounts(description))
    _add_system_files(host, description)
    _add_kernel(host)
    control = ServiceControl(host)
    for unit in (*read_estate().common_units, *description.units):
        _add_unit(host, control, unit)
    return host


def _mounts(description: HostDescription) -> list[Mount]:
    return [
        Mount(
            device=item.device,
            mount_point=item.at,
            type=item.type,
            size_bytes=int(item.size_gib * GIB),
            inodes=item.inodes or (0 if item.type == "vfat" else int(item.size_gib * GIB) // BYTES_PER_INODE),
            base_bytes=int(item.used_gib * GIB) if item.type == "tmpfs" else 0,
            base_inodes=item.used_inodes,
        )
        for item in description.mounts
    ]


def _add_system_files(host: Host, description: HostDescription) -> None:
    made = host.booted_at
    for path in _DIRECTORIES:
        host.files.put(path, Directory(modified_at=made, owner="ops" if path == "/home/ops" else "root"))
    host.files.put("/dev/null", File(mode=0o666, modified_at=made))
    for mount in host.disks.mounts:
        if host.files.find(mount.mount_point) is None:
            host.files.put(mount.mount_point, Directory(modified_at=made))
    for described in description.mounts:
        _add_contents(host, described)
    system = host.os
    texts = {
        "/etc/hostname": f"{host.name}\n",
        "/etc/os-release": (
            f'PRETTY_NAME="{system.pretty_name}"\nNAME="Debian GNU/Linux"\n'
            f'VERSION_ID="{system.version}"\nID={system.id}\n'
        ),
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{host.address}\t{host.name}\n",
        "/etc/passwd": "".join(f"{user}:x:{number}:{number}::/:/bin/bash\n" for user, number in host.users.items()),
        "/etc/fstab": "".join(
            f"{mount.device} {mount.mount_point} {mount.type} {mount.fstab_options} 0 2\n"
            for mount in host.disks.mounts
            if mount.type != "tmpfs"
        ),
    }
    for path, text in texts.items():
        host.files.put(path, File(text, modified_at=made))
    for item in description.files:
        size = int(item.size_gib * GIB)
        entry = File(item.text, hidden_bytes=size, owner=item.owner, group=item.owner, mode=int(item.mode, 8))
        entry.modified_at = host.now() - item.days_old * DAY
        host.files.put(item.path, entry)
    journal = File(hidden_bytes=48 * MIB, group="systemd-journal", mode=0o640, modified_at=host.now())
    host.files.put(f"{JOURNAL_DIRECTORY}/{zlib.crc32(host.name.encode()):032x}/system.journal", journal)
    for certificate in description.certificates:
        text = make_certificate(certificate.name, at=host.now(), days_left=certificate.days_left)
        host.files.put(certificate.path, File(text, modified_at=made))
    for path, only_kernel in (("/var/log/syslog", False), ("/var/log/kern.log", True)):
        read_log = partial(_write_syslog, host, only_kernel=only_kernel)
        log = File(read_log, hidden_bytes=3 * MIB, group="adm", mode=0o640, modified_at=host.now())
        host.files.put(path, log)
    for path, read in _kernel_files(host).items():
        host.files.put(path, File(read, mode=0o444, modified_at=made))
    host.files.processes = lambda: _process_files(host)


def _write_syslog(host: Host, *, only_kernel: bool) -> str:
    """What rsyslog writes into its files: the same messages as the journal."""
    entries = host.journal.kernel() if only_kernel else host.journal.entries
    return "".join(
        f"{moment(entry.at + host.drift.offset_seconds):%Y-%m-%dT%H:%M:%S.%f}+00:00 {host.name} "
        f"{entry.identifier}{f'[{entry.pid}]' if entry.pid else ''}: {entry.message}\n"
        for entry in entries
    )


def _kernel_files(host: Host) -> dict[str, Callable[[], str]]:
    def load() -> str:
        averages = " ".join(f"{value:.2f}" for value in host.load())
        return f"{averages} 1/{len(list(host.processes)) + 90} 4711\n"

    return {
        "/proc/meminfo": lambda: meminfo(host),
        "/proc/stat": lambda: stat(host),
        "/proc/vmstat": lambda: vmstat_file(host),
        "/proc/loadavg": load,
        "/proc/uptime": lambda: f"{host.uptime_seconds:.2f} {host.uptime_seconds * host.hardware.cores * 0.98:.2f}\n",
        "/proc/mounts": lambda: mount_table(host.disks.mounts),
        "/proc/self/mounts": lambda: mount_table(host.disks.mounts),
        "/proc/net/dev": lambda: net_dev(host.nic_errors),
        "/proc/sys/fs/file-nr": lambda: file_nr(host),
        "/proc/sys/fs/file-max": lambda: f"{host.hardware.most_open_files}\n",
        "/proc/sys/kernel/hostname": lambda: f"{host.name}\n",
        "/proc/sys/kernel/osrelease": lambda: f"{host.os.kernel}\n",
        "/proc/version": lambda: f"Linux version {host.os.kernel} {host.os.kernel_build}\n",
        "/proc/cpuinfo": lambda: "".join(f"processor\t: {core}\n" for core in range(host.hardware.cores)),
    }


def _process_files(host: Host) -> Mapping[int, Mapping[str, Callable[[], str]]]:
    return {process.pid: _files_of(host, process) for process in host.processes}


def _files_of(host: Host, process: Process) -> Mapping[str, Callable[[], str]]:
    return {
        "stat": lambda: stat_line(host, process),
        "comm": lambda: f"{process.name}\n",
        "cmdline": lambda: process.command.replace(" ", "\0"),
        "status": lambda: (
            f"Name:\t{process.name}\nState:\t{process.state}\nPid:\t{process.pid}\nPPid:\t{process.parent_pid}\n"
            f"VmRSS:\t{process.memory_bytes // 1024} kB\nThreads:\t{process.threads}\n"
        ),
    }


def _add_contents(host: Host, item: MountDescription) -> None:
    """What is on a filesystem besides the named files, so that du finds what df counts."""
    if item.type == "tmpfs" or item.used_gib <= 0:
        return
    shares = {item.data_at: 1.0} if item.data_at else _SYSTEM_SHARES if item.at == "/" else {item.at: 1.0}
    for path, share in shares.items():
        size = int(item.used_gib * GIB * share) // _CROWD
        host.files.put(
            path,
            Directory(modified_at=host.booted_at, crowd=_CROWD, crowd_file_bytes=size, crowd_name="{number:05d}"),
        )


def _add_kernel(host: Host) -> None:
    began = host.booted_at
    host.start_process(Process(1, 0, "systemd", "/sbin/init", memory_bytes=12 * MIB, started_at=began, open_files=180))
    for number, name in enumerate(KERNEL_THREADS):
        parent = 0 if name == "kthreadd" else 2
        host.start_process(Process(2 + number, parent, name, "", started_at=began, open_files=0))
    host.say("kernel", f"Linux version {host.os.kernel} {host.os.kernel_build}", at=began, priority=5)
    root = host.disks.mounts[0]
    device = root.device.rsplit("/", 1)[-1]
    host.say(
        "kernel", f"EXT4-fs ({device}): mounted filesystem with ordered data mode. Quota mode: none.", at=began + 2
    )


def _add_unit(host: Host, control: ServiceControl, item: UnitDescription) -> None:
    unit = Unit(
        name=item.name,
        description=item.description,
        command=item.command,
        user=item.user,
        ports=item.ports,
        protocol=item.protocol,
        memory_bytes=item.memory_mib * MIB,
        cores=item.cores,
        open_files=item.open_files,
        kind=item.kind,
        restart=item.restart,
        state="inactive",
        sub_state="dead",
        since=host.booted_at + 8,
        needs_text=dict(item.needs_text),
        complaint=item.complaint,
    )
    host.units[unit.name] = unit
    host.users.setdefault(item.user, 800 + len(host.users))
    if item.is_running:
        control.start(unit, at=host.booted_at + 8)
