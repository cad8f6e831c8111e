"""Lists, details, logs and events as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.agent.rule_planner.answers.markdown import (
    MAX_ROWS,
    block,
    cell,
    choose,
    code,
    paragraphs,
    plain,
    plural,
    table,
)
from backend.agent.rule_planner.intents import Kind
from backend.agent.rule_planner.results import Row, Table, ToolResult
from backend.vocabulary.language import Language, Text

_NOUNS = {
    Kind.PODS: Text(en="pods", zh="个 Pod"),
    Kind.SERVICES: Text(en="services", zh="个 Service"),
    Kind.DEPLOYMENTS: Text(en="deployments", zh="个 Deployment"),
    Kind.NODES: Text(en="nodes", zh="个节点"),
}
_LEFT_OUT = frozenset({"up_to_date", "selector", "first_seen"})
"""Columns that make a chat table wider than it is worth."""
_MAX_LOG_LINES = 60


def answer_list(kind: Kind, listed: Table, *, rows: Sequence[Row], place: str, language: Language) -> str:
    """Counts first, then the table, then what was left out."""
    if not rows:
        noun = choose(
            language, en=f"There are no {kind.value} {place}.", zh=f"{place}没有{_NOUNS[kind].zh.lstrip('个 ')}。"
        )
        return paragraphs(noun, plain(listed.note))
    is_whole = len(rows) == len(listed.rows)
    total = listed.total if is_whole and listed.total is not None else len(rows)
    abnormal = sum(1 for row in rows if row.is_abnormal)
    heading = choose(
        language,
        en=plural(total, _NOUNS[kind].en.removesuffix("s"))
        + f" {place}"
        + (f", {abnormal} not normal" if abnormal else ", none abnormal")
        + ".",
        zh=f"{place}有 {total} {_NOUNS[kind].zh}"
        + (f"，其中 {abnormal} 个不正常" if abnormal else "，没有发现异常")
        + "。",
    )
    counts = ", ".join(f"{plain(status)} {count}" for status, count in listed.counts.items()) if is_whole else ""
    return paragraphs(heading, counts, to_table(listed, rows=rows), _left_out(total, rows, language=language))


def answer_events(listed: Table, *, rows: Sequence[Row], place: str, name: str, language: Language) -> str:
    """`name` is the object they are about, empty for all."""
    about = choose(language, en=f" about {code(name)}", zh=f"关于 {code(name)} 的") if name else ""
    if not rows:
        return choose(
            language,
            en=f"There are no events{about} {place}. Kubernetes keeps events for about an hour.",
            zh=f"{place}没有{about}事件。Kubernetes 的事件一般只保留约一小时。",
        )
    heading = choose(
        language, en=f"{plural(len(rows), 'event')}{about} {place}:", zh=f"{place}有 {len(rows)} 条{about}事件："
    )
    return paragraphs(heading, to_table(listed, rows=rows), _left_out(len(rows), rows, language=language))


def answer_logs(result: ToolResult, *, is_assumed: bool, language: Language) -> str:
    found = result.structured
    lines = [str(line) for line in found.get("lines") or []]
    name = code(f"{found.get('namespace', '')}/{found.get('pod', '')}")
    container = _say_container(found.get("container"), language=language)
    previous = choose(language, en=", previous run", zh="，上一次运行") if found.get("previous") else ""
    assumed = _say_assumed(name, language=language) if is_assumed else ""
    if not lines:
        empty = choose(
            language,
            en=f"{name}{container} has written no matching log lines{previous}.",
            zh=f"{name}{container} 没有符合条件的日志{previous}。",
        )
        return paragraphs(assumed, empty, plain(str(found.get("note") or "")))
    shown = lines[-_MAX_LOG_LINES:]
    heading = choose(
        language,
        en=f"Last {plural(len(shown), 'log line')} of {name}{container}{previous}:",
        zh=f"{name}{container} 最后 {len(shown)} 行日志{previous}：",
    )
    return paragraphs(assumed, heading, block(shown), plain(str(found.get("note") or "")))


def answer_details(result: ToolResult, *, is_assumed: bool, language: Language) -> str:
    """One pod: state, containers, conditions that are not met, events."""
    pod = result.structured
    name = code(f"{pod.get('namespace', '')}/{pod.get('name', '')}")
    facts = [
        (choose(language, en="Status", zh="状态"), plain(str(pod.get("status") or "–"))),
        (choose(language, en="Ready", zh="就绪"), plain(str(pod.get("ready") or "–"))),
        (choose(language, en="Node", zh="节点"), code(str(pod.get("node") or ""))),
        ("IP", code(str(pod.get("pod_ip") or ""))),
        (choose(language, en="Age", zh="存在时间"), plain(str(pod.get("age") or "–"))),
        (choose(language, en="Owner", zh="所属"), code(str(pod.get("owner") or ""))),
    ]
    return paragraphs(
        _say_assumed(name, language=language) if is_assumed else "",
        f"### Pod {name}",
        "\n".join(f"- **{label}**: {value}" for label, value in facts),
        _containers(_dicts(pod.get("containers")), language=language),
        _unmet_conditions(_dicts(pod.get("conditions")), language=language),
        _pod_events(_dicts(pod.get("events")), language=language),
    )


def to_table(listed: Table, *, rows: Sequence[Row]) -> str:
    shown = rows[:MAX_ROWS]
    columns = [(key, label) for key, label in listed.columns if key not in _LEFT_OUT and any(row[key] for row in shown)]
    return table([cell(label) for _, label in columns], [[cell(row[key]) for key, _ in columns] for row in shown])


def _left_out(total: int, rows: Sequence[Row], *, language: Language) -> str:
    rest = total - min(len(rows), MAX_ROWS)
    if rest <= 0:
        return ""
    return choose(
        language,
        en=f"{rest} more are not shown; name a namespace or an object to narrow it.",
        zh=f"另有 {rest} 条未显示；可以指定命名空间或对象名称来缩小范围。",
    )


def _say_assumed(name: str, *, language: Language) -> str:
    return choose(language, en=f"(I take it that you mean {name}.)", zh=f"（我理解你指的是 {name}。）")


def _say_container(name: object, *, language: Language) -> str:
    return choose(language, en=f", container {code(str(name))}", zh=f"，容器 {code(str(name))}") if name else ""


def _containers(containers: Sequence[Mapping[str, Any]], *, language: Language) -> str:  # Any: JSON
    if not containers:
        return ""
    headings = (
        ["Container", "Image", "Ready", "Restarts", "State", "Last state"]
        if language is Language.EN
        else ["容器", "镜像", "就绪", "重启", "状态", "上次状态"]
    )
    rows = [
        [
            code(str(item.get("name") or "")),
            code(str(item.get("image") or "")),
            cell(str(item.get("ready"))),
            cell(str(item.get("restarts"))),
            cell(" ".join(str(item[key]) for key in ("state", "reason") if item.get(key))),
            cell(_last_state(item)),
        ]
        for item in containers
    ]
    return table(headings, rows)


def _last_state(item: Mapping[str, Any]) -> str:  # Any: JSON
    last, code_number = item.get("last_state"), item.get("exit_code")
    text = str(last) if last else ""
    return f"{text} (exit {code_number})" if code_number is not None and "exit" not in text else text


def _unmet_conditions(conditions: Sequence[Mapping[str, Any]], *, language: Language) -> str:  # Any: JSON
    unmet = [item for item in conditions if str(item.get("status")) != "True"]
    if not unmet:
        return ""
    heading = choose(language, en="Conditions not met:", zh="未满足的条件：")
    lines = [
        f"- {code(_get(item, 'type'))}: {plain(_get(item, 'reason'))} {plain(_get(item, 'message'))}" for item in unmet
    ]
    return "\n".join([heading, *lines])


def _pod_events(events: Sequence[Mapping[str, Any]], *, language: Language) -> str:  # Any: JSON
    if not events:
        return choose(language, en="No events.", zh="没有事件。")
    headings = (
        ["Type", "Reason", "Count", "Last seen", "Message"]
        if language is Language.EN
        else ["类型", "原因", "次数", "最近", "内容"]
    )
    keys = ("type", "reason", "count", "last_seen", "message")
    return table(headings, [[cell(str(item.get(key) or "")) for key in keys] for item in events[:15]])


def _get(item: Mapping[str, Any], key: str) -> str:  # Any: JSON
    return str(item.get(key) or "")


def _dicts(value: object) -> list[Mapping[str, Any]]:  # Any: JSON
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
