"""What came of a change, in the words of the server that made it."""

from collections.abc import Sequence

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.general import answer_failures
from backend.agent.rule_planner.answers.markdown import choose, code, label, paragraphs, plain
from backend.agent.rule_planner.results import Row, ToolResult
from backend.vocabulary.language import Language

_HEADINGS = {
    "done": ("Done", "已执行"),
    "partial": ("Done in part", "部分完成"),
    "unchanged": ("Nothing to do", "无需变更"),
    "declined": ("Not done", "未执行"),
    "needs_approval": ("Not done", "未执行"),
}


def answer_change(result: ToolResult, *, language: Language) -> str:
    status = result.outcome.status
    if status is ToolStatus.UNKNOWN:
        return choose(
            language,
            en=f"Outcome unknown: the call of {code(result.tool)} broke off, I did not repeat it. Look at the state.",
            zh=f"结果未知：{code(result.tool)} 的调用中途中断，我没有重复执行。请查看当前状态。",
        )
    if status is ToolStatus.DECLINED:
        return choose(
            language,
            en="Not done: the change was not approved, so nothing was changed.",
            zh="未执行：变更没有得到批准，没有做任何变更。",
        )
    if status is not ToolStatus.OK:
        return answer_failures([result], language=language)
    return _tell(result, language=language)


def _tell(result: ToolResult, *, language: Language) -> str:
    found = result.structured
    message = str(found.get(choose(language, en="message", zh="message_zh")) or result.outcome.text)
    en, zh = _HEADINGS.get(str(found.get("status")), ("Answer", "结果"))
    undo = str(found.get("undo") or "")
    is_undoable = undo and found.get("status") in {"done", "partial"}
    return paragraphs(
        f"{label(en, zh, language=language)}{plain(message, limit=1500)}",
        f"{label('Undo', '撤销', language=language)}{code(undo)}" if is_undoable else "",
    )


def ask_which_node(language: Language) -> str:
    return choose(
        language,
        en="Which node? For example: `cordon node-2`. Nothing was changed.",
        zh="哪个节点？例如「隔离节点 node-2」。没有做任何变更。",
    )


def ask_for_namespace(rows: Sequence[Row], *, language: Language) -> str:
    listed = ", ".join(code(f"{row.namespace}/{row.name}") for row in rows)
    return choose(
        language,
        en=f"There are several: {listed}. Please name the namespace. Nothing was changed.",
        zh=f"有多个同名的：{listed}。请指明命名空间。没有做任何变更。",
    )
