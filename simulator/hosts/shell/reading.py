"""From the text of a script to its tree, by the bash grammar of tree-sitter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter
import tree_sitter_bash

from simulator.hosts.shell.syntax import (
    AndOr,
    Arithmetic,
    Background,
    Case,
    For,
    Function,
    Group,
    If,
    Negated,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Statement,
    Text,
    While,
    Word,
)
from simulator.hosts.shell.words import ScriptFault, WordReader, plain_word, quoted_word

LONGEST_SCRIPT = 64 * 1024
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
_HEREDOC = re.compile(r"<<-?[ \t]*[\"']?(\w+)[\"']?")
_IGNORED = {"comment", "heredoc_body", "heredoc_end"}


@lru_cache(maxsize=256)
def read_script(source: str) -> Sequence:
    """The tree of a script; raise ScriptFault with the text that a shell would complain about."""
    if len(source) > LONGEST_SCRIPT:
        raise ScriptFault("script too long")
    return Sequence(tuple(statement for chunk in _split_lines(source) for statement in _read_chunk(chunk).statements))


def _split_lines(source: str) -> Iterator[str]:
    """The smallest runs of lines that are complete by themselves.

    In long texts the grammar takes the closing brace of a group for a command; line by line it does not.
    """
    pending = ""
    for line in source.split("\n"):
        pending += line + "\n"
        if line.endswith("\\") or _awaits_heredoc(pending) or not _is_complete(pending):
            continue
        yield pending
        pending = ""
    if pending:
        yield pending


def _awaits_heredoc(text: str) -> bool:
    found = _HEREDOC.search(text)
    return found is not None and re.search(rf"^\t*{re.escape(found[1])}$", text[found.end() :], re.MULTILINE) is None


def _is_complete(text: str) -> bool:
    return not _PARSER.parse(text.encode("utf-8", "surrogateescape")).root_node.has_error


def _read_chunk(text: str) -> Sequence:
    data = text.encode("utf-8", "surrogateescape")
    root = _PARSER.parse(data).root_node
    if root.has_error:
        raise ScriptFault(f"syntax error near unexpected token `{_find_error(root, data)}'")
    return _Reader(data).sequence(root)


def _find_error(node: tree_sitter.Node, data: bytes) -> str:
    while True:
        broken = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if broken is None:
            text = data[node.start_byte : node.end_byte].decode(errors="replace").strip()
            return (text.split() or ["newline"])[0][:40]
        node = broken


class _Reader:
    """Turns the nodes of one text into our tree."""

    def __init__(self, data: bytes) -> None:
        self._words = WordReader(data, read_nodes=self.sequence, read_text=read_script)

    def sequence(self, node: tree_sitter.Node) -> Sequence:
        """The statements among the children of a node."""
        statements: list[Statement] = []
        for child in node.children:
            if child.type == "&" and statements:
                statements[-1] = Background(statements[-1])
            elif child.is_named and child.type not in _IGNORED:
                statements.append(self.statement(child))
        return Sequence(tuple(statements))

    def statement(self, node: tree_sitter.Node) -> Statement:
        reader = getattr(self, f"_read_{node.type}", None)
        if reader is None:
            raise ScriptFault(f"syntax error near `{self._text(node)[:40]}'")
        statement: Statement = reader(node)
        return statement

    def _text(self, node: tree_sitter.Node) -> str:
        return self._words.text(node)

    # -- statements, one reader per node type of the grammar

    def _read_command(self, node: tree_sitter.Node) -> Statement:
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        redirects: list[Redirect] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child))
            elif child.type.endswith("_redirect"):
                redirects.append(self._redirect(child))
            elif child.type == "command_name":
                words.append(self._words.word(child.children[0]))
            elif child.is_named or child.type not in {"(", ")"}:
                words.append(self._words.word(child))
        if words and words[0] == Word((Text("}"),)):
            raise ScriptFault("syntax error near unexpected token `}'")
        simple = Simple(tuple(words), tuple(assignments))
        return Redirected(simple, tuple(redirects)) if redirects else simple

    def _read_variable_assignment(self, node: tree_sitter.Node) -> Statement:
        return Simple((), (self._assignment(node),))

    def _read_variable_assignments(self, node: tree_sitter.Node) -> Statement:
        return Simple((), tuple(self._assignment(child) for child in node.named_children))

    def _read_declaration_command(self, node: tree_sitter.Node) -> Statement:
        words = [plain_word(self._text(node.children[0]))]
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                name, value = self._assignment(child)
                words.append(Word((Text(f"{name}=", is_quoted=True), *quoted_word(value).parts)))
            else:
                words.append(self._words.word(child))
        return Simple(tuple(words))

    def _read_unset_command(self, node: tree_sitter.Node) -> Statement:
        return Simple(tuple(plain_word(self._text(child)) for child in node.children))

    def _read_test_command(self, node: tree_sitter.Node) -> Statement:
        """`[ … ]` and `[[ … ]]` become a command with flat words; `(( … ))` an arithmetic one."""
        opening = self._text(node.children[0])
        if opening == "((":
            inner = self._words.gapped(node, node.children[0].end_byte, node.children[-1].start_byte)
            return Simple((plain_word("(("), Word((Arithmetic(inner),))))
        words = [self._words.word(leaf) for child in node.children[1:-1] for leaf in _test_leaves(child)]
        return Simple((plain_word(opening), *words, plain_word("]" if opening == "[" else "]]")))

    def _read_redirected_statement(self, node: tree_sitter.Node) -> Statement:
        redirects = tuple(self._redirect(child) for child in node.children if child.type.endswith("_redirect"))
        bodies = [child for child in node.named_children if not child.type.endswith("_redirect")]
        body = _redirect_last(self.statement(bodies[0]) if bodies else Simple(()), redirects)
        for child in node.children:
            if child.type == "heredoc_redirect":
                body = self._continue_after_heredoc(body, child)
        return body

    def _continue_after_heredoc(self, body: Statement, node: tree_sitter.Node) -> Statement:
        """The grammar counts what follows `<<END` on its line as part of the redirection."""
        operator = ""
        for child in node.children:
            if child.type in {"&&", "||"}:
                operator = child.type
            elif child.type == "pipeline":
                rest = [self.statement(stage) for stage in child.named_children if stage.type not in _IGNORED]
                body = Pipeline((body, *rest))
            elif operator and child.type not in {*_IGNORED, "heredoc_start"}:
                body, operator = AndOr(body, operator, self.statement(child)), ""
        return body

    def _read_pipeline(self, node: tree_sitter.Node) -> Statement:
        stages: list[Statement] = []
        for child in node.children:
            if child.type == "|&" and stages:
                stages[-1] = Redirected(stages[-1], (Redirect(">&", plain_word("1"), 2),))
            elif child.is_named and child.type not in _IGNORED:
                stages.append(self.statement(child))
        return Pipeline(tuple(stages))

    def _read_list(self, node: tree_sitter.Node) -> Statement:
        left, operator, right = (child for child in node.children if child.type not in _IGNORED)
        return AndOr(self.statement(left), operator.type, self.statement(right))

    def _read_negated_command(self, node: tree_sitter.Node) -> Statement:
        return Negated(self.statement(node.named_children[0]))

    def _read_subshell(self, node: tree_sitter.Node) -> Statement:
        return Group(self.sequence(node), is_subshell=True)

    def _read_compound_statement(self, node: tree_sitter.Node) -> Statement:
        if node.children[0].type == "((":
            inner = self._words.gapped(node, node.children[0].end_byte, node.children[-1].start_byte)
            return Simple((plain_word("(("), Word((Arithmetic(inner),))))
        return Group(self.sequence(node))

    def _read_if_statement(self, node: tree_sitter.Node) -> Statement:
        branches = [self._branch(node)]
        otherwise: Sequence | None = None
        for child in node.named_children:
            if child.type == "elif_clause":
                branches.append(self._branch(child))
            elif child.type == "else_clause":
                otherwise = self.sequence(child)
        return If(tuple(branches), otherwise)

    def _branch(self, node: tree_sitter.Node) -> tuple[Sequence, Sequence]:
        condition: list[Statement] = []
        body: list[Statement] = []
        into = condition
        for child in node.children:
            if child.type == "then":
                into = body
            elif child.is_named and child.type not in {*_IGNORED, "elif_clause", "else_clause"}:
                into.append(self.statement(child))
        return Sequence(tuple(condition)), Sequence(tuple(body))

    def _read_for_statement(self, node: tree_sitter.Node) -> Statement:
        body = next(child for child in node.named_children if child.type in {"do_group", "compound_statement"})
        variable = next(child for child in node.named_children if child.type == "variable_name")
        has_list = any(child.type == "in" for child in node.children)
        words = [self._words.word(child) for child in node.named_children if child not in (body, variable)]
        return For(self._text(variable), tuple(words) if has_list else None, self.sequence(body))

    def _read_while_statement(self, node: tree_sitter.Node) -> Statement:
        body = next(child for child in node.named_children if child.type == "do_group")
        condition = [self.statement(child) for child in node.named_children if child != body]
        return While(Sequence(tuple(condition)), self.sequence(body), is_until=node.children[0].type == "until")

    def _read_case_statement(self, node: tree_sitter.Node) -> Statement:
        subject = self._words.word(node.named_children[0])
        items = [self._case_item(child) for child in node.named_children if child.type == "case_item"]
        return Case(subject, tuple(items))

    def _case_item(self, node: tree_sitter.Node) -> tuple[tuple[Word, ...], Sequence]:
        patterns: list[Word] = []
        body: list[Statement] = []
        is_body = False
        for child in node.children:
            if child.type == ")":
                is_body = True
            elif child.is_named and child.type not in _IGNORED:
                if is_body:
                    body.append(self.statement(child))
                else:
                    patterns.append(self._words.word(child))
        return tuple(patterns), Sequence(tuple(body))

    def _read_function_definition(self, node: tree_sitter.Node) -> Statement:
        name, *rest = (child for child in node.named_children)
        redirects = tuple(self._redirect(child) for child in rest if child.type.endswith("_redirect"))
        body = self.statement(rest[0])
        return Function(self._text(name), Redirected(body, redirects) if redirects else body)

    def _assignment(self, node: tree_sitter.Node) -> tuple[str, Word]:
        name, *values = node.named_children
        return self._text(name), self._words.word(values[0]) if values else Word()

    def _redirect(self, node: tree_sitter.Node) -> Redirect:
        descriptor: int | None = None
        operator = ""
        target = Word()
        is_literal = False
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = int(self._text(child))
            elif child.type == "heredoc_body":
                target = self._heredoc_text(child, is_literal=is_literal)
            elif child.type == "heredoc_start":
                is_literal = not self._text(child).isalnum()
            elif child.is_named and operator not in {"<<", "<<-"}:
                target = self._words.word(child)
            elif not operator:
                operator = child.type
        return Redirect("<<" if operator == "<<-" else operator, target, descriptor)

    def _heredoc_text(self, node: tree_sitter.Node, *, is_literal: bool) -> Word:
        if is_literal:
            return Word((Text(self._text(node), is_quoted=True),))
        return self._words.gapped(node, node.start_byte, node.end_byte, is_quoted=True)


def _test_leaves(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    if node.type in {"unary_expression", "binary_expression", "parenthesized_expression"}:
        return [leaf for child in node.children for leaf in _test_leaves(child)]
    return [node]


def _redirect_last(statement: Statement, redirects: tuple[Redirect, ...]) -> Statement:
    """The grammar puts the redirection of the last command around the whole list."""
    match statement:
        case AndOr(left, operator, right):
            return AndOr(left, operator, _redirect_last(right, redirects))
        case Pipeline(stages):
            return Pipeline((*stages[:-1], _redirect_last(stages[-1], redirects)))
        case _:
            return Redirected(statement, redirects)
