"""From the text of a command to a verdict."""

from __future__ import annotations

import re
import unicodedata

from command_safety.commands.dispatch import judge_command
from command_safety.domain import CommandClass, Reason, Verdict
from command_safety.evaluation.findings import Finding, Findings
from command_safety.evaluation.interpreter import Interpreter
from command_safety.evaluation.last_resort import find_destructive_text
from command_safety.evaluation.limits import TooComplex
from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import Text
from command_safety.rules.loading import load_reasons

MAX_LENGTH = 8_192
"""Bytes that are looked at; a longer command is never readonly."""
_MAX_SEARCHED = 8 * MAX_LENGTH
_ODD_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[\t\n -~]*")


def classify(command: str) -> Verdict:
    """The class of a shell command with the reasons, most severe first. Never raises."""
    findings = Findings()
    if len(command.encode("utf-8", "replace")) > MAX_LENGTH:
        findings.add("C-too-long", command)
        _search_text(command[:_MAX_SEARCHED], findings)
    else:
        _interpret(_strip_odd_characters(command, findings), findings)
    return _to_verdict(findings)


def _interpret(text: str, findings: Findings) -> None:
    interpreter = Interpreter(judge_command=judge_command, findings=findings)
    try:
        interpreter.run_text(Text(text), scope=Scope(), stdin=None)
    except (TooComplex, RecursionError):
        findings.add("C-too-complex", text)
        _search_text(text, findings)


def _search_text(text: str, findings: Findings) -> None:
    rule = find_destructive_text(text)
    if rule is not None:
        findings.add(rule, text)


def _strip_odd_characters(command: str, findings: Findings) -> str:
    """The command without characters that show something else than what runs, or nothing."""
    text = command.replace("\r\n", "\n")
    if _PLAIN.fullmatch(text):
        return text
    kept = "".join(character for character in text if not _is_odd(character))
    if kept != text:
        findings.add("C-odd-characters", kept)
    return kept


def _is_odd(character: str) -> bool:
    if character in "\t\n":
        return False
    category = unicodedata.category(character)
    return category in _ODD_CATEGORIES or (category == "Zs" and character != " ")


def _to_verdict(findings: Findings) -> Verdict:
    reasons = [_to_reason(finding) for finding in findings]
    blocked = [reason for reason, command_class in reasons if command_class is CommandClass.BLOCKED]
    confirmed = [reason for reason, command_class in reasons if command_class is CommandClass.CONFIRM]
    if blocked:
        return Verdict(CommandClass.BLOCKED, (*blocked, *confirmed))
    return Verdict(CommandClass.CONFIRM if confirmed else CommandClass.READONLY, tuple(confirmed))


def _to_reason(finding: Finding) -> tuple[Reason, CommandClass]:
    text = load_reasons()[finding.rule]
    return Reason(finding.rule, text.en, text.zh, finding.excerpt), text.command_class
