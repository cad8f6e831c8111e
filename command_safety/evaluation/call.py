"""One command as it would be called."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from command_safety.evaluation.findings import Findings
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import NO_ORIGINS, Origin, Text


class Runner(Protocol):
    """Judges what a command would run in turn."""

    def report(self, rule: str, excerpt: str) -> None: ...

    def note_role(self, role: str) -> None:
        """Tell what this stage of a pipeline is: a `shell` that reads commands, or a raw `network` client."""

    def run_words(self, words: Fields, *, scope: Scope, stdin: Text | None) -> Text:
        """Judge a command; answers what it would print."""

    def run_text(self, text: Text, *, scope: Scope, stdin: Text | None) -> Text:
        """Judge a shell script; answers what it would print."""

    def trying(self) -> AbstractContextManager[Findings]:
        """Collect what is found meanwhile, without reporting it."""


@dataclass(frozen=True, slots=True)
class Call:
    command: Text
    """The word that names the command, perhaps with its path."""
    arguments: Fields
    scope: Scope
    runner: Runner
    stdin: Text | None = None
    """None when the command is given no input of its own."""
    name: str = ""
    """The plain name under which rules know the command."""
    excerpt: str = ""
    """The whole command as a person sees it, also when a part of it is judged."""

    @property
    def texts(self) -> list[str]:
        return [argument.text for argument in self.arguments]

    @property
    def origins(self) -> frozenset[Origin]:
        """Where what the command works on comes from."""
        texts = self.arguments if self.stdin is None else (*self.arguments, self.stdin)
        return NO_ORIGINS.union(*(text.origins for text in texts))

    def report(self, rule: str, excerpt: str = "") -> None:
        self.runner.report(rule, excerpt or self.excerpt)

    def run(self, words: Fields, *, stdin: Text | None = None) -> Text:
        """Judge a command that this one starts; it reads what this one reads unless told otherwise."""
        # A program does not know the functions of the shell, and `command` passes them over.
        scope = replace(self.scope.copy(), functions={})
        return self.runner.run_words(words, scope=scope, stdin=self.stdin if stdin is None else stdin)

    def run_script(self, text: Text, *, positional: Fields | None = None, stdin: Text | None = None) -> Text:
        """Judge a script that this command starts in a shell of its own."""
        scope = self.scope.copy()
        if positional is not None:
            scope.name, scope.positional = (positional[0], positional[1:]) if positional else (Text("sh"), ())
        return self.runner.run_text(text, scope=scope, stdin=self.stdin if stdin is None else stdin)

    def in_directory(self, path: Text | None) -> Call:
        """The same call with what it starts running in another directory; None changes nothing."""
        if path is None:
            return self
        scope = self.scope.copy()
        scope.enter(path)
        return replace(self, scope=scope)

    def as_command(self, name: str, arguments: Fields) -> Call:
        return replace(self, name=name, arguments=arguments)
