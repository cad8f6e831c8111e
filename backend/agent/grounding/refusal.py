"""No answer from nothing: what the code says itself when the tools could not look."""

from backend.agent.domain import ToolOutcome, ToolStatus
from backend.agent.progress import TurnProgress
from backend.vocabulary.errors import ErrorKind
from backend.vocabulary.language import Language, Text

_INTRODUCTION = Text(
    en="I could not look, so I make no statement about the live state. Nothing was read and nothing was changed.",
    zh="我没能查看到现场情况,因此不对当前状态作任何判断。没有读取到任何数据,也没有做任何变更。",
)
_NEXT_STEP = Text(
    en="Check the connection named above, then ask again.",
    zh="请先检查上面提到的连接,然后再问一次。",
)


def write_refusal_to_guess(progress: TurnProgress, *, language: Language) -> str | None:
    """The final text of a turn in which nothing could be reached, or None when there is something to answer from.

    A model that is asked to go on from connection errors alone tends to invent a cluster; it is not asked.
    """
    outcomes = [call.outcome for call in progress.calls() if call.outcome is not None]
    unreachable = [outcome for outcome in outcomes if _is_unreachable(outcome)]
    if not unreachable or any(outcome.status is ToolStatus.OK for outcome in outcomes):
        return None
    reasons = list(dict.fromkeys(outcome.text for outcome in unreachable))
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"{_INTRODUCTION.in_language(language)}\n\n{listed}\n\n{_NEXT_STEP.in_language(language)}"


def _is_unreachable(outcome: ToolOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.kind is ErrorKind.TOOL_SERVER_UNREACHABLE
