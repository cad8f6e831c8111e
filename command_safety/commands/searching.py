"""`find`: which files it reaches, and what it does with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import EMPTY, UNKNOWN, Origin, Text
from command_safety.paths.protected import is_protected
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_LEADING = frozenset({"-H", "-L", "-P", "-O0", "-O1", "-O2", "-O3"})
_NAME_TESTS = frozenset({"-name", "-iname", "-path", "-ipath", "-wholename"})
_EXPRESSION = ("-", "(", ")", "!", ",")
_VALUED = word_set(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -size -user -group -uid "
    "-gid -perm -mtime -ctime -atime -mmin -cmin -amin -newer -anewer -cnewer -used -inum -links -samefile "
    "-fstype -context -type -xtype -maxdepth -mindepth -regextype -D -printf"
)
_NOT_NARROWING = word_set("-type -xtype -maxdepth -mindepth -regextype -D -printf -fstype")
_NARROWING = frozenset({"-empty", "-nouser", "-nogroup", "-executable", "-readable", "-writable"})
_WRITERS = {"-fprint": 1, "-fprint0": 1, "-fls": 1, "-fprintf": 2}
_RUNNERS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_MAX_NAMES = 8
_TAKES_ALL = frozenset({"*", "*.*", "**", "?*", "*?"})
_UNDOES_TREE = frozenset({"rm", "unlink", "rmdir", "shred", "chmod", "chown", "chgrp", "mv", "srm"})
_UNDOES_IN_SCRIPT = re.compile(rf"(?:^|[\s;|&(/])(?:{'|'.join(sorted(_UNDOES_TREE))})\s[^;|&]*\{{\}}")


@dataclass(frozen=True, slots=True)
class _Action:
    """What `find` does with a file it meets."""

    name: str
    words: Fields
    is_narrowed: bool
    """A test before it leaves files out."""


def check_find(call: Call) -> Text | None:
    paths, words = _split_paths(call.arguments)
    if any(word.may_be_option for word in call.arguments if not _is_quoted_value(word)):
        _report_dynamic(call, paths, words)
    expression = _ExpressionReader(words)
    roots = paths or (Text("."),)
    is_dangerous = any(is_protected(root, call.scope) for root in roots)
    # Some file below the first path: neither an option nor the path itself.
    found = [f"{roots[0].text.rstrip('/') or '/.'}/{UNKNOWN}/{name}" for name in _find_names(words) or ["found"]]
    for action in expression.read_actions():
        _judge_action(call, action, found, endangers=is_dangerous and not action.is_narrowed)
    lists_all = is_dangerous and not expression.is_narrowed
    origins = frozenset({Origin.PROTECTED_LISTING} if lists_all else ())
    # The names that are looked for show whether secrets are read in the end.
    printed = [f"{roots[0].text}/{UNKNOWN}/{name}" for name in _find_names(words)] or [UNKNOWN]
    return Text("\n".join(printed), origins)


def _find_names(words: Fields) -> list[str]:
    """What the file names must be like."""
    pairs = pairwise(words)
    return [value.text.rpartition("/")[2] for test, value in pairs if test.text in _NAME_TESTS]


def _is_quoted_value(word: Text) -> bool:
    return not word.is_loose and not word.text.startswith(UNKNOWN)


def _report_dynamic(call: Call, paths: Fields, words: Fields) -> None:
    """A word nobody knows may be `-delete`, unless it is the value of a test."""
    values = {place + 1 for place, word in enumerate(words) if word.text in _VALUED}
    if any(path.may_be_option for path in paths) or any(
        word.may_be_option and (word.is_loose or place not in values) for place, word in enumerate(words)
    ):
        call.report("C-dynamic-operand")


def _split_paths(arguments: Fields) -> tuple[Fields, Fields]:
    start = 0
    while start < len(arguments) and arguments[start].text in _LEADING:
        start += 1
    end = start
    while end < len(arguments) and not arguments[end].text.startswith(_EXPRESSION):
        end += 1
    return arguments[start:end], arguments[end:]


class _ExpressionReader:
    """Follows the expression from left to right; `-o` starts again without the tests before it."""

    def __init__(self, words: Fields) -> None:
        self._words = words
        self._place = 0
        self._is_negated = False
        self._narrowed = [False]
        """For each open bracket, whether a test narrows what comes next."""
        self._alternatives = [True]
        """For each open bracket, whether every part before an `-o` was narrowed."""
        self._negations: list[bool] = []

    @property
    def is_narrowed(self) -> bool:
        return self._narrowed[0] and self._alternatives[0]

    def read_actions(self) -> list[_Action]:
        actions: list[_Action] = []
        while self._place < len(self._words):
            text = self._take().text
            if text in ("!", "-not"):
                self._is_negated = True
                continue
            if text in _RUNNERS or text in _WRITERS or text == "-delete":
                actions.append(_Action(text, self._take_action_words(text), self._narrowed[-1]))
            elif text in ("(", ")", "-o", "-or", ","):
                self._regroup(text)
                continue
            elif text in _NARROWING or (self._takes_value(text) and _narrows(text, self._take().text)):
                self._narrowed[-1] = self._narrowed[-1] or not self._is_negated
            self._is_negated = False
        return actions

    def _take(self) -> Text:
        word = self._words[self._place] if self._place < len(self._words) else EMPTY
        self._place += 1
        return word

    def _take_action_words(self, action: str) -> Fields:
        rest = self._words[self._place :]
        if action in _RUNNERS:
            words = tuple(_until_end(rest))
            self._place += len(words) + 1
            return words
        count = _WRITERS.get(action, 0)
        self._place += count
        return rest[:count]

    def _takes_value(self, test: str) -> bool:
        return test in _VALUED or test.startswith("-newer")

    def _regroup(self, sign: str) -> None:
        if sign == "(":
            # Files that a negated group keeps out are not known to be few.
            self._narrowed.append(self._narrowed[-1])
            self._alternatives.append(True)
            self._negations.append(self._is_negated)
        elif sign == ")" and self._negations:
            is_inner_narrowed = all((self._alternatives.pop(), self._narrowed.pop()))
            is_negated = self._negations.pop()
            self._narrowed[-1] = self._narrowed[-1] or (is_inner_narrowed and not is_negated)
        elif sign != ")":
            self._alternatives[-1] = self._alternatives[-1] and self._narrowed[-1]
            self._narrowed[-1] = bool(self._negations) and self._narrowed[-2]
        self._is_negated = False


def _narrows(test: str, value: str) -> bool:
    return test not in _NOT_NARROWING and value not in _TAKES_ALL


def _until_end(words: Fields) -> Iterator[Text]:
    for place, word in enumerate(words):
        if word.text == ";" or (word.text == "+" and place and words[place - 1].text == "{}"):
            return
        yield word


def _judge_action(call: Call, action: _Action, found: list[str], *, endangers: bool) -> None:
    if action.name == "-delete":
        call.report("B1-find-delete" if endangers else "C-delete")
    elif action.name in _WRITERS:
        rule = find_write_rule(action.words[0], call.scope) if action.words else "C-file-write"
        if rule:
            call.report(rule)
    else:
        _judge_command(call, action, found, endangers=endangers)


def _judge_command(call: Call, action: _Action, found: list[str], *, endangers: bool) -> None:
    if action.name in ("-ok", "-okdir"):
        call.report("C-interactive")
    if endangers:
        files = [Text(UNKNOWN, frozenset({Origin.PROTECTED_LISTING}))]
    else:
        files = [Text(path) for path in found[:_MAX_NAMES]]
    for file in files:
        words = (
            Text(word.text.replace("{}", file.text), word.origins | file.origins) if "{}" in word.text else word
            for word in action.words
        )
        call.run(tuple(words))
    names = [word.text.rpartition("/")[2] for word in action.words[:3]]
    script = " ".join(word.text for word in action.words if "{}" in word.text)
    if endangers and (any(name in _UNDOES_TREE for name in names) or _UNDOES_IN_SCRIPT.search(script)):
        call.report("B1-find-delete")


def check_list(call: Call) -> Text | None:
    """`ls`: the names it prints are those of a protected directory when it is asked for all of them."""
    arguments = parse_arguments(call.arguments)
    roots = arguments.operands or (Text("."),)
    lists_paths = arguments.has("-d", "--directory")
    # Plain names mean the same only in the directory they are in.
    endangers = any(is_protected(root, call.scope) for root in roots) and (lists_paths or not arguments.operands)
    return Text(UNKNOWN, frozenset({Origin.PROTECTED_LISTING} if endangers else ()))
