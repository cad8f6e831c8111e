"""What a file of a dump is: API objects, a log, a refusal, or nothing of interest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.snapshot import LogKey


@dataclass(frozen=True, slots=True)
class DumpFile:
    """One file of a dump with its path inside it, parts joined by slashes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class LogFile:
    """The log of a container: its names are known, or are to be found in the path."""

    path: str
    text: str
    names: LogKey | None = None


class Unreadable(ValueError):
    """A file that should hold objects and does not parse."""


_LOG_ENDINGS = (".txt", ".log")
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_OBJECT_ENDINGS = (*_JSON_ENDINGS, ".yaml", ".yml")
_SECTION = re.compile(r"^==== START logs for container (\S+) of pod (\S+)/(\S+) ====$")
_SECTION_END = re.compile(r"^==== END logs for container ")
# The log endpoint refused or did not answer: what stands there is no log.
_NO_LOG = re.compile(r"\.(?:http\d{3}|timeout)$")
# The truth of a recording and what was applied to make it must not be known here.
_NEVER_READ = {"case.json", "manifest.yaml"}


def is_objects(path: str) -> bool:
    return path.lower().endswith(_OBJECT_ENDINGS) and PurePosixPath(path).name not in _NEVER_READ


def is_log(path: str) -> bool:
    return path.lower().endswith(_LOG_ENDINGS)


def parse_documents(file: DumpFile) -> Iterator[JsonObject]:
    """The objects and lists in a file; raises Unreadable when it is neither JSON nor YAML."""
    try:
        is_json = file.path.lower().endswith(_JSON_ENDINGS)
        documents = _parse_json(file.text) if is_json else list(_parse_yaml(file.text))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise Unreadable(f"{file.path}: {_first_line(error)}") from error
    for document in documents:
        if isinstance(document, dict):
            yield document
        elif isinstance(document, list):
            yield from (each for each in document if isinstance(each, dict))


def _parse_json(text: str) -> list[Any]:  # Any: JSON
    """One document, or several one after the other as kubectl cluster-info dump prints them."""
    decoder, documents, position = json.JSONDecoder(), [], 0
    body = text.lstrip("\ufeff").strip()
    while position < len(body):
        document, position = decoder.raw_decode(body, position)
        documents.append(document)
        while position < len(body) and body[position].isspace():
            position += 1
    return documents


def _parse_yaml(text: str) -> Iterator[Any]:  # Any: YAML
    # The C loader is ten times as fast and as safe.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yield from yaml.load_all(text, Loader=loader)


def parse_log(file: DumpFile) -> Iterator[LogFile]:
    """The logs in a text file: one by its name, or the sections of a cluster-info dump."""
    path = PurePosixPath(file.path)
    if path.name == "logs.txt" and _SECTION.match(file.text.partition("\n")[0]):
        yield from _parse_sections(file)
    elif not _NO_LOG.search(path.stem):
        yield LogFile(file.path, file.text)


def _parse_sections(file: DumpFile) -> Iterator[LogFile]:
    begun: re.Match[str] | None = None
    lines: list[str] = []
    for line in file.text.splitlines():
        start = _SECTION.match(line)
        if start:
            begun, lines = start, []
        elif _SECTION_END.match(line) and begun:
            container, namespace, pod = begun.groups()
            yield LogFile(file.path, "\n".join(lines), (namespace, pod, container))
            begun = None
        else:
            lines.append(line)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
