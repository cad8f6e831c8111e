"""When patrol itself can see nothing, people must hear that too: silence would read as health."""

from collections.abc import Sequence
from enum import StrEnum

from backend.features.notifications.domain import Audience, Facts, Message, MessageKind
from backend.features.patrol.domain import PatrolRun, RunState
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity


class Sight(StrEnum):
    """What is to be said after a run."""

    LOST = "lost"
    BACK = "back"


def is_blind(run: PatrolRun) -> bool:
    """Whether a run that is over has read nothing at all, though there was something to read."""
    if run.state is RunState.FAILED:
        return True
    return run.state is RunState.FINISHED and run.targets > 0 and run.unknown == run.targets


def judge_sight(runs: Sequence[PatrolRun], *, after: int) -> Sight | None:
    """`runs` are those that are over, newest first, cancelled ones left out.

    Lost at exactly so many blind runs in a row, back with the first that saw something after as many.
    """
    blind = [is_blind(run) for run in runs]
    if blind[:after] == [True] * after and (len(blind) == after or not blind[after]):
        return Sight.LOST
    was_told = blind[1 : after + 1] == [True] * after
    return Sight.BACK if was_told and not blind[0] else None


def write_message(run: PatrolRun, sight: Sight, *, audience: Audience) -> Message:
    is_lost = sight is Sight.LOST
    reason = run.problem or audience.say(_ALL_UNKNOWN)
    facts = ((audience.say(_REASON), reason), (audience.say(_TO_DO), audience.say(_ADVICE)))
    return Message(
        key=f"sight:{run.id}:{sight.value}",
        kind=MessageKind.ALERT if is_lost else MessageKind.RECOVERY,
        severity=Severity.CRITICAL,
        title=audience.say(_LOST if is_lost else _BACK),
        blocks=(Facts(facts),) if is_lost else (),
        language=audience.language,
        link=audience.link,
    )


_LOST = Text(en="Alert: patrol can see nothing", zh="告警：巡检无法看到任何对象")
_BACK = Text(en="Recovered (alert ended): patrol can see again", zh="告警恢复：巡检已恢复")
_ALL_UNKNOWN = Text(en="every host and cluster is unknown", zh="所有主机和集群均为未知")
_REASON = Text(en="Reason", zh="原因")
_TO_DO = Text(en="What to do", zh="处理建议")
_ADVICE = Text(
    en="GET /api/v2/health shows the tool servers, GET /api/v2/hosts the reason of each host. Until then nobody is told"
    " of anything.",
    zh="通过 GET /api/v2/health 查看工具服务器，GET /api/v2/hosts 查看每台主机的原因。在恢复之前不会有任何告警。",
)
