"""df, mount, umount, findmnt, lsblk."""

from __future__ import annotations

from simulator.hosts.commands.numbers import human_size, percent, table
from simulator.hosts.machine.disks import Mount, Usage
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options

_KIBI = 1024
_PSEUDO = (("proc", "/proc", "proc"), ("sysfs", "/sys", "sysfs"), ("devpts", "/dev/pts", "devpts"))


def df(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="ahHiklmPT",
        values="Btx",
        words="human-readable inodes local portability print-type output= block-size= type= exclude-type= total",
    )
    mounts = _chosen_mounts(call, options)
    if mounts is None:
        return 1
    usages = [(mount, call.host.disks.usage(mount, at=call.host.now())) for mount in mounts]
    wants_inodes = options.has("i", "inodes")
    rows = [_header(options), *(_inode_row(*pair) if wants_inodes else _row(*pair, options) for pair in usages)]
    if options.has("T", "print-type"):
        kinds = ["Type", *(mount.type for mount in mounts)]
        rows = [[row[0], kind, *row[1:]] for row, kind in zip(rows, kinds, strict=True)]
    # GNU df never makes a column narrower than this.
    rows = [[row[0].ljust(14), *(cell.rjust(5) for cell in row[1:-2]), row[-2].rjust(4), row[-1]] for row in rows]
    numbers = range(len(rows[0]) - 5, len(rows[0]) - 1)
    return call.write_lines(*table(rows, right=tuple(numbers)))


def _chosen_mounts(call: Call, options: Options) -> list[Mount] | None:
    wanted = options.get("t", "type")
    unwanted = options.get("x", "exclude-type")
    if not options.operands:
        return [
            mount
            for mount in call.host.disks.mounts
            if (not wanted or mount.type == wanted) and (not unwanted or mount.type != unwanted)
        ]
    chosen: list[Mount] = []
    for name in options.operands:
        by_device = [mount for mount in call.host.disks.mounts if mount.device == name]
        if by_device:
            chosen.extend(by_device)
        elif call.files.find(name) is None:
            call.fail(f"{name}: No such file or directory")
        else:
            chosen.append(call.host.disks.mount_of(call.state.path(name)))
    return chosen or None


def _header(options: Options) -> list[str]:
    if options.has("i", "inodes"):
        return ["Filesystem", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on"]
    if options.has("h", "human-readable", "H"):
        return ["Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"]
    if options.has("P", "portability"):
        return ["Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted on"]
    unit = "1M-blocks" if options.has("m") else "1K-blocks"
    return ["Filesystem", unit, "Used", "Available", "Use%", "Mounted on"]


def _row(mount: Mount, usage: Usage, options: Options) -> list[str]:
    size = mount.size_bytes
    share = percent(usage.used_bytes, usage.used_bytes + usage.available_bytes)
    if options.has("h", "human-readable", "H"):
        base = 1000 if options.has("H") else _KIBI
        cells = [human_size(value, base=base) for value in (size, usage.used_bytes, usage.available_bytes)]
    else:
        unit = _KIBI * _KIBI if options.has("m") or options.get("B") == "M" else _KIBI
        cells = [str(-(-value // unit)) for value in (size, usage.used_bytes, usage.available_bytes)]
    return [mount.device, *cells, share, mount.mount_point]


def _inode_row(mount: Mount, usage: Usage) -> list[str]:
    free = mount.inodes - usage.used_inodes
    share = percent(usage.used_inodes, mount.inodes)
    return [mount.device, str(mount.inodes), str(usage.used_inodes), str(free), share, mount.mount_point]


def mount_table(call_mounts: list[Mount]) -> str:
    """The text of /proc/mounts."""
    pseudo = [f"{device} {point} {kind} rw,nosuid,nodev,noexec,relatime 0 0" for device, point, kind in _PSEUDO]
    real = [f"{item.device} {item.mount_point} {item.type} {','.join(item.options)} 0 0" for item in call_mounts]
    return "".join(f"{line}\n" for line in (*pseudo, *real))


def mount(call: Call) -> int:
    options = read_options(call.arguments, flags="avl", values="ot")
    if not options.operands and not options.has("a"):
        lines = (
            f"{item.device} on {item.mount_point} type {item.type} ({','.join(item.options)})"
            for item in call.host.disks.mounts
        )
        return call.write_lines(*lines)
    if not call.state.is_root:
        return call.fail("must be superuser to use mount.", status=32)
    wanted = options.get("o").split(",")
    target = options.operands[-1] if options.operands else ""
    for item in call.host.disks.mounts:
        if target in {item.mount_point, item.device} or options.has("a"):
            if "remount" in wanted or options.has("a"):
                item.set_read_only("ro" in wanted)
                call.host.say("kernel", f"EXT4-fs ({item.device.rsplit('/', 1)[-1]}): re-mounted. Quota mode: none.")
                call.host.changed()
            if target:
                return 0
    return 0 if options.has("a") else call.fail(f"{target}: can't find in /etc/fstab.", status=32)


def umount(call: Call) -> int:
    name = next((word for word in call.arguments if not word.startswith("-")), "")
    if any(name in {item.mount_point, item.device} for item in call.host.disks.mounts):
        return call.fail(f"{name}: target is busy.", status=32)
    return call.fail(f"{name}: no mount point specified.", status=32)


def fsck(call: Call) -> int:
    device = next((word for word in call.arguments if word.startswith("/dev/")), "")
    mounted = [item for item in call.host.disks.mounts if item.device == device]
    if mounted and not mounted[0].is_read_only:
        call.streams.stderr.write(f"{device} is mounted.\ne2fsck: Cannot continue, aborting.\n")
        return 8
    return call.write_lines("e2fsck 1.47.0 (5-Feb-2023)", f"{device}: recovering journal", f"{device}: clean")


def findmnt(call: Call) -> int:
    rows = [["TARGET", "SOURCE", "FSTYPE", "OPTIONS"]]
    rows += [
        [item.mount_point, item.device, item.type, ",".join(item.options)]
        for item in call.host.disks.mounts
        if not (names := [word for word in call.arguments if not word.startswith("-")])
        or item.mount_point in names
        or item.device in names
    ]
    return call.write_lines(*table(rows)) if len(rows) > 1 else 1


def lsblk(call: Call) -> int:
    rows = [["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]]
    for number, item in enumerate(item for item in call.host.disks.mounts if item.device.startswith("/dev/")):
        name = item.device.rsplit("/", 1)[-1]
        size = human_size(item.size_bytes)
        rows.append([name, f"8:{number * 16 + 1}", "0", size, str(int(item.is_read_only)), "part", item.mount_point])
    return call.write_lines(*table(rows, right=(2, 3, 4)))


COMMANDS: dict[str, Command] = {
    "df": df,
    "mount": mount,
    "umount": umount,
    "fsck": fsck,
    "e2fsck": fsck,
    "findmnt": findmnt,
    "lsblk": lsblk,
}
