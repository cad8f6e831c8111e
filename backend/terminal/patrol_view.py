"""The patrol on a terminal: its log line by line, and what is open at the end."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Line

from backend.features.patrol.domain import Finding, FindingState
from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity

_STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: ""}
_WELL = Text(en="Nothing is wrong with what could be looked at.", zh="所有可检查的对象均正常。")
_BLIND = Text(
    en="Nothing could be looked at; what is listed is from earlier patrols. The reason stands above.",
    zh="没有任何对象可检查；以下内容来自之前的巡检。原因见上方。",
)
_SUSPECTED = Text(en="seen once, to be confirmed by the next looks", zh="仅见一次，待后续巡检确认")
_SINCE = Text(en="since", zh="自")
_MODEL = Text(en="model", zh="模型")


def write_line(data: str, *, language: Language) -> str:
    """One log entry as `03:05:00 [1/3] web-1: well`."""
    entry = json.loads(data)
    words = entry["message"]["zh" if language is Language.ZH else "en"]
    clock = str(entry["at"])[11:19]
    reason = f" ({entry['reason']})" if entry["type"] == "looked" and entry["reason"] else ""
    return f"{clock} {_one_line(words + reason)}"


def print_findings(findings: Sequence[Finding], *, is_blind: bool, language: Language, console: Console) -> None:
    """Worst first, each with cause, evidence and what to do. Nothing of it is read as markup."""
    if is_blind:
        console.print(Line(_BLIND.in_language(language), style="yellow"))
    elif not findings:
        console.print(Line(_WELL.in_language(language)))
    for finding in sorted(findings, key=lambda one: (-one.severity.rank, str(one.target), one.check, one.subject)):
        _print_finding(finding, language=language, console=console)


def _print_finding(finding: Finding, *, language: Language, console: Console) -> None:
    is_open = finding.state is FindingState.OPEN
    since = (finding.opened_at or finding.first_seen_at).strftime("%Y-%m-%d %H:%M UTC")
    note = f"{_SINCE.in_language(language)} {since}" if is_open else _SUSPECTED.in_language(language)
    heading = f"{finding.target}: {finding.title.in_language(language)}"
    console.print(Line(f"{finding.severity.value.upper():<8} ", style=_STYLES[finding.severity]), end="")
    console.print(Line(_one_line(heading), style="bold"), Line(f"({note})", style="dim"), soft_wrap=True)
    lines = [finding.cause.in_language(language), *finding.evidence]
    if finding.explanation is not None:
        lines.append(f"{_MODEL.in_language(language)} {finding.explanation.model}: {finding.explanation.text}")
    for line in lines:
        console.print(Line(f"         {_one_line(line)}"), soft_wrap=True)
    for fix in finding.fixes:
        console.print(Line(f"       - {_one_line(fix.text.in_language(language))}"), soft_wrap=True)
        if fix.command:
            console.print(Line(f"           {_one_line(fix.command)}", style="cyan"), soft_wrap=True)


def _one_line(text: str) -> str:
    """Without control characters: names of processes and files come from outside."""
    return "".join(character if character.isprintable() else " " for character in text)
