"""What the rule planner makes of questions about hosts, in both languages."""

import json

import pytest

from backend.agent.domain import AssistantMessage, HistoryMessage, ToolCall, UserMessage
from backend.agent.rule_planner.hosts.intents import (
    ControlService,
    FindPortOwner,
    HostTopic,
    KillProcess,
    ListHosts,
    LookAtHost,
    ReadJournal,
    RunCommand,
    ServiceAction,
)
from backend.agent.rule_planner.understanding import understand


@pytest.mark.parametrize(
    ("question", "topic", "host"),
    [
        ("磁盘快满了吗?", HostTopic.DISK, None),
        ("哪台机器磁盘快满了?", HostTopic.DISK, None),
        ("db-1 的磁盘为什么满了?", HostTopic.DISK, "db-1"),
        ("看一下 db-1 的磁盘使用情况", HostTopic.DISK, "db-1"),
        ("检查磁盘空间", HostTopic.DISK, None),
        ("inode 用完了没有", HostTopic.DISK, None),
        ("how full are the disks on db-1?", HostTopic.DISK, "db-1"),
        ("disk usage of gateway-1", HostTopic.DISK, "gateway-1"),
        ("which host runs out of disk space?", HostTopic.DISK, None),
        ("is any disk full", HostTopic.DISK, None),
        ("which disk is almost full and what should I do?", HostTopic.DISK, None),
        ("is the disk nearly full?", HostTopic.DISK, None),
        ("df -h on web-1", HostTopic.DISK, "web-1"),
        ("主机内存还剩多少", HostTopic.MEMORY, None),
        ("db-1 内存使用率", HostTopic.MEMORY, "db-1"),
        ("db-1 的内存够用吗", HostTopic.MEMORY, "db-1"),
        ("这台机器还有多少内存", HostTopic.MEMORY, None),
        ("free memory on db-1", HostTopic.MEMORY, "db-1"),
        ("how much memory does this machine have left", HostTopic.MEMORY, None),
        ("swap 用了多少", HostTopic.MEMORY, None),
        ("is db-1 swapping?", HostTopic.MEMORY, "db-1"),
        ("查看服务器负载", HostTopic.LOAD, None),
        ("db-1 负载高吗", HostTopic.LOAD, "db-1"),
        ("load average of db-1", HostTopic.LOAD, "db-1"),
        ("what is the load on gateway-1", HostTopic.LOAD, "gateway-1"),
        ("uptime", HostTopic.LOAD, None),
        ("gateway-1 运行多久了", HostTopic.LOAD, "gateway-1"),
        ("CPU 最高的进程", HostTopic.PROCESSES, None),
        ("帮我查一下 CPU 最高的进程", HostTopic.PROCESSES, None),
        ("哪个进程占用内存最多", HostTopic.PROCESSES, None),
        ("db-1 上什么进程最吃 CPU", HostTopic.PROCESSES, "db-1"),
        ("top processes on db-1", HostTopic.PROCESSES, "db-1"),
        ("which process uses the most cpu?", HostTopic.PROCESSES, None),
        ("what is eating the memory on db-1", HostTopic.PROCESSES, "db-1"),
        ("主机 CPU 使用率", HostTopic.LOAD, None),
        ("cpu usage of host db-1", HostTopic.LOAD, "db-1"),
        ("主机上有 OOM 记录吗", HostTopic.OOM, None),
        ("内核日志里有没有 oom", HostTopic.OOM, None),
        ("dmesg 有没有 OOM", HostTopic.OOM, None),
        ("was anything oom-killed on host db-1?", HostTopic.OOM, "db-1"),
        ("oom kills in the kernel log", HostTopic.OOM, None),
        ("有僵尸进程吗", HostTopic.ZOMBIES, None),
        ("db-1 上的僵尸进程怎么处理", HostTopic.ZOMBIES, "db-1"),
        ("any zombie processes?", HostTopic.ZOMBIES, None),
        ("defunct processes on db-1", HostTopic.ZOMBIES, "db-1"),
        ("哪些 systemd 服务失败了", HostTopic.UNITS, None),
        ("db-1 上有哪些失败的 unit", HostTopic.UNITS, "db-1"),
        ("failed units on db-1", HostTopic.UNITS, "db-1"),
        ("which systemd services failed?", HostTopic.UNITS, None),
        ("systemctl --failed", HostTopic.UNITS, None),
        ("主机上监听了哪些端口", HostTopic.LISTENERS, None),
        ("db-1 开了哪些端口", HostTopic.LISTENERS, "db-1"),
        ("which ports are open on db-1", HostTopic.LISTENERS, "db-1"),
        ("list listening ports", HostTopic.LISTENERS, None),
        ("时间同步正常吗", HostTopic.CLOCK, None),
        ("db-1 的时钟准吗", HostTopic.CLOCK, "db-1"),
        ("is the clock of db-1 in sync?", HostTopic.CLOCK, "db-1"),
        ("ntp drift on hosts", HostTopic.CLOCK, None),
        ("证书什么时候过期", HostTopic.CERTIFICATES, None),
        ("db-1 上的证书快过期了吗", HostTopic.CERTIFICATES, "db-1"),
        ("certificates about to expire on gateway-1", HostTopic.CERTIFICATES, "gateway-1"),
        ("主机健康吗", HostTopic.HEALTH, None),
        ("db-1 这台机器怎么样", HostTopic.HEALTH, "db-1"),
        ("检查一下主机 db-1", HostTopic.HEALTH, "db-1"),
        ("how is host db-1?", HostTopic.HEALTH, "db-1"),
        ("are all my servers healthy?", HostTopic.HEALTH, None),
        ("这台机器有什么问题", HostTopic.HEALTH, None),
        ("what is wrong with host db-1", HostTopic.HEALTH, "db-1"),
        ("服务器为什么这么卡", HostTopic.HEALTH, None),
        ("why is host gateway-1 slow", HostTopic.HEALTH, "gateway-1"),
    ],
)
def test_questions_about_hosts(question: str, topic: HostTopic, host: str | None) -> None:
    assert understand(question, earlier=()) == LookAtHost(topic=topic, host=host)


@pytest.mark.parametrize(
    ("question", "port", "host"),
    [
        ("帮我看看 8080 端口被谁占用了?", 8080, None),
        ("帮我看看 8080 端口被谁占用了？", 8080, None),
        ("8080端口被谁占了", 8080, None),
        ("谁占用了 3306 端口", 3306, None),
        ("端口 443 是哪个进程在用", 443, None),
        ("db-1 上 5432 端口是谁在监听", 5432, "db-1"),
        ("who uses port 8080?", 8080, None),
        ("which process is listening on port 22 on db-1", 22, "db-1"),
        ("what's running on port 9090", 9090, None),
        ("port 80 is already in use, by whom?", 80, None),
        ("lsof -i :8080", 8080, None),
    ],
)
def test_questions_who_holds_a_port(question: str, port: int, host: str | None) -> None:
    assert understand(question, earlier=()) == FindPortOwner(port=port, host=host)


@pytest.mark.parametrize(
    ("question", "pid", "host"),
    [
        ("杀掉进程 12345", 12345, None),
        ("kill 12345", 12345, None),
        ("kill process 4711 on db-1", 4711, "db-1"),
        ("结束 db-1 上的进程 99", 99, "db-1"),
        ("kill -9 300", 300, None),
        ("把 pid 为 300 的进程杀了", 300, None),
    ],
)
def test_wishes_to_kill_a_numbered_process(question: str, pid: int, host: str | None) -> None:
    assert understand(question, earlier=()) == KillProcess(pid=pid, host=host)


@pytest.mark.parametrize(
    ("question", "port", "host"),
    [
        ("杀掉占用 8080 端口的进程", 8080, None),
        ("kill the process on port 8080", 8080, None),
        ("kill whatever listens on port 5432 on db-1", 5432, "db-1"),
        ("把 8080 端口的进程干掉", 8080, None),
    ],
)
def test_wishes_to_kill_who_holds_a_port(question: str, port: int, host: str | None) -> None:
    assert understand(question, earlier=()) == KillProcess(pid=None, host=host, port=port)


@pytest.mark.parametrize(
    "question", ["杀掉它", "杀掉它。", "把它杀了", "干掉它", "结束它", "kill it", "Kill that process", "stop it"]
)
def test_it_means_the_process_that_was_found(question: str) -> None:
    found = ToolCall(id="c1", name="ssh-host-facts", arguments_text=json.dumps({"assets": ["local"]}))
    earlier: list[HistoryMessage] = [
        UserMessage(text="8080 端口被谁占用了?"),
        AssistantMessage(text="", tool_calls=(found,)),
        AssistantMessage(text="java"),
    ]

    assert understand(question, earlier=earlier) == KillProcess(pid=None, host=None, port=8080)


@pytest.mark.parametrize(
    ("question", "unit", "action", "host"),
    [
        ("重启 db-1 上的 nginx", "nginx", ServiceAction.RESTART, "db-1"),
        ("restart nginx on db-1", "nginx", ServiceAction.RESTART, "db-1"),
        ("restart the nginx service on host db-1", "nginx", ServiceAction.RESTART, "db-1"),
        ("systemctl restart nginx", "nginx", ServiceAction.RESTART, None),
        ("systemctl restart nginx.service on gateway-1", "nginx.service", ServiceAction.RESTART, "gateway-1"),
        ("停止 db-1 上的 postgresql 服务", "postgresql", ServiceAction.STOP, "db-1"),
        ("start postgresql on db-1", "postgresql", ServiceAction.START, "db-1"),
        ("启动 db-1 上的 backup", "backup", ServiceAction.START, "db-1"),
        ("systemctl status nginx", "nginx", ServiceAction.STATUS, None),
        ("status of systemd service nginx on db-1", "nginx", ServiceAction.STATUS, "db-1"),
        ("db-1 上的 nginx 服务状态", "nginx", ServiceAction.STATUS, "db-1"),
    ],
)
def test_services_of_hosts(question: str, unit: str, action: ServiceAction, host: str | None) -> None:
    assert understand(question, earlier=()) == ControlService(unit=unit, action=action, host=host)


@pytest.mark.parametrize(
    ("question", "unit", "host", "lines"),
    [
        ("journal of nginx on db-1", "nginx", "db-1", 50),
        ("journalctl -u nginx", "nginx", None, 50),
        ("journalctl -u nginx -n 20", "nginx", None, 20),
        ("看看 db-1 上 nginx 的 journal", "nginx", "db-1", 50),
        ("db-1 上 nginx 服务最近 30 行系统日志", "nginx", "db-1", 30),
    ],
)
def test_journals_of_units(question: str, unit: str, host: str | None, lines: int) -> None:
    assert understand(question, earlier=()) == ReadJournal(unit=unit, host=host, lines=lines)


@pytest.mark.parametrize(
    ("question", "command", "host"),
    [
        ("run `df -h` on web-1", "df -h", "web-1"),
        ("在 db-1 上执行 `uptime`", "uptime", "db-1"),
        ("execute `ls -l /var/log | head` on host db-1", "ls -l /var/log | head", "db-1"),
        ("执行命令 `free -m`", "free -m", None),
        ("运行 `cat /proc/loadavg`", "cat /proc/loadavg", None),
        ("在 db-1 上跑一下 `Tail -n 3 /var/log/Syslog`", "Tail -n 3 /var/log/Syslog", "db-1"),
        ("run `rm -rf /` on db-1", "rm -rf /", "db-1"),
        ("run `echo 'a  b'`", "echo 'a  b'", None),
    ],
)
def test_commands_are_taken_exactly_as_written(question: str, command: str, host: str | None) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, RunCommand)
    assert (intent.command, intent.host, intent.is_everywhere) == (command, host, False)


@pytest.mark.parametrize(
    "question", ["run `uptime` on all hosts", "在所有主机上执行 `uptime`", "每台机器上跑 `uptime`"]
)
def test_a_command_can_be_meant_for_every_host(question: str) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, RunCommand)
    assert intent.is_everywhere


@pytest.mark.parametrize(
    "question",
    ["有哪些主机?", "列出主机", "list hosts", "which hosts do you know?", "有哪些服务器", "list assets", "机器列表"],
)
def test_questions_which_hosts_there_are(question: str) -> None:
    assert understand(question, earlier=()) == ListHosts()


@pytest.mark.parametrize(
    "question",
    [
        "checkout 的内存限制是多少, 为什么 OOM",
        "哪些 pod 内存不足",
        "why is web out of memory",
        "pods with port 8080",
        "list services",
        "哪些服务没有端点?",
        "restart web",
        "scale web to 5",
        "web 为什么一直重启",
        "show logs of checkout",
        "node-1 有什么异常",
        "which nodes are under disk pressure?",
        "pvc 磁盘满了吗",
        "service web port 8080 unreachable",
    ],
)
def test_questions_about_the_cluster_are_not_about_hosts(question: str) -> None:
    intent = understand(question, earlier=())

    assert ".hosts." not in type(intent).__module__


def test_a_follow_up_names_another_host() -> None:
    earlier: list[HistoryMessage] = [UserMessage(text="db-1 的磁盘满了吗?"), AssistantMessage(text="no")]

    assert understand("那 gateway-1 呢?", earlier=earlier) == LookAtHost(topic=HostTopic.DISK, host="gateway-1")
    assert understand("what about gateway-1?", earlier=earlier) == LookAtHost(topic=HostTopic.DISK, host="gateway-1")
