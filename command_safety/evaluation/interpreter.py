"""Walks the statements of a script and judges every command that could run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

from command_safety.evaluation.call import Call
from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.findings import Findings
from command_safety.evaluation.fork_bombs import calls_itself, is_endless_spawning, is_fork_bomb
from command_safety.evaluation.last_resort import find_destructive_text
from command_safety.evaluation.limits import Budget
from command_safety.evaluation.redirections import Redirection, deliver, follow_redirects
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import ANYTHING, EMPTY, SOMETHING, Origin, Text, blur, join
from command_safety.evaluation.words import WordFolder, find_parameters
from command_safety.paths.devices import is_standard
from command_safety.paths.writing import find_write_rule
from command_safety.shell.cursor import NotUnderstood
from command_safety.shell.statements import parse_script
from command_safety.shell.syntax import (
    ArithmeticCommand,
    Assignment,
    Background,
    Case,
    Chain,
    Conditional,
    FunctionDefinition,
    Group,
    Loop,
    Pipeline,
    Redirected,
    Script,
    SimpleCommand,
    Statement,
    Test,
    Word,
)

JudgeCommand = Callable[[Call], Text]

_MAX_TURNS = 5
_LOOP_EXITS = frozenset({"break", "continue"})
_SPECIAL_BUILTINS = frozenset(
    {"break", ":", "continue", ".", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times"}
    | {"trap", "unset"}
)
"""Of some shells, variables that are set for these stay set."""
_INDEXED = re.compile(r"\[(.*?)\]\+?=", re.DOTALL)
_MAX_INDEX = 64
_EVALUATING_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"})


class Interpreter:
    """Runs a script in the mind. Branches are all taken, loops run twice, nothing is decided."""

    def __init__(self, *, judge_command: JudgeCommand, findings: Findings) -> None:
        self._judge_command = judge_command
        self._findings = findings
        self._budget = Budget()
        self._active_functions: set[str] = set()
        self._roles: set[str] = set()
        self._loop_exits: list[Scope] = []
        """What was known where a loop may be left early."""

    # What commands ask for.

    def report(self, rule: str, excerpt: str) -> None:
        self._findings.add(rule, excerpt)

    def note_role(self, role: str) -> None:
        """Remember what this stage of a pipeline is: a `shell` that reads commands, or a raw `network` client."""
        self._roles.add(role)

    def run_words(self, words: Fields, *, scope: Scope, stdin: Text | None) -> Text:
        if not words:
            return EMPTY
        self._budget.spend()
        with self._budget.deeper():
            name = words[0].text
            if name in _LOOP_EXITS:
                self._loop_exits.append(scope.copy())
            if name in scope.functions:
                return self._call_function(name, words, scope=scope, stdin=stdin)
            excerpt = " ".join(word.text for word in words)
            return self._judge_command(Call(words[0], words[1:], scope, self, stdin=stdin, excerpt=excerpt))

    def run_text(self, text: Text, *, scope: Scope, stdin: Text | None) -> Text:
        try:
            script = parse_script(text.text)
        except NotUnderstood:
            self.report("C-not-understood", text.text)
            rule = find_destructive_text(text.text)
            if rule:
                self.report(rule, text.text)
            return ANYTHING
        with self._budget.deeper():
            return self.run_script(script, scope, stdin)

    @contextmanager
    def trying(self) -> Iterator[Findings]:
        """Collect what is found meanwhile, without reporting it."""
        kept, self._findings = self._findings, Findings()
        try:
            yield self._findings
        finally:
            self._findings = kept

    # Statements.

    def run_script(self, script: Script, scope: Scope, stdin: Text | None) -> Text:
        outputs = [self._run_statement(statement, scope, stdin) for statement in script.statements]
        return join(outputs) if outputs else EMPTY

    def _run_statement(self, statement: Statement, scope: Scope, stdin: Text | None) -> Text:
        with self._budget.deeper():
            match statement:
                case SimpleCommand():
                    return self._run_simple(statement, scope, stdin)
                case Pipeline():
                    return self._run_pipeline(statement, scope, stdin)
                case Chain():
                    return self._run_chain(statement, scope, stdin)
                case Background():
                    self.report("C-background", statement.source)
                    return self._run_statement(statement.statement, scope.copy(), stdin)
                case Group():
                    return self.run_script(statement.body, scope.copy() if statement.is_subshell else scope, stdin)
                case Redirected():
                    return self._run_redirected(statement, scope, stdin)
                case FunctionDefinition():
                    return self._define_function(statement, scope)
                case _:
                    return self._run_branching(statement, scope, stdin)

    def _run_branching(
        self, statement: Conditional | Loop | Case | Test | ArithmeticCommand, scope: Scope, stdin: Text | None
    ) -> Text:
        match statement:
            case Conditional():
                return self._run_conditional(statement, scope, stdin)
            case Loop():
                return self._run_loop(statement, scope, stdin)
            case Case():
                return self._run_case(statement, scope, stdin)
            case Test():
                return self._run_test(statement, scope, stdin)
            case ArithmeticCommand():
                return self._run_arithmetic(statement, scope, stdin)

    def _run_pipeline(self, pipeline: Pipeline, scope: Scope, stdin: Text | None) -> Text:
        roles_before, stage_roles = self._roles, []
        feed = stdin
        for stage in pipeline.stages:
            self._roles = set()
            feed = self._run_statement(stage, scope.copy(), feed)
            stage_roles.append(self._roles)
        self._roles = roles_before.union(*stage_roles)
        if any("shell" in roles for roles in stage_roles) and any("network" in roles for roles in stage_roles):
            self.report("B7-remote-shell", pipeline.source)
        if calls_itself(pipeline):
            self.report("B3-fork-bomb", pipeline.source)
        return feed or EMPTY

    def _run_chain(self, statement: Chain, scope: Scope, stdin: Text | None) -> Text:
        outputs = [self._run_statement(statement.first, scope, stdin)]
        before = scope.copy()
        outputs.extend(self._run_statement(each, scope, stdin) for each in statement.rest)
        scope.absorb([before])
        return join(outputs)

    def _run_conditional(self, statement: Conditional, scope: Scope, stdin: Text | None) -> Text:
        outputs = [self.run_script(statement.condition, scope, stdin)]
        taken, not_taken = scope.copy(), scope.copy()
        outputs.append(self.run_script(statement.body, taken, stdin))
        if statement.otherwise is not None:
            outputs.append(self._run_statement(statement.otherwise, not_taken, stdin))
        scope.absorb([taken, not_taken])
        return join(outputs)

    def _run_loop(self, loop: Loop, scope: Scope, stdin: Text | None) -> Text:
        if is_endless_spawning(loop):
            self.report("B3-fork-bomb", "while true")
        if loop.variable:
            rule = find_variable_rule(loop.variable, command="")
            if rule:
                self.report(rule, loop.variable)
            items = scope.read("@")[0] if loop.items is None else self._folder(scope, stdin).fold_words(loop.items)
            scope.assign(loop.variable, [(item,) for item in items] or [(EMPTY,)])
        return self._repeat(loop, scope, stdin)

    def _repeat(self, loop: Loop, scope: Scope, stdin: Text | None) -> Text:
        """Run the body until nothing changes any more; what keeps changing counts as unknown from then on."""
        inner = scope.copy()
        outputs, reached = [], []
        for turn in range(_MAX_TURNS):
            before = dict(inner.variables), inner.directories
            exits, self._loop_exits = self._loop_exits, []
            if loop.condition is not None:
                outputs.append(self.run_script(loop.condition, inner, stdin))
            outputs.append(self.run_script(loop.body, inner, stdin))
            inner.absorb(self._loop_exits)
            self._loop_exits = exits
            reached.append(inner.copy())
            if (inner.variables, inner.directories) == before:
                break
            if turn:
                inner.forget_changed(before[0])
        else:
            self.report("C-too-complex", loop.variable or "while")
        scope.absorb(reached)
        return join(outputs)

    def _run_case(self, statement: Case, scope: Scope, stdin: Text | None) -> Text:
        folder = self._folder(scope, stdin)
        for word in (statement.subject, *statement.patterns):
            folder.fold_text(word)
        branches = [scope.copy() for _ in statement.bodies]
        outputs = [self.run_script(body, inner, stdin) for body, inner in zip(statement.bodies, branches, strict=True)]
        scope.absorb(branches)
        return join([EMPTY, *outputs])

    def _run_test(self, test: Test, scope: Scope, stdin: Text | None) -> Text:
        folder = self._folder(scope, stdin)
        is_evaluating = any(word.bare in _EVALUATING_TESTS for word in test.words)
        part: list[Text] = []
        before = ""
        for word in test.words:
            if is_evaluating:
                folder.fold_arithmetic(word)
            text = folder.fold_text(word)
            if before == ">" and scope.is_posix:
                # A redirection, where `[[` is the name of a command.
                self.report(find_write_rule(text, scope) or "C-file-write", test.source)
            before = word.bare or ""
            if word.bare in ("&&", "||"):
                self._run_elsewhere_valid(tuple(part), scope)
                part = []
            elif word.bare not in ("!", "(", ")"):
                part.append(text)
        self._run_elsewhere_valid(tuple(part), scope)
        return EMPTY

    def _run_elsewhere_valid(self, words: Fields, scope: Scope) -> None:
        """Judge a part of `[[ … ]]` as the command that it is in a shell without such tests."""
        with self.trying() as findings:
            self.run_words(words, scope=scope.copy(), stdin=None)
        self._report_known_commands(findings)

    def _report_known_commands(self, findings: Findings) -> None:
        """Report what another reading found, unless names are taken for commands only there."""
        rules = {finding.rule for finding in findings}
        if rules.isdisjoint({"C-unknown-command", "C-dynamic-command"}) and rules != {"C-file-write"}:
            self._findings.extend(findings)

    def _run_arithmetic(self, statement: ArithmeticCommand, scope: Scope, stdin: Text | None) -> Text:
        self._folder(scope, stdin).fold_arithmetic(statement.expression)
        if statement.subshell is not None:
            with self.trying() as findings:
                self.run_script(statement.subshell, scope.copy(), stdin)
            if scope.is_posix:
                # This shell has no other reading: `((1>2))` writes a file.
                self._findings.extend(findings)
            else:
                self._report_known_commands(findings)
        return EMPTY

    def _run_redirected(self, statement: Redirected, scope: Scope, stdin: Text | None) -> Text:
        redirection = follow_redirects(
            statement.redirects, scope=scope, folder=self._folder(scope, stdin), report=self.report
        )
        inner_stdin = stdin if redirection.stdin is None else redirection.stdin
        output = self._run_statement(statement.statement, scope, inner_stdin)
        return self._deliver(output, redirection, scope)

    def _define_function(self, definition: FunctionDefinition, scope: Scope) -> Text:
        self.report("C-function", definition.source)
        scope.functions[definition.name] = definition.body
        if is_fork_bomb(definition.name, definition.body, scope.functions):
            self.report("B3-fork-bomb", definition.source)
        # It may never be called, so its parameters must not be judged as empty.
        inner = scope.copy()
        inner.positional = (Text(SOMETHING),) * 9
        self._run_body(definition.name, inner, None)
        return EMPTY

    def _call_function(self, name: str, words: Fields, *, scope: Scope, stdin: Text | None) -> Text:
        positional, scope.positional = scope.positional, words[1:]
        output = self._run_body(name, scope, stdin)
        scope.positional = positional
        return output

    def _run_body(self, name: str, scope: Scope, stdin: Text | None) -> Text:
        if name in self._active_functions:
            return ANYTHING
        self._active_functions.add(name)
        output = self._run_statement(scope.functions[name], scope, stdin)
        self._active_functions.discard(name)
        return output

    # Simple commands.

    def _run_simple(self, command: SimpleCommand, scope: Scope, stdin: Text | None) -> Text:
        names = [name for name in scope.variables if scope.is_ambiguous(name)]
        if names:
            used = set(find_parameters(command))
            names = [name for name in names if name in used]
        if not names:
            return self._run_bound(command, scope, stdin)
        outputs, copies = [], []
        for choice in scope.choices(names):
            bound = scope.copy()
            bound.variables.update(choice)
            outputs.append(self._run_bound(command, bound, stdin))
            copies.append(bound)
        scope.absorb(copies, keeping=names)
        return join(outputs)

    def _run_bound(self, command: SimpleCommand, scope: Scope, stdin: Text | None) -> Text:
        """Run a command whose variables each have one value."""
        folder = self._folder(scope, stdin)
        redirection = follow_redirects(command.redirects, scope=scope, folder=folder, report=self.report)
        own_stdin = stdin if redirection.stdin is None else redirection.stdin
        folder = self._folder(scope, own_stdin)
        words = tuple(chain.from_iterable(self._fold_argument(word, folder, scope) for word in command.words))
        inner = scope.copy() if command.assignments and command.words else scope
        for assignment in command.assignments:
            self._assign(assignment, folder=folder, scope=inner, command=words[0].text if words else "")
        roles_before, self._roles = self._roles, set()
        output = self.run_words(words, scope=inner, stdin=own_stdin)
        if words:
            scope.last_word = words[-1]
        elif redirection.stdin is not None:
            # `$(<file)` prints the file.
            output = redirection.stdin
        if redirection.reaches_network and "shell" in self._roles:
            self.report("B7-remote-shell", command.source)
        self._roles |= roles_before
        if inner is not scope and words and words[0].text in _SPECIAL_BUILTINS:
            scope.absorb([inner])
        return self._deliver(output, redirection, scope)

    def _fold_argument(self, word: Word | Assignment, folder: WordFolder, scope: Scope) -> Fields:
        if isinstance(word, Word):
            return tuple(folder.fold(word))
        self._assign(word, folder=folder, scope=scope, command="")
        fields = scope.read(word.name)[0]
        return (join([Text(f"{word.name}="), *fields]),)

    def _assign(self, assignment: Assignment, *, folder: WordFolder, scope: Scope, command: str) -> None:
        fields = self._fold_value(assignment, folder, scope)
        if scope.evaluates_assignments:
            for field in fields:
                folder.evaluate(field.text)
        rule = find_variable_rule(assignment.name, command=command)
        if rule:
            self.report(rule, f"{assignment.name}={' '.join(field.text for field in fields)}")
        scope.assign(assignment.name, [fields])

    def _fold_value(self, assignment: Assignment, folder: WordFolder, scope: Scope) -> Fields:
        """The value that a variable gets, with what it had before where that stays."""
        before: Fields = scope.read(assignment.name)[0] if assignment.name in scope.variables else ()
        if isinstance(assignment.value, tuple):
            fields = folder.fold_words(assignment.value)
            indices = [found[1] for field in fields if (found := _INDEXED.match(field.text))]
            for index in indices:
                folder.evaluate(index)
            if indices:
                return (blur([*before, *fields]),)
            return (*before, *fields) if assignment.is_appending else fields
        value = folder.fold_text(assignment.value)
        if assignment.index is not None:
            return _put(before, folder.fold_arithmetic(assignment.index).text, value)
        if assignment.is_appending:
            return (join([*before, value]),) if len(before) < 2 else (blur([*before, value]),)
        return (value,)

    def _deliver(self, output: Text, redirection: Redirection, scope: Scope) -> Text:
        if Origin.ENDLESS in output.origins and any(not is_standard(target) for target, _ in redirection.files):
            self.report("B2-dd-fill", redirection.files[0][0].text)
        for script in redirection.readers:
            self.run_script(script, scope.copy(), output)
        return deliver(output, redirection, scope)

    def _folder(self, scope: Scope, stdin: Text | None) -> WordFolder:
        return WordFolder(scope, run=self.run_script, run_hidden=self._run_hidden, report=self.report, stdin=stdin)

    def _run_hidden(self, text: str, scope: Scope) -> None:
        self.report("C-hidden-expansion", text)
        self.run_text(Text(f": {text}"), scope=scope.copy(), stdin=None)


def _put(fields: Fields, index: str, value: Text) -> Fields:
    """An array with one of its words set; nothing is known of it when nobody can tell which."""
    if not index.isdigit() or int(index) > _MAX_INDEX:
        return (blur([*fields, value]),)
    place = int(index)
    padded = (*fields, *(ANYTHING,) * (place - len(fields)))
    return (*padded[:place], value, *padded[place + 1 :])
