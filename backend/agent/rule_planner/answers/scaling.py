"""What came of scaling, told by what the cluster shows afterwards."""

from collections.abc import Sequence

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.markdown import cell, choose, code, paragraphs, plain, table
from backend.agent.rule_planner.results import Row, ToolResult, replicas_of
from backend.vocabulary.language import Language


def ask_for_number(name: str, *, language: Language) -> str:
    return choose(
        language,
        en=f"To how many replicas shall {code(name)} be scaled? For example: `scale {name} to 5`.",
        zh=f"要把 {code(name)} 扩缩到几个副本？例如「把 {name} 扩到 5 个副本」。",
    )


def answer_already_there(row: Row, *, replicas: int, language: Language) -> str:
    name = code(f"{row.namespace}/{row.name}")
    return choose(
        language,
        en=f"{name} already has {replicas} replicas ({row['ready']} ready). Nothing was changed.",
        zh=f"{name} 已经是 {replicas} 个副本（就绪 {row['ready']}），无需变更。",
    )


def answer_scaled(result: ToolResult, *, row: Row | None, pods: Sequence[Row], language: Language) -> str:
    """`row` is the deployment as it was read after the change, None when that could not be read."""
    return paragraphs(_what_happened(result, language=language), _live(result, row=row, language=language), _pods(pods))


def _what_happened(result: ToolResult, *, language: Language) -> str:
    arguments, structured = result.arguments, result.structured
    name = code(f"{arguments.get('namespace', '')}/{arguments.get('name', '')}")
    wanted = arguments.get("replicas")
    said = plain(result.outcome.text, limit=600)
    match result.outcome.status:
        case ToolStatus.OK if structured.get("status") in {None, "scaled"}:
            before = structured.get("replicas_before", "?")
            return choose(
                language,
                en=f"Done: {name} was scaled from {before} to {wanted} replicas.",
                zh=f"已执行：{name} 从 {before} 个副本调整为 {wanted} 个副本。",
            )
        case ToolStatus.DECLINED | ToolStatus.OK:
            return choose(
                language,
                en=f"Not done: scaling {name} to {wanted} was not approved, so nothing was changed. ({said})",
                zh=f"未执行：把 {name} 调整为 {wanted} 个副本没有得到批准，没有做任何变更。（{said}）",
            )
        case ToolStatus.UNKNOWN:
            return choose(
                language,
                en=f"Outcome unknown: the call to scale {name} to {wanted} broke off, I did not repeat it. ({said})",
                zh=f"不确定 {name} 是否已调整为 {wanted} 个副本：调用中途中断。我没有重复执行。（{said}）",
            )
        case _:
            return choose(
                language,
                en=f"Failed: {name} was not scaled to {wanted}. {said}",
                zh=f"失败：没能把 {name} 调整为 {wanted} 个副本。{said}",
            )


def _live(result: ToolResult, *, row: Row | None, language: Language) -> str:
    if result.outcome.status not in {ToolStatus.OK, ToolStatus.UNKNOWN}:
        return ""
    if row is None:
        return choose(
            language,
            en="The state afterwards could not be read.",
            zh="变更后的状态没能读取到。",
        )
    counted = replicas_of(row["ready"])
    ready = code(row["ready"])
    if counted is not None and counted[0] == counted[1]:
        return choose(language, en=f"Looked again: {ready} ready.", zh=f"复查结果：{ready} 就绪。")
    return choose(
        language,
        en=f"Looked again: {ready} ready, the rest are still starting or stopping. Ask `list deployments` in a moment.",
        zh=f"复查结果：目前 {ready} 就绪，其余仍在启动或停止中。稍后可再问「列出 Deployment」确认。",
    )


def _pods(pods: Sequence[Row]) -> str:
    if not pods:
        return ""
    keys = ("name", "ready", "status", "node")
    return table([key.upper() for key in keys], [[cell(row[key]) for key in keys] for row in pods[:20]])
