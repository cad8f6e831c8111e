"""Reads statements: lists, pipelines, compound commands, redirections, here-documents."""

from __future__ import annotations

import re

from command_safety.shell.cursor import Cursor, NotUnderstood
from command_safety.shell.simple_commands import SimpleCommandReader
from command_safety.shell.syntax import (
    ArithmeticCommand,
    Background,
    Case,
    Chain,
    Conditional,
    FunctionDefinition,
    Group,
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
_SEPARATORS = re.compile(r"(?:[ \t\n]|\\\n)*")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TIME_OPTIONS = re.compile(r"(?:[ \t]+(?:-p|--)(?=[ \t]))*")
_PIPE = re.compile(r"\|&?(?!\|)")
_COPROCESS_NAME = re.compile(r"[A-Za-z_]\w*[ \t]+(?=\{|\(|\[\[|(?:if|for|while|until|case)\b)")
_CASE_END = re.compile(r";;&|;;|;&")


def parse_script(source: str, *, depth: int = 0) -> Script:
    """The tree of a script; raises NotUnderstood when the text is none."""
    cursor = Cursor(source, depth=depth)
    script = _read_script(cursor)
    if not cursor.at_end:
        raise NotUnderstood(f"unexpected text at {cursor.position}")
    return script


def _read_script(cursor: Cursor) -> Script:
    return StatementReader(cursor).read_all()


class StatementReader:
    """Reads statements from a cursor, each compound command by its keyword."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._words = WordReader(cursor, read_script=_read_script)
        self._simple = SimpleCommandReader(cursor, words=self._words, read_script=_read_script)

    def read_all(self) -> Script:
        """Statements up to what must close them."""
        script = self._read_statements()
        self._simple.check_heredocs()
        return script

    def _read_statements(self) -> Script:
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
                statements.append(Background(last, source=self._cursor.text_since(start)))
            elif not self._cursor.take_text(";") and not self._at_newline():
                break
        return Script(tuple(statements))

    def _at_list_end(self) -> bool:
        self._simple.skip_separators()
        return bool(
            self._cursor.at_end
            or self._cursor.peek() == ")"
            or self._cursor.match(_RESERVED)
            or self._cursor.match(_CASE_END)
        )

    def _at_newline(self) -> bool:
        return self._cursor.peek() in ("\n", "#")

    def _read_chain(self) -> Statement:
        first = self._read_pipeline()
        rest: list[Statement] = []
        self._cursor.skip_blanks()
        while self._cursor.starts_with("&&") or self._cursor.starts_with("||"):
            self._cursor.advance(2)
            self._simple.skip_separators()
            rest.append(self._read_pipeline())
            self._cursor.skip_blanks()
        return Chain(first, tuple(rest)) if rest else first

    def _read_pipeline(self) -> Statement:
        start = self._cursor.position
        self._skip_pipeline_prefixes()
        if self._cursor.position > start and self._at_pipeline_end():
            # `time` and `!` may stand alone.
            return Group(Script(), is_subshell=False)
        stages = [self._read_command()]
        self._cursor.skip_blanks()
        while self._cursor.match(_PIPE):
            self._cursor.take(_PIPE)
            self._simple.skip_separators()
            self._skip_pipeline_prefixes()
            stages.append(self._read_command())
            self._cursor.skip_blanks()
        if len(stages) == 1:
            return stages[0]
        return Pipeline(tuple(stages), source=self._cursor.text_since(start))

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

    def _at_pipeline_end(self) -> bool:
        self._cursor.skip_blanks()
        return self._cursor.at_end or self._cursor.peek() in (";", "\n", "&", ")")

    def _read_command(self) -> Statement:
        start = self._cursor.position
        statement = self._read_compound()
        if statement is None:
            return self._simple.read_command()
        redirects: list[Redirect] = []
        self._cursor.skip_blanks()
        while self._simple.read_redirect(redirects):
            self._cursor.skip_blanks()
        if not redirects:
            return statement
        return Redirected(statement, tuple(redirects), source=self._cursor.text_since(start))

    def _read_compound(self) -> Statement | None:
        """A compound command or a function; None when a simple command stands here."""
        self._cursor.enter()
        statement = self._read_bracketed() or self._read_by_keyword() or self._read_function()
        self._cursor.leave()
        return statement

    def _read_bracketed(self) -> Statement | None:
        if not self._cursor.starts_with("("):
            return None
        arithmetic = self._try_arithmetic() if self._cursor.starts_with("((") else None
        return arithmetic or self._read_subshell()

    def _try_arithmetic(self) -> ArithmeticCommand | None:
        """`((…))` as bash reads it, with the other reading beside; None when only that other one is left."""
        start, depth = self._cursor.position, self._cursor.depth
        self._cursor.pay_for_attempt()
        self._cursor.advance(2)
        try:
            expression = self._words.read_arithmetic()
        except NotUnderstood:
            self._cursor.position, self._cursor.depth = start, depth
            return None
        end = self._cursor.position
        self._cursor.position = start
        try:
            subshell = self._read_subshell()
        except NotUnderstood:
            subshell = None
        is_same_text = self._cursor.position == end
        self._cursor.position, self._cursor.depth = end, depth
        return ArithmeticCommand(expression, subshell.body if subshell and is_same_text else None)

    def _read_subshell(self) -> Group:
        self._cursor.expect("(")
        return Group(self._read_body(")"), is_subshell=True)

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
            case "case":
                return self._read_case()
            case "for" | "select" | "while" | "until":
                return self._read_for() if keyword in ("for", "select") else self._read_while()
            case "[[":
                return self._read_test(start)
            case _:
                return self._read_coprocess(start) if keyword == "coproc" else self._read_function_after_keyword(start)

    def _read_body(self, closing: str) -> Script:
        """A list that must hold something, and the text that closes it."""
        body = self._read_list()
        self._expect_keyword(closing)
        return body

    def _read_list(self) -> Script:
        body = self._read_statements()
        if not body.statements:
            raise NotUnderstood(f"a command is missing at {self._cursor.position}")
        return body

    def _expect_keyword(self, keyword: str) -> None:
        self._simple.skip_separators()
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
        self._simple.skip_separators()
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
        self._simple.skip_separators()
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
            bodies.append(self._read_statements())
            self._cursor.skip_blanks()
            if not self._cursor.take(_CASE_END) and not self._at_case_end():
                raise NotUnderstood("';;' is missing")
        self._expect_keyword("esac")
        return Case(subject, tuple(patterns), tuple(bodies))

    def _at_case_end(self) -> bool:
        self._simple.skip_separators()
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
            blanks = self._cursor.take(_SEPARATORS)
            if self._cursor.at_end:
                raise NotUnderstood("']]' is missing")
            if "\n" in blanks.replace("\\\n", "") and not self._may_break_test(words):
                raise NotUnderstood("a new line inside an expression of '[['")
            is_pattern = bool(words) and words[-1].bare == "=~"
            operator = "" if is_pattern else self._take_test_operator()
            if operator:
                words.append(Word((Literal(operator, is_quoted=False),)))
                continue
            word = self._words.read_pattern() if is_pattern else self._words.read_word()
            if word is None:
                raise NotUnderstood("a word is missing in '[['")
            if word.bare == "]]":
                return Test(tuple(words), source=self._cursor.text_since(start))
            words.append(word)

    def _may_break_test(self, words: list[Word]) -> bool:
        """Whether a new line may stand here: around the operators that join expressions."""
        is_after_joint = not words or words[-1].bare in ("&&", "||", "(", "!")
        return is_after_joint or any(map(self._cursor.starts_with, ("&&", "||", ")", "]]")))

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
        self._cursor.take(_COPROCESS_NAME)
        statement = self._read_command()
        return Background(statement, source=self._cursor.text_since(start))

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
        self._simple.skip_separators()
        body = self._read_command()
        if isinstance(body, SimpleCommand):
            raise NotUnderstood("a function body must be a compound command")
        return FunctionDefinition(name, body, source=self._cursor.text_since(start))
