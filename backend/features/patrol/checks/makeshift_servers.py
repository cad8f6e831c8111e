"""Programs that were started by hand and take connections: a file server of one line, a relay, a script in /tmp."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import ListenerFacts

MAKESHIFT_SERVERS = "makeshift-servers"

_INTERPRETER = re.compile(r"(?:python|pypy|perl|ruby|node|php|lua)[\d.]*")
_CODE_OPTION = re.compile(r"-[A-Za-z]{0,4}[ce]|--eval")
_POOL = re.compile(r"from multiprocessing|import multiprocessing|joblib|loky")
"""How Python's worker processes are started; they inherit the sockets of a proper server."""
_FILE_SERVERS = frozenset({"http.server", "SimpleHTTPServer", "pyftpdlib"})
_RELAYS = frozenset({"nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat"})
_SCRATCH = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - looked for, not written to

_SERVES_FILES = Text(
    en="It shows the files of the folder it was started in to whoever reaches the port, without a login.",
    zh="它把启动目录中的文件提供给任何能访问该端口的人，无需登录。",
)
_RELAYS_BYTES = Text(
    en="A tool for tests and transfers by hand takes connections: forgotten, or a way in that somebody left.",
    zh="用于手工测试或传输的工具在接受连接：可能是忘记关闭，也可能是有人留下的入口。",
)
_RUNS_CODE = Text(
    en="The program is code on a command line: a test by hand. It is gone after a restart and has no owner.",
    zh="程序是直接写在命令行里的代码，属于手工测试：重启后消失，也没有人维护。",
)
_RUNS_FROM_SCRATCH = Text(
    en="The program lies in a directory for temporary files: started by hand, or put there by an intruder.",
    zh="程序位于临时目录中：可能是手工启动的，也可能是入侵者放入的。",
)


def find_makeshift_servers(view: HostView) -> CheckResult:
    """One reading per process and port. Of a socket whose owner may not be seen nothing is said."""
    listeners = view.facts.listeners
    if listeners is None:
        return could_not_look(MAKESHIFT_SERVERS, view.facts, part="listeners")
    sockets: defaultdict[tuple[int, int], list[ListenerFacts]] = defaultdict(list)
    for listener in listeners:
        if listener.protocol == "tcp" and listener.pid is not None:
            sockets[listener.pid, listener.port].append(listener)
    readings = (
        _judge(group, cause=cause, view=view)
        for group in sockets.values()
        if (cause := explain_makeshift(group[0].command)) is not None
    )
    return conclude(MAKESHIFT_SERVERS, view.facts, part="listeners", readings=readings)


def explain_makeshift(command: str) -> Text | None:
    """What makes a server's command line one of the moment; None for any other."""
    words = command.split()
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    if program in _RELAYS:
        return _RELAYS_BYTES
    if not _INTERPRETER.fullmatch(program):
        return _RUNS_FROM_SCRATCH if words[0].startswith(_SCRATCH) else None
    return _explain_script(program, words[1:])


def _explain_script(program: str, arguments: Sequence[str]) -> Text | None:
    for position, word in enumerate(arguments):
        after = arguments[position + 1 :]
        if program.startswith("php") and word == "-S":
            return _SERVES_FILES
        if word == "-m":
            return _SERVES_FILES if after and after[0] in _FILE_SERVERS else None
        if _CODE_OPTION.fullmatch(word):
            return None if _POOL.search(" ".join(after)) else _RUNS_CODE
        if not word.startswith("-"):
            return _RUNS_FROM_SCRATCH if word.startswith(_SCRATCH) else None
    return None


def _judge(group: Sequence[ListenerFacts], *, cause: Text, view: HostView) -> Reading:
    first = group[0]
    places = ", ".join(dict.fromkeys(_write_address(listener) for listener in group))
    owner_en = f"PID {first.pid}" + (f", user {first.user}" if first.user else "")
    owner_zh = f"PID {first.pid}" + (f"，用户 {first.user}" if first.user else "")
    return Reading(
        check=MAKESHIFT_SERVERS,
        subject=f"tcp {first.port}",
        grade=Grade.WARNING,
        title=Text(
            en=f"{first.process} ({owner_en}) listens on {places} and belongs to no service",
            zh=f"{first.process}（{owner_zh}）在 {places} 上监听，不属于任何服务",
        ),
        cause=_add_reach(cause, is_local=all(listener.is_loopback for listener in group)),
        fixes=_advise(pid=int(first.pid or 0), port=first.port),
        evidence=tuple(_describe(first, now=view.facts.taken_at)),
        # A transfer of a minute is nobody's concern.
        needs_looks=view.repeat,
    )


def _add_reach(cause: Text, *, is_local: bool) -> Text:
    if is_local:
        return Text(
            en=f"{cause.en} Only this host itself reaches it, yet a service that wants the port cannot start.",
            zh=f"{cause.zh}只有本机能访问，但需要该端口的服务将无法启动。",
        )
    return Text(en=f"{cause.en} Other hosts can reach it.", zh=f"{cause.zh}其他主机可以访问它。")


def _describe(listener: ListenerFacts, *, now: datetime) -> Iterable[str]:
    yield listener.command
    if listener.age_seconds is not None:
        yield f"{now - timedelta(seconds=listener.age_seconds):%Y-%m-%d %H:%M UTC}"


def _advise(*, pid: int, port: int) -> tuple[Fix, ...]:
    return (
        Fix(
            Text(en="See who started it and who is connected.", zh="查看由谁启动、当前有哪些连接。"),
            f"ps -o pid,ppid,user,lstart,args -p {pid}; ss -tnp state established sport = :{port}",
        ),
        Fix(Text(en="End it when nobody needs it.", zh="确认无人使用后结束它。"), f"kill {pid}", is_change=True),
        Fix(
            Text(
                en="If it has to stay, make a service of it, with an account of its own and on the address it needs.",
                zh="若需要长期运行，请做成系统服务，使用专用账号，并只监听所需地址。",
            )
        ),
    )


def _write_address(listener: ListenerFacts) -> str:
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{address}:{listener.port}"
