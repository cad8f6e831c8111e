"""From the nodes of the grammar to words: quotes, variables, substitutions, arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable

import tree_sitter

from simulator.hosts.shell.syntax import Arithmetic, Part, Sequence, Substitution, Text, Variable, Word

_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\x1b", "a": "\a", "0": "\0"}
_OPERATORS = re.compile(r":?[-=+?]|##?|%%?|//?[#%]?|\^\^?|,,?|:")


class ScriptFault(Exception):
    """The text is no script, or one that this shell does not know."""


class WordReader:
    """Reads words out of one text; the scripts inside of substitutions are read by the given reader."""

    def __init__(
        self, data: bytes, *, read_nodes: Callable[[tree_sitter.Node], Sequence], read_text: Callable[[str], Sequence]
    ) -> None:
        self._data = data
        self._read_nodes = read_nodes
        self._read_text = read_text

    def text(self, node: tree_sitter.Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "surrogateescape")

    # -- statements, one reader per node type of the grammar

    def word(self, node: tree_sitter.Node, *, is_quoted: bool = False) -> Word:
        match node.type:
            case "concatenation" | "command_name":
                return self.gapped(node, node.start_byte, node.end_byte, is_quoted=is_quoted)
            case "string" | "translated_string":
                inner = self.gapped(node, node.start_byte + 1, node.end_byte - 1, is_quoted=True)
                return inner if inner.parts else Word((Text("", is_quoted=True),))
            case _:
                return Word((self._part(node, is_quoted=is_quoted),))

    def _part(self, node: tree_sitter.Node, *, is_quoted: bool) -> Part:
        match node.type:
            case "raw_string":
                return Text(self.text(node)[1:-1], is_quoted=True)
            case "ansi_c_string":
                return Text(re.sub(r"\\(.)", _unescape_ansi, self.text(node)[2:-1]), is_quoted=True)
            case "simple_expansion":
                return Variable(self.text(node).strip()[1:], is_quoted)
            case "expansion":
                return self._expansion(node, is_quoted=is_quoted)
            case "command_substitution":
                return self._substitution(node, is_quoted=is_quoted)
            case "arithmetic_expansion":
                begin = node.start_byte + self.text(node).index("(") + 2
                return Arithmetic(self.gapped(node, begin, node.end_byte - 2))
            case _:
                return self._plain_text(self.text(node), is_quoted=is_quoted)

    def _substitution(self, node: tree_sitter.Node, *, is_quoted: bool) -> Part:
        text = self.text(node)
        if text.startswith("$(("):
            # In here-documents the grammar does not know arithmetic.
            return Arithmetic(self.gapped(node, node.start_byte + 3, node.end_byte - 2))
        if text.startswith("`"):
            return Substitution(self._read_text(re.sub(r"\\([\\$`])", r"\1", text[1:-1])), is_quoted)
        return Substitution(self._read_nodes(node), is_quoted)

    def _plain_text(self, text: str, *, is_quoted: bool) -> Text:
        if "\\" not in text:
            return Text(text, is_quoted)
        if is_quoted:
            return Text(re.sub(r"\\([$`\"\\])|\\\n", lambda found: found[1] or "", text), is_quoted=True)
        # An escaped sign is quoted, so it is no pattern; the rest of such a word hardly ever is one.
        return Text(re.sub(r"\\(\n)?(.)?", lambda found: found[2] or "", text), is_quoted=True)

    def _expansion(self, node: tree_sitter.Node, *, is_quoted: bool) -> Variable:
        text = self.text(node).lstrip()[2:-1]
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
        argument = self.gapped(node, begin, node.end_byte - 1)
        return Variable(name[0], is_quoted, operator[0], argument)

    def gapped(self, node: tree_sitter.Node, begin: int, end: int, *, is_quoted: bool = False) -> Word:
        """The children between two places as parts; what no child covers is text."""
        parts: list[Part] = []
        position = begin
        for child in _expanding(node, begin=begin, end=end):
            # Inside of quotes the grammar counts blanks before an expansion as part of it.
            blanks = len(self.text(child)) - len(self.text(child).lstrip())
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


def plain_word(text: str) -> Word:
    return Word((Text(text, is_quoted=True),))


def quoted_word(word: Word) -> Word:
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
