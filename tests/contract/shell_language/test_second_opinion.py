"""Another parser of the shell language finds the same commands in the same scripts.

mvdan/sh is the reference implementation that shfmt is built on; it is asked for its tree as JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from command_safety.shell.cursor import NotUnderstood
from command_safety.shell.quoting import decode_escapes
from command_safety.shell.statements import parse_script
from command_safety.shell.syntax import SimpleCommand, Word
from tests.unit.command_safety.labelled import DATA, read_labelled

SHFMT = Path(sys.executable).with_name("shfmt")
Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int | bool | None"
EXPANSION = "(expansion)"

VARIED = [json.loads(line) for line in (DATA / "varied.jsonl").read_text().splitlines()]
LABELLED = [each.command for each in read_labelled("given")]


def own_names(source: str) -> list[str] | None:
    """Names of the simple commands as this project reads them, None when it does not understand the script."""
    try:
        return sorted(_walk_own(parse_script(source)))
    except NotUnderstood:
        return None


def _walk_own(tree: object) -> Iterator[str]:
    if isinstance(tree, SimpleCommand) and tree.words and isinstance(tree.words[0], Word):
        name = tree.words[0].literal
        yield EXPANSION if name is None else name
    if isinstance(tree, tuple):
        for item in tree:
            yield from _walk_own(item)
    elif is_dataclass(tree):
        for item in fields(tree):
            if item.name != "subshell":
                yield from _walk_own(getattr(tree, item.name))


def other_names(source: str) -> list[str] | None:
    command = [str(SHFMT), "--to-json", "-ln", "bash"]
    result = subprocess.run(command, input=source.encode(), capture_output=True, check=False, timeout=20)
    return None if result.returncode else sorted(_walk_other(json.loads(result.stdout)))


def _walk_other(tree: Tree) -> Iterator[str]:
    if isinstance(tree, dict):
        arguments = tree.get("Args")
        if tree.get("Type") == "CallExpr" and isinstance(arguments, list) and arguments:
            yield _read_name(arguments[0])
        elif tree.get("Type") == "DeclClause" and isinstance(tree["Variant"], dict):
            yield str(tree["Variant"]["Value"])
        elif tree.get("Type") == "LetClause":
            yield "let"
        for value in tree.values():
            yield from _walk_other(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from _walk_other(item)


def _read_name(word: Tree) -> str:
    name = _read_parts(word["Parts"]) if isinstance(word, dict) else None
    return EXPANSION if name is None else name


def _read_parts(parts: Tree) -> str | None:
    text = ""
    for part in parts if isinstance(parts, list) else []:
        assert isinstance(part, dict)
        piece = _read_part(part)
        if piece is None:
            return None
        text += piece
    return text


def _read_part(part: dict[str, Tree]) -> str | None:
    value = str(part.get("Value", ""))
    match part["Type"]:
        case "Lit":
            return re.sub(r"\\(.)", r"\1", value.replace("\\\n", ""))
        case "SglQuoted":
            return decode_escapes(value) if part.get("Dollar") else value
        case "DblQuoted":
            return _read_parts(part.get("Parts", []))
        case "ExtGlob":
            pattern = part["Pattern"]
            return f"{part['Op']}{pattern['Value'] if isinstance(pattern, dict) else ''})"
        case _:
            return None


@pytest.mark.parametrize("name", ["varied", "labelled"])
def test_both_parsers_find_the_same_commands(name: str) -> None:
    scripts = {"varied": VARIED, "labelled": LABELLED}[name]

    different = [source for source in scripts if own_names(source) != other_names(source)]

    assert len(scripts) > 150
    assert different == []
