"""Ansible inventories, INI and YAML, with the group_vars and host_vars beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from ssh_mcp.inventories.ansible_groups import Groups, Variables, combine, expand_range, split_words
from ssh_mcp.inventories.domain import Inventory, Problem

_VAULT = "$ANSIBLE_VAULT"
_MAX_DEPTH = 20


def read_ansible_inventory(path: Path, *, source: str) -> Inventory:
    """Read the file; what is wrong is told in the problems, the usable hosts are there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Inventory(problems=(Problem(source, f"{path} cannot be read: {error}"),))
    is_yaml = path.suffix in {".yml", ".yaml", ".json"}
    groups = parse_yaml(text) if is_yaml else parse_ini(text)
    _add_variable_files(groups, folder=path.parent)
    return combine(groups, source=source, folder=path.parent)


def parse_ini(text: str) -> Groups:
    """Every line for itself: a bad one is a problem, the others count."""
    groups = Groups()
    section, kind = "ungrouped", "hosts"
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.startswith("[") and "]" in stripped:
            section, _, kind = stripped[1 : stripped.index("]")].partition(":")
            kind = kind or "hosts"
            groups.group(section)
            continue
        try:
            _read_line(stripped, groups=groups, section=section, kind=kind)
        except ValueError as error:
            groups.problems.append(f"line {number}: {error}")
    return groups


def _read_line(line: str, *, groups: Groups, section: str, kind: str) -> None:
    if kind == "children":
        groups.group(section).children[line.split(maxsplit=1)[0]] = None
        groups.group(line.split(maxsplit=1)[0])
    elif kind == "vars":
        name, separator, value = line.partition("=")
        if not separator:
            raise ValueError("no `name=value`")
        groups.group(section).variables[name.strip()] = _unquote(value.strip())
    elif kind == "hosts":
        pattern, *words = split_words(line)
        variables = _read_words(words)
        for name in expand_range(pattern):
            groups.add_host(name, group=section, variables=variables)
    else:
        raise ValueError(f"no section of the kind {kind!r}")


def _read_words(words: list[str]) -> Variables:
    variables: Variables = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            raise ValueError(f"{word!r} is no `name=value`")
        variables[name] = value
    return variables


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def parse_yaml(text: str) -> Groups:
    groups = Groups()
    try:
        content = load_yaml(text)
    except yaml.YAMLError as error:
        groups.problems.append(f"no valid YAML: {' '.join(str(error).split())[:300]}")
        return groups
    if content is None:
        return groups
    if not isinstance(content, dict):
        groups.problems.append("the file is no mapping of groups")
        return groups
    for name, body in content.items():
        _read_group(str(name), body, groups=groups, depth=0)
    return groups


def _read_group(name: str, body: object, *, groups: Groups, depth: int) -> None:
    group = groups.group(name)
    if body is None:
        return
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        groups.problems.append(f"group {name!r} is no mapping")
        return
    group.variables.update(_read_variables(body.get("vars"), where=f"group {name!r}", groups=groups))
    for pattern, variables in _read_mapping(body.get("hosts"), where=f"hosts of {name!r}", groups=groups):
        own = _read_variables(variables, where=f"host {pattern!r}", groups=groups)
        try:
            for host in expand_range(pattern):
                groups.add_host(host, group=name, variables=own)
        except ValueError as error:
            groups.problems.append(f"host {pattern!r}: {error}")
    for child, inner in _read_mapping(body.get("children"), where=f"children of {name!r}", groups=groups):
        group.children[child] = None
        _read_group(child, inner, groups=groups, depth=depth + 1)


def _read_mapping(value: object, *, where: str, groups: Groups) -> Iterator[tuple[str, object]]:
    if value is None:
        return
    if not isinstance(value, dict):
        groups.problems.append(f"{where} are no mapping")
        return
    yield from ((str(key), inner) for key, inner in value.items())


def _read_variables(value: object, *, where: str, groups: Groups) -> Variables:
    """Only plain values; lists and mappings say nothing about how a host is reached."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        groups.problems.append(f"variables of {where} are no mapping")
        return {}
    return {str(key): str(inner) for key, inner in value.items() if isinstance(inner, str | int | float)}


def _add_variable_files(groups: Groups, *, folder: Path) -> None:
    """As Ansible: the files win over what the inventory itself says of a group."""
    for name, group in groups.groups.items():
        group.variables.update(_read_files(folder / "group_vars", name, groups=groups))
    everywhere = _read_files(folder / "group_vars", "all", groups=groups)
    if everywhere:
        groups.group("all").variables.update(everywhere)
    for name, variables in groups.hosts.items():
        variables.update(_read_files(folder / "host_vars", name, groups=groups))


def _read_files(folder: Path, name: str, *, groups: Groups) -> Variables:
    if "/" in name or name.startswith("."):
        return {}
    found: Variables = {}
    for path in _list_files(folder, name):
        text = path.read_text(encoding="utf-8", errors="replace")
        if text.startswith(_VAULT):
            groups.problems.append(f"{path.parent.name}/{path.name} is encrypted and is not read")
            continue
        try:
            content = load_yaml(text)
        except yaml.YAMLError:
            groups.problems.append(f"{path.parent.name}/{path.name} is no valid YAML")
            continue
        found.update(_read_variables(content, where=f"{path.parent.name}/{path.name}", groups=groups))
    return found


def _list_files(folder: Path, name: str) -> Iterator[Path]:
    for suffix in ("", ".yml", ".yaml"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(each for each in path.iterdir() if each.suffix in {".yml", ".yaml"})


class _Loader(yaml.SafeLoader):
    """Knows Ansible's tags: values that are encrypted one by one are passed over."""


_Loader.add_constructor("!vault", lambda _loader, _node: None)
_Loader.add_constructor("!unsafe", lambda _loader, node: node.value)


def load_yaml(text: str) -> object:
    """Raise YAMLError."""
    content: object = yaml.load(text, Loader=_Loader)  # noqa: S506  # derived from the safe loader
    return content
