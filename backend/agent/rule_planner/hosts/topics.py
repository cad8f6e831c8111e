"""How each topic of a host is shown: a table or a line, empty when the part was not read."""

from collections.abc import Callable, Mapping, Sequence

from backend.agent.rule_planner.answers.markdown import cell, choose, code, paragraphs, plain, table
from backend.agent.rule_planner.hosts import figures
from backend.agent.rule_planner.hosts.intents import HostTopic
from backend.vocabulary.language import Language
from host_facts.domain import HostFacts

Show = Callable[[HostFacts, Language], str]
_MAX_ROWS = 20

_PARTS: Mapping[HostTopic, str] = {
    HostTopic.DISK: "filesystems",
    HostTopic.MEMORY: "memory",
    HostTopic.LOAD: "cpu",
    HostTopic.PROCESSES: "top_processes",
    HostTopic.OOM: "oom_kills",
    HostTopic.ZOMBIES: "zombies",
    HostTopic.UNITS: "failed_units",
    HostTopic.LISTENERS: "listeners",
    HostTopic.CLOCK: "clock",
    HostTopic.CERTIFICATES: "certificates",
}


_JUDGED_WITH: Mapping[HostTopic, tuple[str, ...]] = {
    HostTopic.MEMORY: ("oom_kills",),
    HostTopic.PROCESSES: ("cpu",),
    HostTopic.LOAD: ("top_processes",),
}
"""Parts that the checks of a topic look at besides the one that is shown."""
_OF_HEALTH = ("cpu", "memory", "filesystems", "zombies", "oom_kills", "failed_units", "certificates", "clock")


def parts_of(topic: HostTopic) -> tuple[str, ...]:
    """What has to be read for a topic."""
    if topic is HostTopic.HEALTH:
        return _OF_HEALTH
    return (_PARTS[topic], *_JUDGED_WITH.get(topic, ()))


def part_of(topic: HostTopic) -> str | None:
    """The part of the facts a topic is about; health is about all."""
    return _PARTS.get(topic)


def _list(
    rows: Sequence[Sequence[str]] | None, *, names: tuple[Sequence[str], Sequence[str]], none: str, language: Language
) -> str:
    """A table; the sentence for an empty one; nothing when the part was not read."""
    if rows is None:
        return ""
    if not rows:
        return none
    headings = names[0] if language is Language.EN else names[1]
    return table(headings, [[cell(value) for value in row] for row in rows[:_MAX_ROWS]])


def _disks(facts: HostFacts, language: Language) -> str:
    names = (
        ["Mount", "Used", "Bytes", "Size", "Inodes", "Mode"],
        ["挂载点", "使用率", "已用", "总量", "inode", "模式"],
    )
    none = choose(language, en="No filesystems.", zh="没有文件系统。")
    rows = None if facts.filesystems is None else figures.disk_rows(facts)
    return _list(rows, names=names, none=none, language=language)


def _memory(facts: HostFacts, language: Language) -> str:
    memory = facts.memory
    if memory is None:
        return ""
    available, total = figures.size(memory.available_bytes), figures.size(memory.total_bytes)
    line = choose(
        language,
        en=f"Memory: {available} of {total} available.",
        zh=f"内存：可用 {available}，共 {total}。",
    )
    if not memory.swap_total_bytes:
        return line
    swap_used, swap_total = figures.size(memory.swap_used_bytes), figures.size(memory.swap_total_bytes)
    swap = choose(
        language,
        en=f"Swap: {swap_used} of {swap_total} used.",
        zh=f"交换分区：已用 {swap_used}，共 {swap_total}。",
    )
    return f"{line}\n{swap}"


def _load(facts: HostFacts, language: Language) -> str:
    cpu = facts.cpu
    if cpu is None:
        return ""
    used = "" if cpu.used_ratio is None else f" CPU {figures.percent(cpu.used_ratio)}."
    line = choose(
        language,
        en=f"Load {cpu.load_1m:.2f} {cpu.load_5m:.2f} {cpu.load_15m:.2f} on {cpu.cores} cores.{used}",
        zh=f"负载 {cpu.load_1m:.2f} {cpu.load_5m:.2f} {cpu.load_15m:.2f}，{cpu.cores} 核。{used}",
    )
    if facts.boot_at is None:
        return line
    since = f"{facts.boot_at:%Y-%m-%d}"
    return f"{line} " + choose(language, en=f"Up since {since}.", zh=f"自 {since} 起运行。")


def _processes(facts: HostFacts, language: Language) -> str:
    names = (["PID", "User", "CPU", "Memory", "Command"], ["PID", "用户", "CPU", "内存", "命令"])
    if facts.top_processes is None:
        return ""
    by_cpu = figures.process_rows(facts.top_processes, by_memory=False)
    by_memory = figures.process_rows(facts.top_processes, by_memory=True)[:5]
    none = choose(language, en="No processes.", zh="没有进程。")
    return paragraphs(
        choose(language, en="By CPU:", zh="按 CPU："),
        _list(by_cpu, names=names, none=none, language=language),
        choose(language, en="By memory:", zh="按内存："),
        _list(by_memory, names=names, none=none, language=language),
    )


def _oom_kills(facts: HostFacts, language: Language) -> str:
    names = (["Time", "Process", "PID", "Memory", "Cgroup"], ["时间", "进程", "PID", "内存", "cgroup"])
    none = choose(
        language, en="No OOM kills in the kernel log of the last 24 hours.", zh="最近 24 小时的内核日志中没有 OOM。"
    )
    kills = facts.oom_kills
    rows = None
    if kills is not None:
        rows = [
            [
                figures.moment(kill.at),
                kill.process,
                str(kill.pid or ""),
                "" if kill.memory_bytes is None else figures.size(kill.memory_bytes),
                kill.cgroup,
            ]
            for kill in kills
        ]
    return _list(rows, names=names, none=none, language=language)


def _zombies(facts: HostFacts, language: Language) -> str:
    names = (["PID", "Process", "Parent", "Parent's command"], ["PID", "进程", "父进程", "父进程命令"])
    none = choose(language, en="No zombie processes.", zh="没有僵尸进程。")
    rows = None
    if facts.zombies is not None:
        rows = [[str(item.pid), item.command, str(item.parent_pid), item.parent_command] for item in facts.zombies]
    return _list(rows, names=names, none=none, language=language)


def _units(facts: HostFacts, language: Language) -> str:
    names = (["Unit", "Description", "Since"], ["单元", "说明", "自"])
    none = choose(language, en="No failed units.", zh="没有失败的 systemd 单元。")
    rows = None
    if facts.failed_units is not None:
        rows = [[unit.name, unit.description, figures.moment(unit.since)] for unit in facts.failed_units]
    return _list(rows, names=names, none=none, language=language)


def _listeners(facts: HostFacts, language: Language) -> str:
    names = (["Protocol", "Address", "Port", "PID", "Process"], ["协议", "地址", "端口", "PID", "进程"])
    none = choose(language, en="Nothing listens.", zh="没有监听中的端口。")
    rows = None
    if facts.listeners is not None:
        ordered = sorted(facts.listeners, key=lambda item: (item.port, item.protocol))
        rows = [[item.protocol, item.address, str(item.port), str(item.pid or ""), item.process] for item in ordered]
    return _list(rows, names=names, none=none, language=language)


def _clock(facts: HostFacts, language: Language) -> str:
    clock = facts.clock
    if clock is None:
        return ""
    synchronised = {
        True: choose(language, en="synchronised", zh="已同步"),
        False: choose(language, en="not synchronised", zh="未同步"),
        None: choose(language, en="synchronisation unknown", zh="同步状态未知"),
    }[clock.is_synchronised]
    if clock.offset_seconds is None:
        return choose(language, en=f"Clock: {synchronised}.", zh=f"时钟：{synchronised}。")
    return choose(
        language,
        en=f"Clock: {synchronised}, offset {clock.offset_seconds:+.1f} s ({plain(clock.source)}).",
        zh=f"时钟：{synchronised}，偏差 {clock.offset_seconds:+.1f} s（{plain(clock.source)}）。",
    )


def _certificates(facts: HostFacts, language: Language) -> str:
    names = (["Expires", "Subject", "Where"], ["到期时间", "主体", "位置"])
    none = choose(language, en="No certificates were found.", zh="没有找到证书。")
    rows = None
    if facts.certificates is not None:
        ordered = sorted(facts.certificates, key=lambda item: item.expires_at)
        rows = [[figures.moment(item.expires_at), item.subject, item.path] for item in ordered]
    return _list(rows, names=names, none=none, language=language)


def _fullest_disk(facts: HostFacts, language: Language) -> str:
    fullest = max(facts.filesystems or (), key=lambda disk: disk.used_ratio, default=None)
    if fullest is None:
        return ""
    used, mount = figures.percent(fullest.used_ratio), code(fullest.mount_point)
    return choose(language, en=f"Fullest disk: {mount} at {used}.", zh=f"最满的磁盘：{mount}，已用 {used}。")


def _health(facts: HostFacts, language: Language) -> str:
    """One line each of load and memory, the fullest disk, and what could not be read."""
    unknown = ", ".join(sorted(facts.unknown))
    unread = choose(language, en=f"Could not be read: {unknown}.", zh=f"没能读取：{unknown}。") if unknown else ""
    lines = [_load(facts, language), _memory(facts, language), _fullest_disk(facts, language), unread]
    return "\n".join(f"- {line}" for text in lines for line in text.splitlines() if line)


SHOW: Mapping[HostTopic, Show] = {
    HostTopic.DISK: _disks,
    HostTopic.MEMORY: _memory,
    HostTopic.LOAD: _load,
    HostTopic.PROCESSES: _processes,
    HostTopic.OOM: _oom_kills,
    HostTopic.ZOMBIES: _zombies,
    HostTopic.UNITS: _units,
    HostTopic.LISTENERS: _listeners,
    HostTopic.CLOCK: _clock,
    HostTopic.CERTIFICATES: _certificates,
    HostTopic.HEALTH: _health,
}

SHORT: Mapping[HostTopic, Show] = {
    HostTopic.DISK: _fullest_disk,
    HostTopic.MEMORY: lambda facts, language: _memory(facts, language).replace("\n", " "),
    HostTopic.LOAD: _load,
    HostTopic.CLOCK: _clock,
    HostTopic.HEALTH: lambda facts, language: f"{_load(facts, language)} {_fullest_disk(facts, language)}".strip(),
}
"""One line for a host without problems, where there are several hosts."""
