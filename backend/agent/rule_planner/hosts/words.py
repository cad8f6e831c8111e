"""How people speak of hosts, in Chinese and English. Questions are normalised (lower case) before they are matched."""

import re

from backend.agent.rule_planner.hosts.intents import HostTopic, ServiceAction

HOST_NOUN = re.compile(r"\b(?:hosts?|machines?|servers?|vms?)\b|主机|机器|服务器|宿主机|物理机|虚拟机|云主机|本机")
_NAME = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
SURELY_NAMED_HOST = (
    re.compile(rf"\b(?:host|machine|server)\s+[`'\"]?({_NAME})"),
    re.compile(rf"(?:主机|机器|服务器)\s*[`'\"“「]?({_NAME})"),
    re.compile(rf"({_NAME})\s*(?:这台|那台|这个|那个)?\s*(?:主机|机器|服务器)"),
    re.compile(rf"({_NAME})\s*(?:上面|上的|上|里面|里的)"),
    re.compile(rf"\bon\s+(?:the\s+)?[`'\"]?({_NAME})"),
)
_BEFORE_CHINESE = re.compile(rf"(?<![a-z0-9._/-])({_NAME})\s*的?(?=[\u3400-\u9fff])")
HOST_OF_MEMORY = (*SURELY_NAMED_HOST, _BEFORE_CHINESE)
NAMED_HOST = (*SURELY_NAMED_HOST, re.compile(rf"\b(?:of|in|is|does|at)\s+[`'\"]?({_NAME})"), _BEFORE_CHINESE)
"""The surest first."""

_ORDINARY_WORDS = """
a about all almost an any anything are at average bad been being broken busy can cause certificate certificates clock
completely could cpu currently defunct df did disk disks dmesg do does drift eating everyone everything expire failed
filling fine for free full fuller fullest getting going good h have health healthy high higher hogging host hosts how
i in inode inodes is it journal kernel least left less list listening load log logs low lower m machine machines
memory more most much my near nearly no node nodes nothing now ntp of on one oom oom-killed open or out over
overloaded pid port ports process processes quite really right running runs s server servers service services should
slow so some something space still such swap swapping sync syslog system systemctl systemd taken taking that the there
this time today too top under unit units up usage used uses using very well what which who why will with would your
"""
NOT_HOSTS = frozenset(_ORDINARY_WORDS.split())
"""Words that stand where a host's name might, and are none."""

CLUSTER = re.compile(
    r"\b(?:pods?|deployments?|deploy|namespaces?|statefulsets?|daemonsets?|replicasets?|containers?|pvcs?|nodes?|svc|"
    r"ingress\w*|jobs?|cronjobs?|endpoints?|cluster|k8s|kubernetes|kubectl)\b"
    r"|命名空间|容器|节点|集群|工作负载|副本|端点|持久卷|存储卷"
)
"""Who says one of these speaks of the cluster, unless a host is named beside it."""

COMMAND = re.compile(
    r"\b(?:run|execute|exec)\b[^`]*`(?P<run>[^`]+)`|(?:执行|运行|跑)[^`]*`(?P<zh>[^`]+)`", re.IGNORECASE
)

EVERYWHERE = re.compile(
    r"\b(?:all|every|each)\b(?: (?:of )?(?:the|my|our))? (?:host|server|machine|box)(?:s|es)?\b"
    r"|\beverywhere\b|(?:所有|全部|每台|各台|各个)(?:的)?\s*(?:主机|机器|服务器)"
)

PORT_OWNER = (
    re.compile(r"(?P<port>\d{1,5})\s*(?:号)?\s*端口.{0,12}(?:谁|哪个|什么进程|占用|占了|监听)"),
    re.compile(r"(?:谁|哪个|什么).{0,12}(?:占用|占了|占|监听|使用|用).{0,6}?(?P<port>\d{1,5})\s*号?\s*端口"),
    re.compile(r"端口\s*(?P<port>\d{1,5}).{0,12}(?:谁|哪个|什么进程|占用|占了|监听)"),
    re.compile(r"\b(?:who|which process|what process|what)(?:'s| is)?\b.{0,30}\bport\s+(?P<port>\d{1,5})"),
    re.compile(r"\bport\s+(?P<port>\d{1,5})\b.{0,30}\b(?:in use|taken|occupied|used by|by whom|held)\b"),
    re.compile(r"\b(?:lsof|fuser|ss|netstat)\b.*?[: ](?P<port>\d{1,5})\b"),
)

KILL = re.compile(
    r"^\W*(?:please |can you |could you )?(?:kill|terminate|stop|end)\b|杀掉|杀死|杀了|干掉|结束|终止|\bkill\b"
)
KILL_NUMBER = re.compile(r"(?:进程|pid|process|kill(?:\s+-\w+)?)\D{0,6}?(\d{1,7})|(\d{1,7})\s*(?:号)?进程")
KILL_PORT = re.compile(r"(\d{1,5})\s*号?\s*端口|端口\s*(\d{1,5})|\bport\s+(\d{1,5})\b")
THAT_ONE = re.compile(r"它|这个进程|那个进程|该进程|\b(?:it|that process|this process|that one|the process)\b")

UNIT = r"(?P<unit>[a-z0-9][a-z0-9@._-]*)"
ACTIONS = {
    "restart": ServiceAction.RESTART,
    "start": ServiceAction.START,
    "stop": ServiceAction.STOP,
    "status": ServiceAction.STATUS,
    "重启": ServiceAction.RESTART,
    "启动": ServiceAction.START,
    "停止": ServiceAction.STOP,
    "停掉": ServiceAction.STOP,
    "状态": ServiceAction.STATUS,
}
SERVICE = (
    re.compile(rf"\bsystemctl\s+(?P<action>status|restart|start|stop)\s+{UNIT}"),
    re.compile(rf"\b(?P<action>restart|start|stop)\s+(?:the\s+)?{UNIT}(?:\s+(?:systemd\s+)?(?:service|unit))?\s+on\b"),
    re.compile(rf"\b(?P<action>status)\s+of\s+(?:the\s+)?(?:systemd\s+)?(?:service|unit)\s+{UNIT}"),
    re.compile(rf"(?P<action>重启|启动|停止|停掉)\s*[a-z0-9._-]+\s*上面?的?\s*{UNIT}"),
    re.compile(rf"[a-z0-9._-]+\s*上面?的?\s*{UNIT}\s*(?:服务)?\s*(?:的)?\s*(?P<action>状态)"),
)
JOURNAL = (
    re.compile(rf"\bjournalctl\b.*?-u\s*{UNIT}"),
    re.compile(rf"\bjournal\s+of\s+(?:the\s+)?{UNIT}"),
    re.compile(rf"上面?的?\s*{UNIT}\s*的?\s*journal"),
    re.compile(rf"上面?的?\s*{UNIT}\s*(?:服务)?的?.{{0,12}}系统日志"),
)
JOURNAL_LINES = re.compile(r"-n\s*(\d{1,4})|(?:最近|最后|last)\s*(\d{1,4})\s*(?:行|条|lines?)?")

LIST_HOSTS = re.compile(
    r"(?:有哪些|列出|列举|显示)\s*(?:所有|全部)?\s*(?:的)?\s*(?:主机|机器|服务器|资产)|(?:主机|机器|服务器|资产)\s*列表"
    r"|\blist\s+(?:all\s+)?(?:the\s+|my\s+)?(?:hosts|servers|machines|assets)\b"
    r"|\b(?:which|what)\s+(?:hosts|servers|machines|assets)\s+(?:do you|are there|can you|exist)"
)

TOPICS: tuple[tuple[HostTopic, re.Pattern[str]], ...] = (
    (HostTopic.ZOMBIES, re.compile(r"僵尸|\bzombies?\b|\bdefunct\b")),
    (
        HostTopic.UNITS,
        re.compile(
            r"systemctl\s+(?:--failed|list-units)|\bfailed\s+(?:systemd\s+)?(?:units?|services? on)\b"
            r"|(?:\bsystemd\b|\bunits?\b).*(?:失败|没起来|异常|挂|fail)|(?:失败|异常|挂).{0,6}(?:\bunits?\b|\bsystemd\b)"
        ),
    ),
    (
        HostTopic.PROCESSES,
        re.compile(
            r"进程.{0,10}(?:最|占|吃|高|多|耗)|(?:最高|最多|最大|最占|最吃|最耗).{0,6}进程"
            r"|\btop\s+(?:\d+\s+)?processes\b|\b(?:which|what)\s+process(?:es)?\b.*\b(?:cpu|memory|most)\b"
            r"|\b(?:what(?:'s| is)|who is)\s+(?:eating|using|hogging|consuming)\b.*\b(?:cpu|memory|ram)\b"
        ),
    ),
    (HostTopic.CERTIFICATES, re.compile(r"证书|\bcertificates?\b")),
    (
        HostTopic.CLOCK,
        re.compile(r"时间同步|时钟|对时|校时|\bclock\b|\bntp\b|\bchrony\w*\b|\btime (?:sync|drift)\b"),
    ),
    (
        HostTopic.LISTENERS,
        re.compile(
            r"(?:监听|开放|开了|打开).{0,6}端口|端口.{0,6}(?:监听|开放)|\blistening ports?\b|\bopen ports?\b"
            r"|\bports? (?:are|is) (?:open|listening)\b"
        ),
    ),
    (HostTopic.DISK, re.compile(r"磁盘|硬盘|\binodes?\b|\bdisks?\b|^\W*df\b|文件系统|\bfilesystems?\b|根分区")),
    (HostTopic.MEMORY, re.compile(r"内存|\bmemory\b|\bram\b|\bswap(?:ping|ped)?\b|交换分区|^\W*free\b")),
    (HostTopic.LOAD, re.compile(r"负载|\bload(?: average)?\b|\buptime\b|运行(?:了)?多久|\bcpu\b")),
)
"""The more exact first. Memory and load also fit workloads: those two need a host beside them or a telling word."""

OOM = re.compile(r"\boom[\w-]*|内存溢出")
KERNEL = re.compile(r"\bdmesg\b|\bkernel\b|内核")
ONLY_HOSTS_HAVE = re.compile(
    r"\bswap(?:ping|ped)?\b|交换分区|\buptime\b|\bload average\b|\bfree memory\b|^\W*(?:df|free)\b|负载|运行(?:了)?多久"
)
HEALTH = re.compile(
    r"健康|怎么样|如何|正常|检查|巡检|问题|异常|毛病|卡|慢|体检"
    r"|\bhealth\w*\b|\bwrong\b|\bslow\b|\bok\b|\bfine\b|\bcheck\b|\bhow\b|\bproblems?\b"
)
