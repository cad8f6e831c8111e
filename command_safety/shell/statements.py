"""Reads statements: lists, pipelines, compound commands, redirections, here-documents."""

from __future__ import annotations

import re
from dataclasses import dataclass

from command_safety.shell.cursor import Cursor, NotUnderstood
from command_safety.shell.syntax import (
    ArithmeticCommand,
    Assignment,
    Background,
    Case,
    Chain,
    Conditional,
    FunctionDefinition,
    Group,
    Heredoc,
    Literal,
    Loop,
    Pipeline,
    Redirect,
    Redirected,
    Script,
    SimpleCommand,
    Statement,
    Test,
    Word,
)
from command_safety.shell.words import WordReader

_END = r"(?=[ \t\n;&|()<>]|$)"
_RESERVED = re.compile(rf"(?:then|elif|else|fi|do|done|esac|in|\}}){_END}")
_KEYWORD = re.compile(rf"(?:if|for|select|while|until|case|function|coproc|time|\{{|!|\[\[){_END}")
_FUNCTION = re.compile(r"([^\s\\'\"$`|&;()<>]+)[ \t]*\([ \t]*\)")
_FUNCTION_NAME = re.compile(r"[^\s\\'\"$`|&;()<>]+")
_REDIRECT = re.compile(r"(\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<|>)(?!\()")
_SEPARATORS = re.compile(r"(?:[ \t\n]|\\\n)*")
_COMMENT = re.compile(r"#[^\n]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?=\[|\+?=)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DECLARATIONS = frozenset({"declare", "typeset", "export", "local", "readonly"})
_TIME_OPTIONS = re.compile(r"(?:[ \t]+(?:-p|--)(?=[ \t]))*")
_PIPE = re.compile(r"\|&?(?!\|)")
_CASE_END = re.compile(r";;&|;;|;&")


@dataclass(slots=True)
class _PendingHeredoc:
    delimiter: str
    is_literal: bool
    strips_tabs: bool
    heredoc: Heredoc


def parse_script(source: str, *, depth: int = 0) -> Script:
    """The tree of a script; raises NotUnderstood when the text is none."""
    cursor = Cursor(source, depth=depth)
    script = _read_script(cursor)
    if not cursor.at_end:
        raise NotUnderstood(f"unexpected text at {cursor.position}")
    return script


def _read_script(cursor: Cursor) -> Script:
    reader = StatementReader(cursor)
    script = reader.read_script()
    reader.finish()
    return script


class StatementReader:
    """Reads statements from a cursor, each compound command by its keyword."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._words = WordReader(cursor, read_script=_read_script)
        self._heredocs: list[_PendingHeredoc] = []

    def read_script(self) -> Script:
        """Statements up to a reserved word, `)`, `;;` or the end; the caller checks which of them it wants."""
        statements: list[Statement] = []
        while not self._at_list_end():
            start = self._cursor.position
            statements.append(self._read_chain())
            self._cursor.skip_blanks()
            if self._cursor.match(_CASE_END):
                break
            if self._cursor.take_text("&"):
                last = statements.pop()
                statements.append(Background(last, source=self._source_since(start)))
            elif not self._cursor.take_text(";") and not self._at_newline():
                break
        return Script(tuple(statements))

    def finish(self) -> None:
        """Give here-documents that never began an empty body."""
        self._read_heredocs()

    def _at_list_end(self) -> bool:
        self._skip_separators()
        return bool(
            self._cursor.at_end
            or self._cursor.peek() == ")"
            or self._cursor.match(_RESERVED)
            or self._cursor.match(_CASE_END)
        )

    def _at_newline(self) -> bool:
        return self._cursor.peek() in ("\n", "#")

    def _skip_separators(self) -> None:
        """Move past blanks, comments and newlines; after a newline come the here-documents."""
        while True:
            self._cursor.skip_blanks()
            if self._cursor.peek() == "#":
                self._cursor.take(_COMMENT)
            elif self._cursor.peek() == "\n":
                self._cursor.advance()
                self._read_heredocs()
            else:
                return

    def _read_chain(self) -> Statement:
        first = self._read_pipeline()
        rest: list[Statement] = []
        self._cursor.skip_blanks()
        while self._cursor.starts_with("&&") or self._cursor.starts_with("||"):
            self._cursor.advance(2)
            self._skip_separators()
            rest.append(self._read_pipeline())
            self._cursor.skip_blanks()
        return Chain(first, tuple(rest)) if rest else first

    def _read_pipeline(self) -> Statement:
        start = self._cursor.position
        self._skip_pipeline_prefixes()
        stages = [self._read_command()]
        self._cursor.skip_blanks()
        while self._cursor.match(_PIPE):
            self._cursor.take(_PIPE)
            self._skip_separators()
            self._skip_pipeline_prefixes()
            stages.append(self._read_command())
            self._cursor.skip_blanks()
        if len(stages) == 1:
            return stages[0]
        return Pipeline(tuple(stages), source=self._source_since(start))

    def _skip_pipeline_prefixes(self) -> None:
        """`!` and `time` say nothing about what runs."""
        while True:
            self._cursor.skip_blanks()
            keyword = self._cursor.match(_KEYWORD)
            if keyword is None or keyword.group() not in ("!", "time"):
                return
            self._cursor.advance(len(keyword.group()))
            if keyword.group() == "time":
                self._cursor.take(_TIME_OPTIONS)
                if self._cursor.at_end:
                    return

    def _read_command(self) -> Statement:
        start = self._cursor.position
        statement = self._read_compound()
        if statement is None:
            return self._read_simple()
        redirects: list[Redirect] = []
        self._cursor.skip_blanks()
        while self._read_redirect(redirects):
            self._cursor.skip_blanks()
        if not redirects:
            return statement
        return Redirected(statement, tuple(redirects), source=self._source_since(start))

    def _read_compound(self) -> Statement | None:
        """A compound command or a function; None when a simple command stands here."""
        self._cursor.enter()
        statement = self._read_bracketed() or self._read_by_keyword() or self._read_function()
        self._cursor.leave()
        return statement

    def _read_bracketed(self) -> Statement | None:
        if self._cursor.starts_with("(("):
            start = self._cursor.position
            try:
                self._cursor.advance(2)
                return ArithmeticCommand(self._words.read_arithmetic())
            except NotUnderstood:
                self._cursor.position = start
        if not self._cursor.take_text("("):
            return None
        body = self._read_body(")")
        return Group(body, is_subshell=True)

    def _read_by_keyword(self) -> Statement | None:
        found = self._cursor.match(_KEYWORD)
        if found is None or found.group() in ("!", "time"):
            return None
        keyword = found.group()
        start = self._cursor.position
        self._cursor.advance(len(keyword))
        self._cursor.skip_blanks()
        match keyword:
            case "{":
                return Group(self._read_body("}"), is_subshell=False)
            case "if":
                return self._read_conditional()
            case "for" | "select":
                return self._read_for()
            case "while" | "until":
                return self._read_while()
            case "case":
                return self._read_case()
            case "[[":
                return self._read_test(start)
            case "coproc":
                return self._read_coprocess(start)
            case _:
                return self._read_function_after_keyword(start)

    def _read_body(self, closing: str) -> Script:
        """A list that must hold something, and the text that closes it."""
        body = self._read_list()
        self._expect_keyword(closing)
        return body

    def _read_list(self) -> Script:
        body = self.read_script()
        if not body.statements:
            raise NotUnderstood(f"a command is missing at {self._cursor.position}")
        return body

    def _expect_keyword(self, keyword: str) -> None:
        self._skip_separators()
        self._cursor.expect(keyword)

    def _take_keyword(self, keyword: str) -> bool:
        found = self._cursor.match(_RESERVED)
        if found is None or found.group() != keyword:
            return False
        self._cursor.advance(len(keyword))
        return True

    def _read_conditional(self) -> Conditional:
        condition = self._read_body("then")
        body = self._read_list()
        if self._take_keyword("elif"):
            self._cursor.enter()
            otherwise: Statement | None = self._read_conditional()
            self._cursor.leave()
            return Conditional(condition, body, otherwise)
        if self._take_keyword("else"):
            otherwise = Group(self._read_body("fi"), is_subshell=False)
            return Conditional(condition, body, otherwise)
        self._expect_keyword("fi")
        return Conditional(condition, body, None)

    def _read_for(self) -> Statement:
        if self._cursor.take_text("(("):
            expression = self._words.read_arithmetic()
            self._cursor.skip_blanks()
            self._cursor.take_text(";")
            head = Script((ArithmeticCommand(expression),))
            return Loop(self._read_loop_body(), condition=head)
        variable = self._cursor.take(_NAME)
        if not variable:
            raise NotUnderstood("'for' without a name")
        self._skip_separators()
        items: tuple[Word, ...] | None = None
        if self._take_keyword("in"):
            items = self._read_words()
            self._cursor.skip_blanks()
            if not self._cursor.take_text(";") and not self._at_newline():
                raise NotUnderstood("'do' is missing")
        else:
            self._cursor.take_text(";")
        return Loop(self._read_loop_body(), variable=variable, items=items)

    def _read_words(self) -> tuple[Word, ...]:
        words: list[Word] = []
        self._cursor.skip_blanks()
        while self._cursor.peek() != "#" and (word := self._words.read_word()) is not None:
            words.append(word)
            self._cursor.skip_blanks()
        return tuple(words)

    def _read_loop_body(self) -> Script:
        self._skip_separators()
        if self._cursor.take_text("{"):
            return self._read_body("}")
        self._expect_keyword("do")
        return self._read_body("done")

    def _read_while(self) -> Loop:
        condition = self._read_body("do")
        return Loop(self._read_body("done"), condition=condition)

    def _read_case(self) -> Case:
        subject = self._words.read_word()
        if subject is None:
            raise NotUnderstood("'case' without a word")
        self._expect_keyword("in")
        patterns: list[Word] = []
        bodies: list[Script] = []
        while not self._at_case_end():
            patterns.extend(self._read_case_patterns())
            bodies.append(self.read_script())
            self._cursor.skip_blanks()
            if not self._cursor.take(_CASE_END) and not self._at_case_end():
                raise NotUnderstood("';;' is missing")
        self._expect_keyword("esac")
        return Case(subject, tuple(patterns), tuple(bodies))

    def _at_case_end(self) -> bool:
        self._skip_separators()
        found = self._cursor.match(_RESERVED)
        return self._cursor.at_end or (found is not None and found.group() == "esac")

    def _read_case_patterns(self) -> list[Word]:
        self._cursor.take_text("(")
        patterns: list[Word] = []
        while True:
            self._cursor.skip_blanks()
            word = self._words.read_word()
            if word is None:
                raise NotUnderstood("a pattern is missing")
            patterns.append(word)
            self._cursor.skip_blanks()
            if not self._cursor.take_text("|"):
                self._cursor.expect(")")
                return patterns

    def _read_test(self, start: int) -> Test:
        words: list[Word] = []
        while True:
            self._cursor.take(_SEPARATORS)
            if self._cursor.at_end:
                raise NotUnderstood("']]' is missing")
            operator = self._take_test_operator()
            if operator:
                words.append(Word((Literal(operator, is_quoted=False),)))
                continue
            is_pattern = bool(words) and words[-1].bare == "=~"
            word = self._words.read_pattern() if is_pattern else self._words.read_word()
            if word is None:
                raise NotUnderstood("a word is missing in '[['")
            if word.bare == "]]":
                return Test(tuple(words), source=self._source_since(start))
            words.append(word)

    def _take_test_operator(self) -> str:
        for operator in ("&&", "||", "(", ")"):
            if self._cursor.take_text(operator):
                return operator
        if self._cursor.peek() in ("<", ">") and self._cursor.peek(2)[1:] != "(":
            operator = self._cursor.peek()
            self._cursor.advance()
            return operator
        return ""

    def _read_coprocess(self, start: int) -> Background:
        """It runs beside the shell, as after `&`."""
        named = re.compile(r"[A-Za-z_]\w*[ \t]+(?=\{|\(|if\b|for\b|while\b|until\b|case\b|\[\[)").match(
            self._cursor.source, self._cursor.position
        )
        if named:
            self._cursor.advance(len(named.group()))
        statement = self._read_command()
        return Background(statement, source=self._source_since(start))

    def _read_function_after_keyword(self, start: int) -> FunctionDefinition:
        name = self._cursor.take(_FUNCTION_NAME)
        if not name:
            raise NotUnderstood("'function' without a name")
        self._cursor.skip_blanks()
        if self._cursor.take_text("("):
            self._cursor.skip_blanks()
            self._cursor.expect(")")
        return self._read_function_body(name, start)

    def _read_function(self) -> FunctionDefinition | None:
        found = self._cursor.match(_FUNCTION)
        if found is None:
            return None
        start = self._cursor.position
        self._cursor.advance(len(found.group()))
        return self._read_function_body(found.group(1), start)

    def _read_function_body(self, name: str, start: int) -> FunctionDefinition:
        self._skip_separators()
        body = self._read_command()
        if isinstance(body, SimpleCommand):
            raise NotUnderstood("a function body must be a compound command")
        return FunctionDefinition(name, body, source=self._source_since(start))

    def _read_simple(self) -> SimpleCommand:
        start = self._cursor.position
        words: list[Word | Assignment] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        while True:
            self._cursor.skip_blanks()
            if self._cursor.peek() == "#":
                break
            if self._read_redirect(redirects):
                continue
            takes_assignment = not words or _declares(words[0])
            found = (self._read_assignment() if takes_assignment else None) or self._words.read_word()
            if found is None:
                break
            if isinstance(found, Assignment) and not words:
                assignments.append(found)
            else:
                words.append(found)
        if not words and not assignments and not redirects:
            raise NotUnderstood(f"a command is missing at {start}")
        return SimpleCommand(tuple(words), self._source_since(start), tuple(assignments), tuple(redirects))

    def _read_assignment(self) -> Assignment | None:
        start = self._cursor.position
        name = self._cursor.take(_ASSIGNMENT)
        if not name:
            return None
        index = self._words.read_until("]") if self._cursor.take_text("[") else None
        is_appending = self._cursor.take_text("+")
        if not self._cursor.take_text("="):
            self._cursor.position = start
            return None
        value: Word | tuple[Word, ...]
        if self._cursor.take_text("("):
            value = self._read_array()
        else:
            value = self._words.read_word() or Word(())
        return Assignment(name, value, index=index, is_appending=is_appending)

    def _read_array(self) -> tuple[Word, ...]:
        words: list[Word] = []
        while True:
            self._skip_separators()
            if self._cursor.take_text(")"):
                return tuple(words)
            word = self._words.read_word()
            if word is None:
                raise NotUnderstood("')' is missing after an array")
            words.append(word)

    def _read_redirect(self, redirects: list[Redirect]) -> bool:
        found = self._cursor.match(_REDIRECT)
        if found is None:
            return False
        self._cursor.advance(len(found.group()))
        self._cursor.skip_blanks()
        descriptor, operator = found.group(1) or "", found.group(2)
        word = self._words.read_word()
        if word is None:
            raise NotUnderstood("a file name is missing after a redirection")
        if operator in ("<<", "<<-"):
            self._await_heredoc(word, redirects, descriptor=descriptor, strips_tabs=operator == "<<-")
        else:
            redirects.append(Redirect(operator, word, descriptor=descriptor))
        return True

    def _await_heredoc(self, word: Word, redirects: list[Redirect], *, descriptor: str, strips_tabs: bool) -> None:
        delimiter = word.literal
        if delimiter is None:
            raise NotUnderstood("a here-document ends with an expansion")
        is_literal = any(isinstance(part, Literal) and part.is_quoted for part in word.parts)
        heredoc = Heredoc()
        redirects.append(Redirect("<<", heredoc, descriptor=descriptor))
        self._heredocs.append(_PendingHeredoc(delimiter, is_literal, strips_tabs, heredoc))

    def _read_heredocs(self) -> None:
        pending, self._heredocs = self._heredocs, []
        for awaited in pending:
            text = self._read_heredoc_text(awaited)
            if awaited.is_literal:
                awaited.heredoc.body = Word((Literal(text, is_quoted=True),))
            else:
                reader = WordReader(self._cursor.nested(text), read_script=_read_script)
                awaited.heredoc.body = reader.read_heredoc_body()

    def _read_heredoc_text(self, awaited: _PendingHeredoc) -> str:
        lines: list[str] = []
        while not self._cursor.at_end:
            end = self._cursor.source.find("\n", self._cursor.position)
            end = len(self._cursor.source) if end < 0 else end
            line = self._cursor.source[self._cursor.position : end]
            self._cursor.advance(min(end + 1, len(self._cursor.source)) - self._cursor.position)
            line = line.lstrip("\t") if awaited.strips_tabs else line
            if line == awaited.delimiter:
                break
            lines.append(line + "\n")
        return "".join(lines)

    def _source_since(self, start: int) -> str:
        return self._cursor.source[start : self._cursor.position].strip()


def _declares(word: Word | Assignment) -> bool:
    return isinstance(word, Word) and word.literal in _DECLARATIONS
