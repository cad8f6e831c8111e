"""Follows redirections: what a command reads, and where its output goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import ANYTHING, EMPTY, UNKNOWN, Origin, Text, join
from command_safety.evaluation.words import WordFolder
from command_safety.paths.devices import is_network
from command_safety.paths.secrets import is_secret
from command_safety.paths.writing import find_write_rule
from command_safety.shell.syntax import Heredoc, ProcessSubstitution, Redirect, Script, Word

Report = Callable[[str, str], None]

FROM_NETWORK = Text(UNKNOWN, frozenset({Origin.NETWORK}))


@dataclass(slots=True)
class Redirection:
    """Where a command's streams lead."""

    stdin: Text | None = None
    """None when it reads what its surroundings give it."""
    is_output_taken: bool = False
    """Nothing is left for a pipe or substitution to read."""
    files: list[tuple[Text, bool]] = field(default_factory=list)
    """Files that receive the output, and whether it is appended."""
    readers: list[Script] = field(default_factory=list)
    """Scripts of `>(…)` that receive the output."""
    reaches_network: bool = False


def follow_redirects(redirects: Sequence[Redirect], *, scope: Scope, folder: WordFolder, report: Report) -> Redirection:
    """Judge the files that are opened, and remember what reading from them gives."""
    found = Redirection()
    for redirect in redirects:
        if redirect.descriptor.startswith("{"):
            rule = find_variable_rule(redirect.descriptor.strip("{}"), command="")
            if rule:
                report(rule, redirect.descriptor)
        descriptor = redirect.descriptor or ("0" if redirect.operator.startswith("<") else "1")
        if isinstance(redirect.target, Heredoc):
            _set_input(found, scope, descriptor, folder.fold_text(redirect.target.body))
        elif redirect.operator == "<<<":
            _set_input(found, scope, descriptor, join([folder.fold_text(redirect.target), Text("\n")]))
        elif (reader := _find_reader(redirect.target)) is not None:
            found.readers.append(reader)
            found.is_output_taken = True
        else:
            target = folder.fold_text(redirect.target)
            _follow(found, redirect.operator, target, descriptor=descriptor, scope=scope, report=report)
    return found


def _find_reader(target: Word) -> Script | None:
    """The script of `>(…)`, when that is the whole target."""
    part = target.parts[0] if len(target.parts) == 1 else None
    return part.script if isinstance(part, ProcessSubstitution) and part.is_output else None


def _follow(found: Redirection, operator: str, target: Text, *, descriptor: str, scope: Scope, report: Report) -> None:
    if is_network(target):
        report("C-network-send", target.text)
        found.reaches_network = True
        for number in (descriptor, "2") if operator in (">&", "&>") else (descriptor,):
            _set_input(found, scope, number, FROM_NETWORK)
    elif operator in ("<&", ">&") and _is_descriptor(target.text):
        copied = scope.descriptors.get(target.text.rstrip("-"))
        if copied is not None:
            found.reaches_network = found.reaches_network or Origin.NETWORK in copied.origins
            _set_input(found, scope, descriptor, copied)
    elif operator == "<":
        _read_file(found, target, descriptor=descriptor, scope=scope, report=report)
    else:
        _write_file(found, operator, target, descriptor=descriptor, scope=scope, report=report)


def _is_descriptor(text: str) -> bool:
    return text == "-" or text.rstrip("-").isdigit()


def _read_file(found: Redirection, target: Text, *, descriptor: str, scope: Scope, report: Report) -> None:
    if is_secret(target, scope):
        report("C-secret-read", target.text)
    content = EMPTY if target.text == "/dev/null" else (scope.recall_file(target.text) or ANYTHING)
    _set_input(found, scope, descriptor, content)


def _write_file(
    found: Redirection, operator: str, target: Text, *, descriptor: str, scope: Scope, report: Report
) -> None:
    is_appending = operator in (">>", "&>>")
    rule = find_write_rule(target, scope, is_appending=is_appending)
    if rule:
        report(rule, f"{operator} {target.text}")
    if descriptor == "1" or operator.startswith("&"):
        found.is_output_taken = target.text not in ("/dev/stdout", "/dev/fd/1", "/dev/stderr")
        found.files.append((target, is_appending))


def _set_input(found: Redirection, scope: Scope, descriptor: str, content: Text) -> None:
    scope.descriptors[descriptor] = content
    if descriptor == "0":
        found.stdin = content


def deliver(output: Text, redirection: Redirection, scope: Scope) -> Text:
    """Put the output where the redirections send it; answers what is left for the next in the pipe."""
    for target, is_appending in redirection.files:
        before = (scope.recall_file(target.text) or EMPTY) if is_appending else EMPTY
        scope.remember_file(target.text, join([before, output]))
    return EMPTY if redirection.is_output_taken else output
