"""Named hosts of an OpenSSH client configuration. Nothing in it is executed: Match exec and ProxyCommand are not."""

from __future__ import annotations

import fnmatch
import getpass
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ssh_mcp.inventories.domain import DEFAULT_PORT, Account, Asset, Endpoint, Hop, Inventory, Problem

_MAX_INCLUDES = 16
_MAX_JUMPS = 5
_LISTS = frozenset({"identityfile", "certificatefile"})
_DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
_CRITERIA = frozenset({"host", "originalhost", "user", "localuser"})

Options = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Block:
    """Options under one condition. No criteria: they hold for every host."""

    criteria: tuple[tuple[str, str], ...] = ()
    is_usable: bool = True
    options: list[tuple[str, str]] = field(default_factory=list)


class _Unusable(Exception):
    """A host that cannot be reached without something we do not do."""


def read_openssh_config(path: Path, *, source: str, has_agent: bool) -> Inventory:
    """Every host that is named without wildcards; what is wrong is told in the problems."""
    problems: list[Problem] = []
    try:
        blocks = list(_read_blocks(path, depth=0))
    except OSError as error:
        return Inventory(problems=(Problem(source, f"{path} cannot be read: {error.strerror}"),))
    except ValueError as error:
        return Inventory(problems=(Problem(source, f"{path}: {error}"),))
    problems += [
        Problem(source, f"a block is left out: Match {' '.join(sum(block.criteria, ()))} is not evaluated")
        for block in blocks
        if not block.is_usable
    ]
    reader = _Reader(blocks, source=source, has_agent=has_agent)
    assets: list[Asset] = []
    for name in _list_names(blocks):
        try:
            assets.append(reader.make_asset(name))
        except _Unusable as error:
            problems.append(Problem(source, f"host {name!r}: {error}"))
    return Inventory(tuple(assets), tuple(problems))


def _read_blocks(path: Path, *, depth: int) -> Iterator[_Block]:
    """In the order of the files; an included file stands where it is included."""
    if depth > _MAX_INCLUDES:
        raise ValueError("files include each other in a circle")
    current = _Block()
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        keyword, value = _split(line)
        if keyword in {"host", "match"}:
            yield current
            current = _begin_block(keyword, value)
        elif keyword == "include":
            yield current
            for included in _find_included(value, folder=path.parent):
                yield from _within(_read_blocks(included, depth=depth + 1), outer=current)
            current = _Block(current.criteria, current.is_usable)
        elif keyword:
            current.options.append((keyword, value))
    yield current


def _split(line: str) -> tuple[str, str]:
    """Keyword in lower case and the rest; both are empty for comments."""
    text = line.strip()
    if not text or text.startswith("#"):
        return "", ""
    keyword, _, value = text.replace("=", " ", 1).partition(" ") if _has_equals(text) else text.partition(" ")
    return keyword.strip().lower(), value.strip()


def _has_equals(text: str) -> bool:
    """`Keyword=value`, not an equals sign within the value."""
    head = text.split(None, 1)[0]
    return "=" in head or text[len(head) :].lstrip().startswith("=")


def _begin_block(keyword: str, value: str) -> _Block:
    words = shlex.split(value)
    if keyword == "host":
        return _Block((("patterns", " ".join(words)),))
    criteria: list[tuple[str, str]] = []
    is_usable = True
    while words:
        name = words.pop(0).lower()
        if name == "all":
            continue
        argument = words.pop(0) if words and name not in {"canonical", "final"} else ""
        criteria.append((name, argument))
        is_usable = is_usable and name in _CRITERIA
    return _Block(tuple(criteria), is_usable)


def _within(blocks: Iterator[_Block], *, outer: _Block) -> Iterator[_Block]:
    """Included blocks hold only where the block that includes them does."""
    for block in blocks:
        yield _Block((*outer.criteria, *block.criteria), outer.is_usable and block.is_usable, block.options)


def _find_included(value: str, *, folder: Path) -> Iterator[Path]:
    for pattern in shlex.split(value):
        path = Path(pattern).expanduser()
        base = path if path.is_absolute() else Path("~/.ssh").expanduser() / path
        if not path.is_absolute() and not list(base.parent.glob(base.name)):
            base = folder / path
        yield from sorted(found for found in base.parent.glob(base.name) if found.is_file())


def _list_names(blocks: Sequence[_Block]) -> list[str]:
    names = [
        pattern
        for block in blocks
        for name, patterns in block.criteria
        if name == "patterns"
        for pattern in patterns.split()
        if not set(pattern) & set("*?!")
    ]
    return list(dict.fromkeys(names))


class _Reader:
    """Evaluates the blocks for one host after the other."""

    def __init__(self, blocks: Sequence[_Block], *, source: str, has_agent: bool) -> None:
        self._blocks = [block for block in blocks if block.is_usable]
        self._source = source
        self._has_agent = has_agent
        self._local_user = getpass.getuser()

    def make_asset(self, name: str) -> Asset:
        options = self._evaluate(name, user=None)
        return Asset(
            id=name,
            name=name,
            source=self._source,
            endpoint=self._endpoint(name, options),
            accounts=(self._account(options),),
            route=self._route(options, depth=0),
        )

    def _evaluate(self, name: str, *, user: str | None) -> Options:
        """The first value of each keyword wins; key files add up."""
        options: Options = {"user": [user]} if user else {}
        for block in self._blocks:
            if not all(self._holds(criterion, name=name, options=options) for criterion in block.criteria):
                continue
            for keyword, value in block.options:
                if keyword in _LISTS:
                    options.setdefault(keyword, []).append(_unquote(value))
                else:
                    options.setdefault(keyword, [_unquote(value)])
        return options

    def _holds(self, criterion: tuple[str, str], *, name: str, options: Options) -> bool:
        kind, argument = criterion
        values: Mapping[str, str] = {
            "patterns": name,
            "originalhost": name,
            "host": _first(options, "hostname") or name,
            "user": _first(options, "user") or self._local_user,
            "localuser": self._local_user,
        }
        patterns = argument.split() if kind == "patterns" else argument.split(",")
        return _matches(values[kind], patterns)

    def _endpoint(self, name: str, options: Options) -> Endpoint:
        command = _first(options, "proxycommand")
        if command and command.lower() != "none":
            raise _Unusable("it is reached by a ProxyCommand, which is not run; use ProxyJump")
        address = (_first(options, "hostname") or name).replace("%h", name).replace("%%", "%")
        port = _first(options, "port") or str(DEFAULT_PORT)
        if not port.isdigit() or not 1 <= int(port) <= 65535:
            raise _Unusable(f"{port!r} is no port")
        return Endpoint(address, int(port), host_key_alias=_first(options, "hostkeyalias"))

    def _account(self, options: Options) -> Account:
        only_files = (_first(options, "identitiesonly") or "no").lower() == "yes"
        agent = (_first(options, "identityagent") or "").lower()
        return Account(
            name=_first(options, "user") or self._local_user,
            keys=tuple(_existing(options.get("identityfile") or _DEFAULT_KEYS)),
            certificates=tuple(_existing(options.get("certificatefile", ()))),
            use_agent=self._has_agent and not only_files and agent != "none",
        )

    def _route(self, options: Options, *, depth: int) -> tuple[Hop, ...]:
        jumps = _first(options, "proxyjump")
        if not jumps or jumps.lower() == "none":
            return ()
        if depth >= _MAX_JUMPS:
            raise _Unusable("its jump hosts lead through each other in a circle")
        hops: tuple[Hop, ...] = ()
        for position, jump in enumerate(jumps.split(",")):
            user, name, port = _split_jump(jump.strip())
            inner = self._evaluate(name, user=user)
            if port:
                inner["port"] = [port]
            # The first one is reached as its own entry says; the others through it.
            before = self._route(inner, depth=depth + 1) if position == 0 else ()
            hops = (*hops, *before, Hop(self._endpoint(name, inner), self._account(inner)))
        return hops


def _split_jump(text: str) -> tuple[str | None, str, str | None]:
    """User, host and port of `[user@]host[:port]`, also written as ssh:// address."""
    text = text.removeprefix("ssh://").rstrip("/")
    user, _, rest = text.rpartition("@")
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        return user or None, host, port.lstrip(":") or None
    host, _, port = rest.partition(":") if rest.count(":") == 1 else (rest, "", "")
    return user or None, host, port or None


def _matches(value: str, patterns: Sequence[str]) -> bool:
    """As OpenSSH: one pattern must fit, and no negated one."""
    if any(fnmatch.fnmatchcase(value, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns if not pattern.startswith("!"))


def _first(options: Options, keyword: str) -> str | None:
    values = options.get(keyword)
    return values[0] if values else None


def _existing(files: Sequence[str]) -> Iterator[Path]:
    """OpenSSH passes over key files that are not there."""
    for name in files:
        path = Path(name.replace("%d", str(Path.home()))).expanduser()
        if name.lower() != "none" and path.is_file():
            yield path


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
