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
    Part,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Statement,
    Substitution,
    Text,
    Variable,
    While,
    Word,
)

LONGEST_SCRIPT = 64 * 1024
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\x1b", "a": "\a", "0": "\0"}
_OPERATORS = re.compile(r":?[-=+?]|##?|%%?|//?[#%]?|\^\^?|,,?|:")
_HEREDOC = re.compile(r"<<-?[ \t]*[\"']?(\w+)[\"']?")
_IGNORED = {"comment", "heredoc_body", "heredoc_end"}


class ScriptFault(Exception):
    """The text is no script, or one that this shell does not know."""


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
        self._data = data

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
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "surrogateescape")

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
                words.append(self.word(child.children[0]))
            elif child.is_named or child.type not in {"(", ")"}:
                words.append(self.word(child))
        if words and words[0] == Word((Text("}"),)):
            raise ScriptFault("syntax error near unexpected token `}'")
        simple = Simple(tuple(words), tuple(assignments))
        return Redirected(simple, tuple(redirects)) if redirects else simple

    def _read_variable_assignment(self, node: tree_sitter.Node) -> Statement:
        return Simple((), (self._assignment(node),))

    def _read_variable_assignments(self, node: tree_sitter.Node) -> Statement:
        return Simple((), tuple(self._assignment(child) for child in node.named_children))

    def _read_declaration_command(self, node: tree_sitter.Node) -> Statement:
        words = [_plain(self._text(node.children[0]))]
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                name, value = self._assignment(child)
                words.append(Word((Text(f"{name}=", is_quoted=True), *_quoted(value).parts)))
            else:
                words.append(self.word(child))
        return Simple(tuple(words))

    def _read_unset_command(self, node: tree_sitter.Node) -> Statement:
        return Simple(tuple(_plain(self._text(child)) for child in node.children))

    def _read_test_command(self, node: tree_sitter.Node) -> Statement:
        """`[ … ]` and `[[ … ]]` become a command with flat words; `(( … ))` an arithmetic one."""
        opening = self._text(node.children[0])
        if opening == "((":
            inner = self._gapped(node, node.children[0].end_byte, node.children[-1].start_byte)
            return Simple((_plain("(("), Word((Arithmetic(inner),))))
        words = [self.word(leaf) for child in node.children[1:-1] for leaf in _test_leaves(child)]
        return Simple((_plain(opening), *words, _plain("]" if opening == "[" else "]]")))

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
                stages[-1] = Redirected(stages[-1], (Redirect(">&", _plain("1"), 2),))
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
            inner = self._gapped(node, node.children[0].end_byte, node.children[-1].start_byte)
            return Simple((_plain("(("), Word((Arithmetic(inner),))))
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
        words = [self.word(child) for child in node.named_children if child not in (body, variable)]
        return For(self._text(variable), tuple(words) if has_list else None, self.sequence(body))

    def _read_while_statement(self, node: tree_sitter.Node) -> Statement:
        body = next(child for child in node.named_children if child.type == "do_group")
        condition = [self.statement(child) for child in node.named_children if child != body]
        return While(Sequence(tuple(condition)), self.sequence(body), is_until=node.children[0].type == "until")

    def _read_case_statement(self, node: tree_sitter.Node) -> Statement:
        subject = self.word(node.named_children[0])
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
                    patterns.append(self.word(child))
        return tuple(patterns), Sequence(tuple(body))

    def _read_function_definition(self, node: tree_sitter.Node) -> Statement:
        name, *rest = (child for child in node.named_children)
        redirects = tuple(self._redirect(child) for child in rest if child.type.endswith("_redirect"))
        body = self.statement(rest[0])
        return Function(self._text(name), Redirected(body, redirects) if redirects else body)

    # -- words

    def _assignment(self, node: tree_sitter.Node) -> tuple[str, Word]:
        name, *values = node.named_children
        return self._text(name), self.word(values[0]) if values else Word()

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
                target = self.word(child)
            elif not operator:
                operator = child.type
        return Redirect("<<" if operator == "<<-" else operator, target, descriptor)

    def _heredoc_text(self, node: tree_sitter.Node, *, is_literal: bool) -> Word:
        if is_literal:
            return Word((Text(self._text(node), is_quoted=True),))
        return self._gapped(node, node.start_byte, node.end_byte, is_quoted=True)

    def word(self, node: tree_sitter.Node, *, is_quoted: bool = False) -> Word:
        match node.type:
            case "concatenation" | "command_name":
                return self._gapped(node, node.start_byte, node.end_byte, is_quoted=is_quoted)
            case "string" | "translated_string":
                inner = self._gapped(node, node.start_byte + 1, node.end_byte - 1, is_quoted=True)
                return inner if inner.parts else Word((Text("", is_quoted=True),))
            case _:
                return Word((self._part(node, is_quoted=is_quoted),))

    def _part(self, node: tree_sitter.Node, *, is_quoted: bool) -> Part:
        match node.type:
            case "raw_string":
                return Text(self._text(node)[1:-1], is_quoted=True)
            case "ansi_c_string":
                return Text(re.sub(r"\\(.)", _unescape_ansi, self._text(node)[2:-1]), is_quoted=True)
            case "simple_expansion":
                return Variable(self._text(node).strip()[1:], is_quoted)
            case "expansion":
                return self._expansion(node, is_quoted=is_quoted)
            case "command_substitution":
                return self._substitution(node, is_quoted=is_quoted)
            case "arithmetic_expansion":
                begin = node.start_byte + self._text(node).index("(") + 2
                return Arithmetic(self._gapped(node, begin, node.end_byte - 2))
            case _:
                return self._plain_text(self._text(node), is_quoted=is_quoted)

    def _substitution(self, node: tree_sitter.Node, *, is_quoted: bool) -> Part:
        text = self._text(node)
        if text.startswith("$(("):
            # In here-documents the grammar does not know arithmetic.
            return Arithmetic(self._gapped(node, node.start_byte + 3, node.end_byte - 2))
        if text.startswith("`"):
            return Substitution(read_script(re.sub(r"\\([\\$`])", r"\1", text[1:-1])), is_quoted)
        return Substitution(self.sequence(node), is_quoted)

    def _plain_text(self, text: str, *, is_quoted: bool) -> Text:
        if "\\" not in text:
            return Text(text, is_quoted)
        if is_quoted:
            return Text(re.sub(r"\\([$`\"\\])|\\\n", lambda found: found[1] or "", text), is_quoted=True)
        # An escaped sign is quoted, so it is no pattern; the rest of such a word hardly ever is one.
        return Text(re.sub(r"\\(\n)?(.)?", lambda found: found[2] or "", text), is_quoted=True)

    def _expansion(self, node: tree_sitter.Node, *, is_quoted: bool) -> Variable:
        text = self._text(node).lstrip()[2:-1]
        if text.startswith("#") and len(text) > 1 and re.fullmatch(r"[A-Za-z_]\w*|[@*]|\d+", text[1:]):
            return Variable(text[1:], is_quoted, is_length=True)
        name = re.match(r"[A-Za-z_]\w*|\d+|[@*#?$!-]", text)
        if name is None:
            raise ScriptFault(f"${{{text}}}: bad substitution")
        rest = text[name.end() :]
        operator = _OPERATORS.match(rest)
        if not rest:
            return Variable(name[0], is_quoted)
        if operator is None:
            raise ScriptFault(f"${{{text}}}: bad substitution")
        begin = node.end_byte - 1 - len(rest[operator.end() :].encode("utf-8", "surrogateescape"))
        argument = self._gapped(node, begin, node.end_byte - 1)
        return Variable(name[0], is_quoted, operator[0], argument)

    def _gapped(self, node: tree_sitter.Node, begin: int, end: int, *, is_quoted: bool = False) -> Word:
        """The children between two places as parts; what no child covers is text."""
        parts: list[Part] = []
        position = begin
        for child in _expanding(node, begin=begin, end=end):
            # Inside of quotes the grammar counts blanks before an expansion as part of it.
            blanks = len(self._text(child)) - len(self._text(child).lstrip())
            if child.start_byte + blanks > position:
                parts.append(self._literal(position, child.start_byte + blanks, is_quoted=is_quoted))
            parts.extend(self.word(child, is_quoted=is_quoted).parts)
            position = child.end_byte
        if position < end:
            parts.append(self._literal(position, end, is_quoted=is_quoted))
        return Word(tuple(parts))

    def _literal(self, begin: int, end: int, *, is_quoted: bool) -> Text:
        return self._plain_text(self._data[begin:end].decode("utf-8", "surrogateescape"), is_quoted=is_quoted)


_EXPANDING = {
    *("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"),
    *("string", "raw_string", "ansi_c_string", "translated_string"),
}


def _expanding(node: tree_sitter.Node, *, begin: int, end: int) -> list[tree_sitter.Node]:
    """The outermost nodes below that expand to something or are quoted, in order."""
    found: list[tree_sitter.Node] = []
    for child in node.children:
        if child.end_byte <= begin or child.start_byte >= end:
            continue
        if child.type in _EXPANDING and child.start_byte >= begin:
            found.append(child)
        else:
            found.extend(_expanding(child, begin=begin, end=end))
    return found


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


def _plain(text: str) -> Word:
    return Word((Text(text, is_quoted=True),))


def _quoted(word: Word) -> Word:
    """The same word as it would be in double quotes: no splitting, no patterns."""
    parts: list[Part] = []
    for part in word.parts:
        match part:
            case Text(value, _):
                parts.append(Text(value, is_quoted=True))
            case Variable(name, _, operator, argument, is_length):
                parts.append(Variable(name, True, operator, argument, is_length))
            case Substitution(script, _):
                parts.append(Substitution(script, is_quoted=True))
            case _:
                parts.append(part)
    return Word(tuple(parts))


def _unescape_ansi(found: re.Match[str]) -> str:
    return _ANSI.get(found[1], found[0])
