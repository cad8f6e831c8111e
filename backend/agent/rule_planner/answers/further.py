"""Usage, relations, revisions, clusters and lists of other kinds, as they are."""

from collections.abc import Mapping
from typing import Any

from backend.agent.rule_planner.answers.listing import to_table
from backend.agent.rule_planner.answers.markdown import MAX_ROWS, block, cell, choose, code, paragraphs, plain, table
from backend.agent.rule_planner.results import Table, ToolResult
from backend.vocabulary.language import Language

_MAX_CHANGES = 8
_MAX_REVISIONS = 10
_MAX_OBJECT_LINES = 120


def answer_kind(result: ToolResult, *, kind: str, place: str, language: Language) -> str:
    listed = result.table
    if listed is None or not listed.rows:
        return choose(language, en=f"There are no {kind} {place}.", zh=f"{place}没有 {kind}。")
    total = len(listed.rows) if listed.total is None else listed.total
    heading = choose(language, en=f"{total} {kind} {place}:", zh=f"{place}有 {total} 个 {kind}：")
    return paragraphs(heading, to_table(listed, rows=listed.rows), _say_more(listed, total, language=language))


def answer_usage(result: ToolResult, *, subject: str, place: str, language: Language) -> str:
    listed = result.table
    if listed is None or not listed.rows:
        said = plain(str(result.structured.get("note") or ""))
        nothing = choose(
            language, en=f"No usage of {subject} is known {place}.", zh=f"{place}没有 {subject} 的用量数据。"
        )
        return paragraphs(nothing, said)
    heading = (
        choose(language, en="Usage of nodes, highest first:", zh="节点用量，从高到低：")
        if subject == "nodes"
        else choose(language, en=f"Usage of pods {place}, highest first:", zh=f"{place}的 Pod 用量，从高到低：")
    )
    total = len(listed.rows) if listed.total is None else listed.total
    return paragraphs(
        heading, to_table(listed, rows=listed.rows), plain(listed.note), _say_more(listed, total, language=language)
    )


def answer_clusters(result: ToolResult, *, language: Language) -> str:
    columns, rows = result.structured.get("columns"), result.structured.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list) or not rows:
        return choose(language, en="No clusters are configured.", zh="没有配置任何集群。")
    lines = [[cell(str(value)) for value in row] for row in rows[:MAX_ROWS] if isinstance(row, list)]
    heading = choose(language, en=f"{len(rows)} clusters:", zh=f"共有 {len(rows)} 个集群：")
    return paragraphs(heading, table([cell(str(name)) for name in columns], lines))


def answer_object(result: ToolResult) -> str:
    """The tool's own description, which is the same in every language: names, fields, conditions, events."""
    return block(result.outcome.text.splitlines()[:_MAX_OBJECT_LINES])


def answer_relations(result: ToolResult, *, language: Language) -> str:
    found = result.structured
    start = code(str(found.get("start") or ""))
    rows = [row for row in found.get("rows") or [] if isinstance(row, list) and len(row) == 3]
    if not rows:
        return choose(language, en=f"{start} is connected with nothing.", zh=f"{start} 没有关联的对象。")
    names = ["From", "Relation", "To"] if language is Language.EN else ["源", "关系", "目标"]
    lines = [[cell(str(value)) for value in row] for row in rows[:MAX_ROWS]]
    heading = choose(language, en=f"What {start} is connected with:", zh=f"{start} 的关联对象：")
    missing = ", ".join(code(str(item)) for item in found.get("missing") or [])
    absent = (
        choose(language, en=f"Referred to, but not there: {missing}.", zh=f"被引用但不存在：{missing}。")
        if missing
        else ""
    )
    rest = len(rows) - len(lines)
    more = choose(language, en=f"{rest} more are not shown.", zh=f"另有 {rest} 条未显示。") if rest > 0 else ""
    return paragraphs(heading, table(names, lines), absent, more)


def answer_history(result: ToolResult, *, language: Language) -> str:
    """Newest first, with what changed against the revision before."""
    found = result.structured
    name = code(str(found.get("object") or ""))
    revisions = [item for item in found.get("revisions") or [] if isinstance(item, Mapping)]
    if not revisions:
        return choose(language, en=f"{name} has no revisions.", zh=f"{name} 没有历史版本。")
    heading = choose(language, en=f"Revisions of {name}, newest first:", zh=f"{name} 的历史版本，从新到旧：")
    sections = [_revision(item, language=language) for item in revisions[:_MAX_REVISIONS]]
    return paragraphs(heading, *sections, plain(str(found.get("note") or "")))


def _revision(item: Mapping[str, Any], *, language: Language) -> str:  # Any: JSON
    current = choose(language, en=" (current)", zh="（当前）") if item.get("is_current") else ""
    number, age = item.get("revision"), plain(str(item.get("age") or ""))
    heading = choose(
        language, en=f"**Revision {number}**{current}, {age} old", zh=f"**版本 {number}**{current}，{age} 前"
    )
    changes = [str(change) for change in item.get("changes") or []]
    lines = [f"- {code(change)}" for change in changes[:_MAX_CHANGES]]
    rest = len(changes) - len(lines)
    if rest > 0:
        lines.append(choose(language, en=f"- and {rest} more changes", zh=f"- 另有 {rest} 处变更"))
    return "\n".join([heading, *lines])


def _say_more(listed: Table, total: int, *, language: Language) -> str:
    rest = total - min(len(listed.rows), MAX_ROWS)
    if rest <= 0:
        return ""
    return choose(
        language,
        en=f"{rest} more are not shown; name a namespace to narrow it.",
        zh=f"另有 {rest} 条未显示；可以指定命名空间来缩小范围。",
    )
