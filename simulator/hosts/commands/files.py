"""ls, stat, du, rm, mv, cp, mkdir, touch, truncate, ln, readlink, chmod, chown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from simulator.hosts.commands.numbers import human_size, moment, table
from simulator.hosts.machine.file_tree import Directory, Entry, File, FileFault, Link
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options

_SIX_MONTHS = 15_552_000
SIZES = {"": 1, "c": 1, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "b": 512}
_MOST_LISTED_OF_CROWD = 300_000


def ls(call: Call) -> int:
    options = read_options(
        call.arguments, flags="alhtrS1AdRFinCUsgo", words="all human-readable color= time-style= full-time sort="
    )
    names = options.operands or ["."]
    status = 0
    for name in names:
        entry = call.files.find(name)
        if entry is None:
            status = call.fail(f"cannot access '{name}': No such file or directory", status=2)
            continue
        if len(names) > 1 and isinstance(entry, Directory) and not options.has("d"):
            call.write(f"{name}:\n")
        is_listed = isinstance(entry, Directory) and not options.has("d")
        path = call.state.path(name)
        pairs = list(_listed(call, path, options)) if is_listed else [(name, entry)]
        _write_entries(call, _sorted_entries(call, pairs, options), options, is_total=is_listed)
    return status


def _listed(call: Call, path: str, options: Options) -> Iterator[tuple[str, Entry]]:
    directory = call.host.files.find(path)
    if options.has("a", "all") and directory is not None:
        yield from ((".", directory), ("..", directory))
    for child in call.host.files.children(path):
        inner = posixpath.join(path, child)
        entry = call.host.files.find_itself(inner) or call.host.files.find(inner)
        if entry is not None and (not child.startswith(".") or options.has("a", "A", "all")):
            yield child, entry
    if isinstance(directory, Directory):
        yield from crowd_of(directory)


def crowd_of(directory: Directory) -> Iterator[tuple[str, Entry]]:
    """The many small files that a directory stands for."""
    for number in range(min(directory.crowd, _MOST_LISTED_OF_CROWD)):
        entry = File(hidden_bytes=directory.crowd_file_bytes, owner=directory.owner, modified_at=directory.modified_at)
        yield directory.crowd_name.format(number=number), entry


def _sorted_entries(call: Call, pairs: list[tuple[str, Entry]], options: Options) -> list[tuple[str, Entry]]:
    if options.has("S"):
        pairs = sorted(pairs, key=lambda pair: -size_of(call, pair[1]))
    elif options.has("t"):
        pairs = sorted(pairs, key=lambda pair: -pair[1].modified_at)
    return pairs[::-1] if options.has("r") else pairs


def _write_entries(call: Call, pairs: list[tuple[str, Entry]], options: Options, *, is_total: bool) -> None:
    if not options.has("l", "n", "g", "o", "full-time"):
        call.write_lines(*(name for name, _ in pairs))
        return
    if is_total:
        blocks = sum(-(-size_of(call, entry) // 4096) * 4 for _, entry in pairs)
        call.write(f"total {human_size(blocks * 1024) if options.has('h', 'human-readable') else blocks}\n")
    rows = []
    for name, entry in pairs:
        size = size_of(call, entry)
        shown = f"{name} -> {entry.target}" if isinstance(entry, Link) else name
        amount = human_size(size) if options.has("h", "human-readable") else str(size)
        rows.append([_mode(entry), "1", entry.owner, entry.group, amount, _listing_time(call, entry), shown])
    call.write_lines(*table(rows, right=(1, 4)))


def size_of(call: Call, entry: Entry) -> int:
    return entry.size(at=call.host.now()) if isinstance(entry, File) else 4096


def _mode(entry: Entry) -> str:
    if isinstance(entry, Link):
        return "lrwxrwxrwx"
    bits = "".join(letter if entry.mode >> 8 - place & 1 else "-" for place, letter in enumerate("rwxrwxrwx"))
    return ("d" if isinstance(entry, Directory) else "-") + bits


def _listing_time(call: Call, entry: Entry) -> str:
    at = moment(entry.modified_at)
    is_recent = call.host.clock - entry.modified_at < _SIX_MONTHS
    return f"{at:%b %e %H:%M}" if is_recent else f"{at:%b %e  %Y}"


def stat(call: Call) -> int:
    options = read_options(call.arguments, flags="Lft", values="c", words="format= printf=")
    status = 0
    for name in options.operands:
        entry = call.files.find(name)
        if entry is None:
            status = call.fail(f"cannot statx '{name}': No such file or directory")
            continue
        kind = "directory" if isinstance(entry, Directory) else "regular file"
        size, mode = size_of(call, entry), 0o777 if isinstance(entry, Link) else entry.mode
        format_ = options.get("c", "format", "printf")
        if format_:
            call.write_lines(_fill_format(format_, name, entry, size=size, mode=mode, kind=kind))
            continue
        call.write_lines(
            f"  File: {name}",
            f"  Size: {size:<10}\tBlocks: {size // 512:<10} IO Block: 4096   {kind}",
            f"Access: ({mode:04o}/{_mode(entry)})  Uid: ( {0:4d}/{entry.owner:>8})   Gid: ( {0:4d}/{entry.group:>8})",
            f"Modify: {moment(entry.modified_at):%Y-%m-%d %H:%M:%S.%f}000 +0000",
        )
    return status


def _fill_format(format_: str, name: str, entry: Entry, *, size: int, mode: int, kind: str) -> str:
    values = {"n": name, "s": str(size), "U": entry.owner, "G": entry.group, "a": f"{mode:o}", "A": _mode(entry)}
    changed = f"{moment(entry.modified_at):%F %T} +0000"
    values |= {"F": kind, "Y": str(int(entry.modified_at)), "y": changed}
    return re.sub(r"%(\w)", lambda found: values.get(found[1], found[0]), format_)


def du(call: Call) -> int:
    options = read_options(
        call.arguments, flags="sahkmxcbL0S", values="dt", words="summarize all human-readable max-depth= total bytes"
    )
    wanted = options.get("d", "max-depth", default="64")
    if not wanted.isdecimal():
        return call.fail(f"invalid maximum depth ‘{wanted}’")
    depth = 0 if options.has("s", "summarize") else int(wanted)
    rows: list[tuple[int, str]] = []
    status = 0
    for name in options.operands or ["."]:
        path = call.state.path(name)
        if call.host.files.find(path) is None:
            status = call.fail(f"cannot access '{name}': No such file or directory")
            continue
        rows.extend(_tree_sizes(call, path, shown_as=name, depth=depth, options=options))
    if options.has("c", "total"):
        rows.append((sum(size for size, _ in rows), "total"))
    for size, shown in rows:
        if options.has("h", "human-readable"):
            amount = human_size(size)
        elif options.has("b", "bytes"):
            amount = str(size)
        else:
            amount = str(-(-size // (1024**2 if options.has("m") else 1024)))
        call.write(f"{amount}\t{shown}\n")
    return status


def _tree_sizes(call: Call, path: str, *, shown_as: str, depth: int, options: Options) -> Iterator[tuple[int, str]]:
    """Sizes below a path, children before parents; what other programs hold is part of the directory it lies in."""
    files = call.host.files
    paths = [
        inner
        for inner, entry in files.walk(path)
        if isinstance(entry, Directory) or options.has("a", "all") or inner == path
    ]
    home = call.host.disks.mount_of(path)
    for inner in sorted(paths, key=lambda inner: (-inner.count("/"), inner)):
        below = inner.removeprefix(path.rstrip("/")).strip("/")
        if (below.count("/") + 1 if below else 0) > depth:
            continue
        if options.has("x") and call.host.disks.mount_of(inner) is not home:
            continue
        size = call.host.disks.tree_bytes(inner, at=call.host.now(), is_crossing=not options.has("x"))
        yield size, posixpath.join(shown_as, below) if below else shown_as


def rm(call: Call) -> int:
    options = read_options(call.arguments, flags="rRfivdI", words="recursive force verbose one-file-system")
    is_forced = options.has("f", "force")
    if not options.operands:
        return 0 if is_forced else call.fail("missing operand")
    status = 0
    for name in options.operands:
        entry = call.files.find(name, is_following=False)
        if entry is None:
            status = status if is_forced else call.fail(f"cannot remove '{name}': No such file or directory")
        elif isinstance(entry, Directory) and not options.has("r", "R", "recursive"):
            status = call.fail(f"cannot remove '{name}': Is a directory")
        elif call.state.path(name) == "/":
            status = call.fail("it is dangerous to operate recursively on '/'")
        else:
            status = _remove(call, name) or status
    return status


def _remove(call: Call, name: str) -> int:
    try:
        call.files.remove(name)
    except FileFault as error:
        return call.fail(f"cannot remove '{name}': {str(error).rpartition(': ')[2]}")
    return 0


def mv(call: Call) -> int:
    names = [word for word in call.arguments if not word.startswith("-")]
    if len(names) < 2:
        return call.fail("missing file operand")
    target = names.pop()
    is_directory = isinstance(call.files.find(target), Directory)
    for name in names:
        entry = call.files.find(name, is_following=False)
        if entry is None:
            return call.fail(f"cannot stat '{name}': No such file or directory")
        place = posixpath.join(target, posixpath.basename(name)) if is_directory else target
        try:
            call.files.check_writable(place)
            call.files.check_writable(name)
        except FileFault as error:
            return call.fail(f"cannot move '{name}' to '{place}': {str(error).rpartition(': ')[2]}")
        if call.name == "mv":
            call.host.files.remove(call.state.path(name))
        copied = entry if call.name == "mv" else _copy(entry)
        call.host.files.put(call.state.path(place), copied)
    call.host.changed()
    return 0


def _copy(entry: Entry) -> Entry:
    if isinstance(entry, File):
        return File(entry.read(), hidden_bytes=entry.hidden_bytes, owner=entry.owner, modified_at=entry.modified_at)
    return entry


def mkdir(call: Call) -> int:
    options = read_options(call.arguments, flags="pv", values="m", words="parents mode=")
    status = 0
    for name in options.operands:
        if call.files.find(name) is not None:
            status = (
                status if options.has("p", "parents") else call.fail(f"cannot create directory ‘{name}’: File exists")
            )
            continue
        try:
            call.files.make_directory(name)
        except FileFault as error:
            status = call.fail(f"cannot create directory ‘{name}’: {str(error).rpartition(': ')[2]}")
    return status


def touch(call: Call) -> int:
    status = 0
    for name in (word for word in call.arguments if not word.startswith("-")):
        entry = call.files.find(name)
        try:
            if entry is None:
                entry = call.files.create(name)
            call.files.check_writable(name)
        except FileFault as error:
            status = call.fail(f"cannot touch '{name}': {str(error).rpartition(': ')[2]}")
            continue
        entry.modified_at = call.host.clock
    return status


def truncate(call: Call) -> int:
    options = read_options(call.arguments, flags="c", values="s", words="size= no-create")
    found = re.fullmatch(r"(\d+)([KMGT]?)", options.get("s", "size"))
    if found is None:
        return call.fail("you must specify either ‘--size’ or ‘--reference’")
    for name in options.operands:
        try:
            call.files.check_writable(name)
            entry = call.files.find(name) or call.files.create(name)
        except FileFault as error:
            return call.fail(f"cannot open '{name}' for writing: {str(error).rpartition(': ')[2]}")
        if isinstance(entry, File):
            entry.empty(at=call.host.now())
            entry.hidden_bytes = int(found[1]) * SIZES[found[2]]
    call.host.changed()
    return 0


def ln(call: Call) -> int:
    names = [word for word in call.arguments if not word.startswith("-")]
    if len(names) != 2:
        return call.fail("missing file operand")
    call.host.files.put(call.state.path(names[1]), Link(names[0], modified_at=call.host.clock))
    return 0


def readlink(call: Call) -> int:
    name = next((word for word in call.arguments if not word.startswith("-")), "")
    entry = call.files.find(name, is_following=False)
    if isinstance(entry, Link):
        return call.write_lines(entry.target)
    if entry is not None and (call.name == "realpath" or {"-f", "-e"} & set(call.arguments)):
        return call.write_lines(call.state.path(name))
    return 1


def change_attributes(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    if len(words) < 2:
        return call.fail("missing operand")
    wanted, *names = words
    for name in names:
        entry = call.files.find(name)
        if entry is None:
            return call.fail(f"cannot access '{name}': No such file or directory")
        if not call.state.is_root:
            return call.fail(f"changing permissions of '{name}': Operation not permitted")
        if call.name == "chown":
            owner, _, group = wanted.partition(":")
            entry.owner, entry.group = owner or entry.owner, group or entry.group
        elif re.fullmatch(r"[0-7]{3,4}", wanted) and not isinstance(entry, Link):
            entry.mode = int(wanted, 8)
    return 0


COMMANDS: dict[str, Command] = {
    "ls": ls,
    "ll": ls,
    "stat": stat,
    "du": du,
    "rm": rm,
    "unlink": rm,
    "mv": mv,
    "cp": mv,
    "mkdir": mkdir,
    "touch": touch,
    "truncate": truncate,
    "ln": ln,
    "readlink": readlink,
    "realpath": readlink,
    "chmod": change_attributes,
    "chown": change_attributes,
}
