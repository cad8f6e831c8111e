"""What a script has set so far: variables, functions, directory, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import TypeAlias

from command_safety.evaluation.values import ANYTHING, EMPTY, SOMETHING, UNKNOWN, Text, blur, join
from command_safety.paths.normalising import normalise
from command_safety.shell.syntax import Statement

MAX_ALTERNATIVES = 64

Fields: TypeAlias = tuple[Text, ...]
"""One value of a variable: a plain one has one field, an array any number."""
Value: TypeAlias = tuple[Fields, ...]
"""Every value that a variable may have, since branches and loops are not decided."""

_NUMBERS = frozenset(
    {"?", "#", "$", "!", "-", "RANDOM", "SECONDS", "UID", "EUID", "PPID", "LINENO", "BASHPID", "EPOCHSECONDS"}
)
_SHELL = Text("/bin/bash")
_KNOWN = {"HOME": Text("~"), "SHELL": _SHELL, "BASH": _SHELL, "IFS": Text(" \t\n")}


@dataclass(slots=True)
class Scope:
    """One shell. A subshell gets a copy; the files are shared, since the disk is."""

    variables: dict[str, Value] = field(default_factory=dict)
    functions: dict[str, Statement] = field(default_factory=dict)
    positional: Fields | None = None
    """None when nobody knows them, as for a command that is not called as a script."""
    name: Text = _SHELL
    directories: tuple[str, ...] = ("",)
    """Where the shell may be; empty stands for a place nobody knows."""
    files: dict[str, Text] = field(default_factory=dict)
    """What was written to a file by this script; see `remember_file`."""
    last_word: Text = ANYTHING
    """`$_`"""
    descriptors: dict[str, Text] = field(default_factory=dict)
    """What reading from an opened descriptor gives."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """In a container: host directories by where they are mounted."""
    evaluates_assignments: bool = False
    """Some variable is an integer, so that what is assigned to it is evaluated as an expression."""
    is_posix: bool = False
    """A plain `sh` runs this, which may not know what only bash knows."""

    def copy(self) -> Scope:
        return replace(
            self,
            variables=dict(self.variables),
            functions=dict(self.functions),
            descriptors=dict(self.descriptors),
        )

    def read(self, name: str) -> Value:
        """Every value a variable may have."""
        if name in self.variables:
            return self.variables[name]
        if name in ("@", "*"):
            return ((ANYTHING,) if self.positional is None else self.positional,)
        if name in _NUMBERS:
            return ((Text(SOMETHING),),)
        if name.isdigit():
            return ((self._read_positional(int(name)),),)
        if name == "_":
            # Whether that command ran at all is not decided, so it may be another word.
            return ((join([ANYTHING, self.last_word]),),)
        if name == "PWD":
            return tuple((Text(directory or UNKNOWN),) for directory in self.directories)
        return ((_KNOWN.get(name, ANYTHING),),)

    def _read_positional(self, number: int) -> Text:
        if number == 0:
            return self.name
        if self.positional is None:
            return ANYTHING
        return self.positional[number - 1] if number <= len(self.positional) else EMPTY

    def assign(self, name: str, values: Iterable[Fields]) -> None:
        self.variables[name] = _limit(values)

    def remember_file(self, path: str, content: Text) -> None:
        self.files[self._locate(path)] = content

    def recall_file(self, path: str) -> Text | None:
        """What this script has written to a file; None when it has not."""
        return self.files.get(self._locate(path))

    def _locate(self, path: str) -> str:
        return normalise(path, directory=self.directories[0] if len(self.directories) == 1 else "")

    def enter(self, path: Text) -> None:
        """Change to a directory, as `cd` does."""
        places = [normalise(path.when_empty, directory=directory) for directory in self.directories]
        known = [place if place.startswith(("/", "~")) and path.text != UNKNOWN else "" for place in places]
        self.directories = tuple(dict.fromkeys(known))

    def forget_changed(self, before: Mapping[str, Value]) -> None:
        """Variables that are not what they were before count as unknown."""
        for name, value in self.variables.items():
            if before.get(name) != value:
                self.variables[name] = ((blur(text for fields in value for text in fields),),)

    def is_ambiguous(self, name: str) -> bool:
        return len(self.variables.get(name, ())) > 1

    def choices(self, names: Iterable[str]) -> Iterator[dict[str, Value]]:
        """Each combination of the values of these variables; what is beyond the limit counts as unknown."""
        ambiguous = [name for name in names if self.is_ambiguous(name)]
        combinations = product(*(self.variables[name] for name in ambiguous))
        for combination in islice(combinations, MAX_ALTERNATIVES):
            yield {name: (fields,) for name, fields in zip(ambiguous, combination, strict=True)}
        if next(combinations, None) is not None:
            yield dict.fromkeys(ambiguous, ((ANYTHING,),))

    def absorb(self, others: Iterable[Scope], *, keeping: Iterable[str] = ()) -> None:
        """Take over what these copies of this scope may have changed."""
        kept = {name: self.variables[name] for name in keeping if name in self.variables}
        for other in others:
            for name, value in other.variables.items():
                own = self.variables.get(name)
                if own is not value:
                    self.variables[name] = value if own is None else _limit((*own, *value))
            self.functions.update(other.functions)
            self.descriptors.update(other.descriptors)
            self.evaluates_assignments |= other.evaluates_assignments
            self.directories = tuple(dict.fromkeys((*self.directories, *other.directories)))[:MAX_ALTERNATIVES]
            self.positional = other.positional if self.positional is None else self.positional
        self.variables.update(kept)


def _limit(values: Iterable[Fields]) -> Value:
    """Different values, few enough; where numbers are many, the ends stand for all."""
    distinct = list(dict.fromkeys(values))
    if len(distinct) > MAX_ALTERNATIVES:
        words = [fields for fields in distinct if not _is_number(fields)]
        numbers = [fields for fields in distinct if _is_number(fields)]
        # The most suspicious words first, so that those beyond the limit are the plain ones.
        words.sort(key=lambda fields: not any(text.text.startswith(("/", "~", "-")) for text in fields))
        distinct = [*numbers[:4], *numbers[-4:], *words]
        if len(distinct) > MAX_ALTERNATIVES:
            distinct = [*distinct[: MAX_ALTERNATIVES - 1], (ANYTHING,)]
    return tuple(distinct)


def _is_number(fields: Fields) -> bool:
    return len(fields) == 1 and fields[0].text.isdigit()
