"""Whether people are told of a finding now, and in which words. A finding is told once, and again only when worse."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from backend.features.notifications.domain import (
    Audience,
    Block,
    Commands,
    Facts,
    Listing,
    Message,
    MessageKind,
    Paragraph,
)
from backend.features.patrol.domain import PATROL, Announced, Finding, FindingState
from backend.vocabulary.language import Text

_SHOWN_EVIDENCE = 3


class Occasion(StrEnum):
    """Why people are told."""

    NEW = "new"
    WORSE = "worse"
    GONE = "gone"


def find_occasion(finding: Finding, *, now: datetime, announce_recovery: bool) -> Occasion | None:
    """None when there is nothing new to say, or when somebody asked for silence.

    What happens during a silence is not lost: once it is over, the finding is compared with what was last told.
    """
    if finding.is_silent(now):
        return None
    if finding.state is FindingState.CLOSED:
        is_told = finding.announced is None or finding.is_recovery_announced or finding.closed_by != PATROL
        return None if is_told or not announce_recovery else Occasion.GONE
    if finding.state is not FindingState.OPEN:
        return None
    if finding.announced is None:
        return Occasion.NEW
    if finding.severity.rank > finding.announced.severity.rank:
        return Occasion.WORSE
    # Whoever acknowledged it is at work on it and needs no news of every step.
    return Occasion.WORSE if finding.acknowledged is None and _is_a_step_worse(finding) else None


def mark_announced(finding: Finding, occasion: Occasion, *, now: datetime) -> Finding:
    """The finding after people were told."""
    if occasion is Occasion.GONE:
        return replace(finding, is_recovery_announced=True)
    return replace(finding, announced=Announced(severity=finding.severity, value=finding.value, at=now))


def write_message(
    finding: Finding,
    occasion: Occasion,
    *,
    audience: Audience,
    check_titles: Mapping[str, Text],
) -> Message:
    """What people read. The key makes sure that the same news is sent once, however often it is written."""
    is_gone = occasion is Occasion.GONE
    stamp = finding.closed_at if is_gone else finding.last_seen_at
    title = check_titles.get(finding.check)
    return Message(
        key=f"finding:{finding.id}:{occasion}:{'' if stamp is None else stamp.isoformat()}",
        kind=MessageKind.RECOVERY if is_gone else MessageKind.ALERT,
        severity=finding.severity,
        title=f"{audience.say(_HEADINGS[occasion])} {finding.target}: {audience.say(finding.title)}",
        blocks=_write_blocks(
            finding,
            is_gone=is_gone,
            audience=audience,
            check=finding.check if title is None else audience.say(title),
        ),
        language=audience.language,
        link=audience.link,
    )


def _is_a_step_worse(finding: Finding) -> bool:
    """Whether the figure moved by a clear step since people were told; a negative step is worse when smaller."""
    before = None if finding.announced is None else finding.announced.value
    if finding.step is None or finding.value is None or before is None:
        return False
    moved = finding.value - before
    return moved >= finding.step if finding.step > 0 else moved <= finding.step


def _write_blocks(finding: Finding, *, is_gone: bool, audience: Audience, check: str) -> tuple[Block, ...]:
    words = audience.say
    since = audience.write_moment(finding.opened_at or finding.first_seen_at)
    facts = [(words(_CHECK), check), (words(_SINCE), since)]
    if is_gone and finding.closed_at is not None:
        facts.append((words(_GONE_AT), audience.write_moment(finding.closed_at)))
        return (Facts(tuple(facts)),)
    blocks: list[Block] = [Facts((*facts, (words(_CAUSE), words(finding.cause))))]
    if finding.evidence:
        blocks.append(Listing(finding.evidence[:_SHOWN_EVIDENCE]))
    if finding.explanation is not None:
        blocks.append(Paragraph(f"{words(_MODEL)} ({finding.explanation.model}): {finding.explanation.text}"))
    advice = tuple(words(fix.text) for fix in finding.fixes)
    if advice:
        blocks += [Paragraph(words(_FIX)), Listing(advice)]
    commands = tuple(fix.command for fix in finding.fixes if fix.command)
    if commands:
        blocks.append(Commands(commands))
    return tuple(blocks)


_HEADINGS = {
    Occasion.NEW: Text(en="Alert:", zh="告警："),
    Occasion.WORSE: Text(en="Alert, worse:", zh="告警升级："),
    Occasion.GONE: Text(en="Recovered (alert ended):", zh="告警恢复："),
}
_CHECK = Text(en="Check", zh="检查项")
_SINCE = Text(en="Since", zh="开始时间")
_GONE_AT = Text(en="Gone at", zh="恢复时间")
_CAUSE = Text(en="Cause", zh="原因")
_FIX = Text(en="What to do:", zh="处理建议：")
_MODEL = Text(en="The model says", zh="模型分析")
