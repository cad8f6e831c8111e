"""Reads the files of a recorded cluster: a folder, one file, or an archive of either."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from k8s_diagnosis.dumps.files import DumpFile, is_log, is_objects
from k8s_diagnosis.text.times import parse_time

_MAX_FILES = 50_000
_MAX_OBJECT_BYTES = 512 * 1024 * 1024
_MAX_LOG_BYTES = 256 * 1024
"""The end of a log tells why a program ended; a support bundle may hold gigabytes of the rest."""

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


class SnapshotUnreadable(Exception):
    """There is no such folder, or nothing in it could be a recording; the text says what to do."""


def read_snapshot_files(place: Path) -> list[DumpFile]:
    """Objects and logs of the place; raises SnapshotUnreadable when there are none."""
    try:
        files = list(_list_files(place))
    except (OSError, tarfile.TarError) as error:
        raise SnapshotUnreadable(f"{place} cannot be read: {error}") from error
    if not any(is_objects(file.path) for file in files):
        raise SnapshotUnreadable(
            f"{place} holds no recorded objects. Give a folder with objects/NAMESPACE.RESOURCE.json, or with the "
            "output of `kubectl get … -o json` or `kubectl cluster-info dump --output-directory=DIR`."
        )
    return files


def read_recorded_at(place: Path) -> datetime | None:
    """When a recording was made, as its case.json says; nothing else of that file is looked at."""
    path = place / "case.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return parse_time(content.get("recorded_at")) if isinstance(content, dict) else None


def _list_files(place: Path) -> Iterator[DumpFile]:
    if place.is_dir():
        yield from _list_folder(place)
    elif not place.is_file():
        raise SnapshotUnreadable(f"{place} does not exist.")
    elif place.name.endswith(_ARCHIVES):
        yield from _list_archive(place)
    else:
        yield from _read_file(place, name=place.name)


def _list_folder(folder: Path) -> Iterator[DumpFile]:
    # In a recording the folders objects and logs are the cluster; what lies beside them tells how it was made.
    parts = [folder / "objects", folder / "logs"] if (folder / "objects").is_dir() else [folder]
    paths = [path for part in parts if part.is_dir() for path in sorted(part.rglob("*"))]
    for path in paths[:_MAX_FILES]:
        if path.is_file() and not path.is_symlink():
            yield from _read_file(path, name=path.relative_to(folder).as_posix())


def _read_file(path: Path, *, name: str) -> Iterator[DumpFile]:
    if is_objects(name) and path.stat().st_size <= _MAX_OBJECT_BYTES:
        yield DumpFile(name, path.read_text(encoding="utf-8", errors="replace"))
    elif is_log(name):
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _MAX_LOG_BYTES))
            yield DumpFile(name, log.read().decode("utf-8", errors="replace"))


def _list_archive(path: Path) -> Iterator[DumpFile]:
    """Members are read one after the other and never unpacked to the disk."""
    with tarfile.open(path) as archive:
        for count, member in enumerate(archive):
            name = PurePosixPath(member.name).as_posix()
            if count >= _MAX_FILES or not member.isfile() or not (is_objects(name) or is_log(name)):
                continue
            content = archive.extractfile(member)
            if content is None or member.size > _MAX_OBJECT_BYTES:
                continue
            body = content.read()
            text = (body if is_objects(name) else body[-_MAX_LOG_BYTES:]).decode("utf-8", errors="replace")
            yield DumpFile(name, text)
