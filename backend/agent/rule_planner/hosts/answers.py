"""What the looks at hosts and the commands on them have shown."""

from collections.abc import Sequence
from datetime import timedelta

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.general import answer_failures
from backend.agent.rule_planner.answers.markdown import block, cell, choose, code, label, paragraphs, plain, table
from backend.agent.rule_planner.hosts import figures
from backend.agent.rule_planner.hosts.intents import HostTopic
from backend.agent.rule_planner.hosts.judging import HostProblem, JudgeHost, select
from backend.agent.rule_planner.hosts.reading import Asset, CommandRun, HostLook, HostRun
from backend.agent.rule_planner.hosts.topics import SHORT, SHOW, part_of
from backend.agent.rule_planner.matching import nearest_names
from backend.agent.rule_planner.results import ToolResult
from backend.vocabulary.language import Language
from host_facts.domain import HostFacts, ListenerFacts

_MAX_OUTPUT_LINES = 60
_MAX_HOSTS_SHOWN = 10
_MAX_LINES = 50
_MAX_ASSETS = 50


def list_hosts(assets: Sequence[Asset], *, language: Language) -> str:
    if not assets:
        return choose(
            language,
            en="No hosts are configured. Name an inventory in SSH_INVENTORIES.",
            zh="没有配置任何主机。请在 SSH_INVENTORIES 中指定主机清单。",
        )
    heading = choose(language, en=f"There are {len(assets)} hosts:", zh=f"共有 {len(assets)} 台主机：")
    names = ["Host", "Address", "Tier", "Groups"] if language is Language.EN else ["主机", "地址", "环境", "分组"]
    rows = [
        [code(asset.id), cell(asset.address), cell(asset.tier), cell(", ".join(asset.groups))]
        for asset in assets[:_MAX_ASSETS]
    ]
    return paragraphs(heading, table(names, rows), say_left_out(len(assets) - _MAX_ASSETS, language=language))


def ask_for_host(name: str | None, assets: Sequence[Asset], *, language: Language) -> str:
    """No host was named that exists, or several could be meant."""
    known = [asset.id for asset in assets]
    if name is not None:
        near = ", ".join(code(each) for each in nearest_names(name, known)) or ", ".join(map(code, known[:5]))
        return choose(
            language,
            en=f"I know no host {code(name)}. Known hosts: {near}. Nothing was run.",
            zh=f"没有名为 {code(name)} 的主机。已知主机：{near}。没有执行任何命令。",
        )
    listed = ", ".join(map(code, known[:10]))
    return choose(
        language,
        en=f"On which host? I know {listed}. For example: `… on {known[0] if known else 'db-1'}`. Nothing was run.",
        zh=f"在哪台主机上？已知：{listed}。例如「{known[0] if known else 'db-1'} 上 …」。没有执行任何命令。",
    )


def say_left_out(count: int, *, language: Language) -> str:
    if count <= 0:
        return ""
    return "\n\n" + choose(
        language,
        en=f"{count} more hosts are not shown; name one to look at it.",
        zh=f"另有 {count} 台主机未显示；可指定主机名查看。",
    )


def answer_topic(topic: HostTopic, looks: Sequence[HostLook], *, judge: JudgeHost, language: Language) -> str:
    """Hosts with problems first and in full, then the rest in a line each, then those that could not be read."""
    read = [(look.facts, select(judge(look.facts), topic=topic)) for look in looks if look.facts is not None]
    read.sort(key=lambda item: (-sum(2 if problem.is_critical else 1 for problem in item[1]), item[0].host))
    in_full = [item for item in read if item[1] or len(read) == 1][:_MAX_HOSTS_SHOWN]
    sections = [_section(topic, facts, problems, language=language) for facts, problems in in_full]
    quiet = [facts for facts, _problems in read[len(in_full) :]]
    return paragraphs(
        _summary(read, language=language),
        *sections,
        "\n".join(_short_line(topic, facts, language=language) for facts in quiet[:_MAX_LINES]),
        say_left_out(len(quiet) - _MAX_LINES, language=language).strip(),
        _unread(looks, language=language),
    )


def _short_line(topic: HostTopic, facts: HostFacts, *, language: Language) -> str:
    said = SHORT.get(topic, _say_nothing)(facts, language)
    return f"- {code(facts.host)}" + (f": {said}" if said else "")


def _say_nothing(_facts: HostFacts, _language: Language) -> str:
    return ""


def _summary(read: Sequence[tuple[HostFacts, list[HostProblem]]], *, language: Language) -> str:
    if len(read) < 2:
        return ""
    troubled = [facts.host for facts, problems in read if problems]
    if not troubled:
        return choose(language, en=f"Nothing conspicuous on {len(read)} hosts.", zh=f"{len(read)} 台主机均未发现异常。")
    listed = ", ".join(map(code, troubled))
    return choose(
        language,
        en=f"{len(troubled)} of {len(read)} hosts need attention: {listed}.",
        zh=f"{len(read)} 台主机中有 {len(troubled)} 台需要关注：{listed}。",
    )


def _section(topic: HostTopic, facts: HostFacts, problems: Sequence[HostProblem], *, language: Language) -> str:
    part = part_of(topic)
    reason = facts.unknown.get(part, "") if part else ""
    shown = SHOW[topic](facts, language)
    if not shown and reason:
        shown = choose(language, en=f"Unknown: {plain(reason)}", zh=f"未知：{plain(reason)}")
    return paragraphs(f"### {code(facts.host)}", *(_problem(problem, language=language) for problem in problems), shown)


def _problem(problem: HostProblem, *, language: Language) -> str:
    mark = (
        choose(language, en="Critical", zh="严重") if problem.is_critical else choose(language, en="Warning", zh="警告")
    )
    lines = [
        f"- **{mark}**: {plain(problem.title.in_language(language))}",
        f"  - {label('Cause', '原因', language=language)}{plain(problem.cause.in_language(language))}",
    ]
    for fix in problem.fixes[:3]:
        command = f" {code(fix.command)}" if fix.command else ""
        lines.append(
            f"  - {label('Next step', '下一步', language=language)}{plain(fix.text.in_language(language))}{command}"
        )
    return "\n".join(lines)


def _unread(looks: Sequence[HostLook], *, language: Language) -> str:
    failed = [look for look in looks if look.facts is None]
    if not failed:
        return ""
    heading = choose(
        language,
        en="Could not be read, so nothing is said about them:",
        zh="以下主机没能读取，不对其状态作判断：",
    )
    return "\n".join([heading, *(f"- {code(look.host)}: {plain(look.error, limit=300)}" for look in failed[:20])])


def answer_port(look: HostLook, *, port: int, language: Language) -> str:
    if look.facts is None:
        return _unread([look], language=language)
    if look.facts.listeners is None:
        reason = plain(look.facts.unknown.get("listeners", "?"))
        return choose(
            language,
            en=f"The listening ports of {code(look.host)} could not be read: {reason}",
            zh=f"没能读取 {code(look.host)} 的监听端口：{reason}",
        )
    found = figures.listeners_on(look, port=port)
    if not found:
        return choose(
            language,
            en=f"Nothing listens on port {port} on {code(look.host)}.",
            zh=f"{code(look.host)} 上没有进程监听端口 {port}。",
        )
    owners = {item.pid: item for item in reversed(found)}
    lines = [_say_owner(look.facts, owner, language=language) for owner in owners.values()]
    rows = [
        [item.protocol, cell(f"{item.address}:{item.port}"), str(item.pid or ""), cell(item.process)] for item in found
    ]
    names = ["Protocol", "Address", "PID", "Process"] if language is Language.EN else ["协议", "地址", "PID", "进程"]
    return paragraphs(
        *lines,
        table(names, rows),
        _say_reach(found, language=language),
        _offer_kill(language=language) if any(item.pid for item in found) else "",
    )


def _offer_kill(*, language: Language) -> str:
    return choose(
        language,
        en='To end it, say "kill it"; you are asked before anything happens.',
        zh="要结束它，请说「杀掉它」；执行前会先征求您的同意。",
    )


def _say_owner(facts: HostFacts, owner: ListenerFacts, *, language: Language) -> str:
    port, pid, process = owner.port, owner.pid, owner.process
    if pid is None:
        return choose(
            language,
            en=f"Port {port} on {code(facts.host)} is in use; whose it is only root may see.",
            zh=f"{code(facts.host)} 的端口 {port} 已被占用；只有 root 能看到是哪个进程。",
        )
    of_user = choose(language, en=f", user {code(owner.user)}", zh=f"，用户 {code(owner.user)}") if owner.user else ""
    since = figures.moment(None if owner.age_seconds is None else facts.taken_at - timedelta(seconds=owner.age_seconds))
    started = choose(language, en=f" It was started at {since}.", zh=f"启动于 {since}。") if since else ""
    said = choose(
        language,
        en=f"Port {port} on {code(facts.host)} is held by {code(process)}, PID {pid}{of_user}.{started}",
        zh=f"{code(facts.host)} 的端口 {port} 被 {code(process)} 占用，PID 是 {pid}{of_user}。{started}",
    )
    return paragraphs(said, block([owner.command]) if owner.command else "")


def _say_reach(found: Sequence[ListenerFacts], *, language: Language) -> str:
    if not all(listener.is_loopback for listener in found):
        return choose(
            language,
            en="Other hosts can reach it unless a firewall is in between.",
            zh="除非有防火墙阻挡，其他主机也能访问它。",
        )
    return choose(language, en="Only this host itself can reach it.", zh="只有本机能访问它。")


def answer_command(result: ToolResult, run: CommandRun, *, language: Language) -> str:
    """The outcome of one command, or why it did not run."""
    if run.status == "blocked":
        return _say_blocked(run, language=language)
    if result.outcome.status is ToolStatus.DECLINED or run.status in {"declined", "needs_approval"}:
        return choose(
            language,
            en=f"Not run: {code(run.command)} was not approved. Nothing was changed.",
            zh=f"未执行：{code(run.command)} 没有得到批准，没有做任何变更。",
        )
    if result.outcome.status is not ToolStatus.OK:
        return answer_failures([result], language=language)
    return paragraphs(*(_host_run(run, host, language=language) for host in run.hosts))


def _say_blocked(run: CommandRun, *, language: Language) -> str:
    heading = choose(
        language,
        en=f"Refused: {code(run.command)} is never run, and nobody can approve it.",
        zh=f"已拒绝：{code(run.command)} 绝不会被执行，任何人都无法批准。",
    )
    return paragraphs(heading, "\n".join(f"- {plain(reason.in_language(language))}" for reason in run.reasons))


def _host_run(run: CommandRun, host: HostRun, *, language: Language) -> str:
    if host.status != "done":
        said = plain(host.note or host.stderr or host.status, limit=300)
        return choose(
            language,
            en=f"{code(run.command)} on {code(host.host)}: {plain(host.status)}. {said}",
            zh=f"{code(host.host)} 上的 {code(run.command)}：{plain(host.status)}。{said}",
        )
    heading = choose(
        language,
        en=f"{code(run.command)} on {code(host.host)} ended with exit code {host.exit_code}:",
        zh=f"{code(host.host)} 上的 {code(run.command)} 退出码为 {host.exit_code}：",
    )
    lines = [*host.stdout.splitlines(), *host.stderr.splitlines()]
    shown = block(lines[-_MAX_OUTPUT_LINES:]) if lines else choose(language, en="(no output)", zh="（没有输出）")
    is_cut = host.is_truncated or len(lines) > _MAX_OUTPUT_LINES
    cut = choose(language, en="Only a part of the output is shown.", zh="仅显示部分输出。") if is_cut else ""
    return paragraphs(heading, shown, cut)


def answer_killed(run: CommandRun, look: HostLook, *, port: int, language: Language) -> str:
    """Told by what the host shows afterwards."""
    host = run.hosts[0] if run.hosts else None
    if host is None or host.exit_code != 0:
        return paragraphs(*(_host_run(run, each, language=language) for each in run.hosts)) or plain(run.message)
    done = choose(language, en=f"Done: {code(run.command)}.", zh=f"已执行：{code(run.command)}。")
    if look.facts is None or look.facts.listeners is None:
        after = choose(language, en="The state afterwards could not be read.", zh="执行后的状态没能读取到。")
    elif figures.listeners_on(look, port=port):
        after = choose(
            language,
            en=f"Looked again: port {port} is still in use; the process may be ending, or was started again.",
            zh=f"复查结果：端口 {port} 仍被占用；进程可能正在退出，或已被重新拉起。",
        )
    else:
        after = choose(language, en=f"Looked again: port {port} is free.", zh=f"复查结果：端口 {port} 已释放。")
    return paragraphs(done, after)


def answer_service(run: CommandRun, state: CommandRun, *, unit: str, language: Language) -> str:
    failed = [host for host in run.hosts if host.exit_code != 0]
    if failed or not run.hosts:
        return paragraphs(*(_host_run(run, host, language=language) for host in run.hosts)) or plain(run.message)
    said = state.hosts[0].stdout.strip() if state.hosts else "?"
    return choose(
        language,
        en=f"Done: {code(run.command)} on {code(run.hosts[0].host)}. Looked again: {code(unit)} is {code(said)}.",
        zh=f"已在 {code(run.hosts[0].host)} 上执行 {code(run.command)}。复查结果：{code(unit)} 的状态是 {code(said)}。",
    )
