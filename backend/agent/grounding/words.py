"""The words in which answers speak about a cluster, in both languages."""

import re
from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "pod": "Pod",
    "deployment": "Deployment",
    "service": "Service",
    "node": "Node",
    "event": "Event",
    "replica": "replica",
    "container": "container",
    "namespace": "namespace",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "replicaset": "ReplicaSet",
    "configmap": "ConfigMap",
    "secret": "Secret",
    "job": "Job",
    "部署": "Deployment",
    "服务": "Service",
    "节点": "Node",
    "事件": "Event",
    "副本": "replica",
    "容器": "container",
    "命名空间": "namespace",
}
_ENGLISH = "|".join(word for word in KINDS if word.isascii())
_CHINESE = "|".join(word for word in KINDS if not word.isascii())
KIND = rf"(?:(?<![A-Za-z])(?:{_ENGLISH})s?(?![A-Za-z])|{_CHINESE})"
"""A kind of object; match it without regard to case."""

NUMBERS: Mapping[str, int] = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    **{word: number for number, word in enumerate("零一二三四五六七八九十")},
    "两": 2,
}
NUMBER = (
    r"(?:(?<![\w./:-])\d{1,6}(?![\w./:%-])|(?<![A-Za-z])(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"eleven|twelve)(?![A-Za-z])|[零一二两三四五六七八九十])"
)

WAITING_REASONS = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ContainerCreating",
        "PodInitializing",
    }
)
CRASH_REASONS = frozenset({"CrashLoopBackOff", "OOMKilled", "RunContainerError", "StartError"})
PLAIN_STATES = frozenset({"Running", "Pending", "Completed", "Succeeded", "Terminating", "Evicted", "NotReady"})
STATES = WAITING_REASONS | CRASH_REASONS | PLAIN_STATES
STATE = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(sorted(STATES, key=len, reverse=True))})(?![A-Za-z])")

ABNORMAL = r"(?:abnormal|unhealthy|failing|broken|not normal|not healthy|不正常|不健康|异常|有问题|故障)"
HEALTHY = r"(?:healthy|fine|normal|ok|OK|running fine|up and running|正常|健康|就绪)"

ALL_CLEAR = re.compile(
    rf"\ball\s+(?:of\s+)?(?:the\s+|your\s+)?(?:\d+\s+)?(?P<kind>pods|deployments|services|nodes)\b[^.!?;,]{{0,60}}?"
    rf"\b(?:are|look)\s+(?:now\s+|currently\s+)?(?P<word>{HEALTHY}|ready|running)\b"
    rf"|(?:所有|全部)(?:的)?\s*(?P<zh_kind>Pod|Deployment|Service|Node|服务|节点|部署)s?\s*(?:都|均|目前|现在|已)*\s*"
    rf"(?:运行|处于|状态|是)*\s*(?P<zh_word>正常|健康|就绪|Running|Ready)"
    rf"|(?:没有|未)(?:发现)?(?:任何)?(?:异常|不正常|有问题)的?\s*(?P<no_kind>Pod|Deployment|Service|服务|节点|部署)",
    re.IGNORECASE,
)
"""Claims on all objects of a kind at once."""
NEGATION = re.compile(
    r"\b(?:not|no|none|never|nothing|neither|without|cannot|missing|absent|nonexistent)\b|n't\b|没|不|无|未|非|缺",
    re.IGNORECASE,
)
DENIAL = re.compile(
    r"do(?:es)?(?: not|n't) (?:exist|have)|not found|no such|nothing named|there (?:is|are)(?: no\b|n't)|\bmissing\b"
    r"|\babsent\b|\bgone\b|deleted|removed|replaced|\bnot (?:in|on|among|listed|present|named)\b|\bno\b.{0,30}\bnamed\b"
    r"|没有名为|没有叫|不存在|找不到|未找到|没有找到|已删除|被删除|缺少|缺失|不在|没有.{0,12}(?:Pod|对象|部署|服务)",
    re.IGNORECASE,
)
"""That something is not there: then no result has to show it."""
HEDGE = re.compile(
    r"\b(?:may|might|maybe|perhaps|probably|possibly|likely|suspect\w*|presumably|appears?|seems?|could|if|unless|"
    r"was|were|had|previously|before|earlier|until|would)\b|可能|也许|大概|疑似|似乎|或许|估计|如果|若|之前|曾|原先|原来|此前",
    re.IGNORECASE,
)
"""A guess, or a word on the past: neither differs from what a result shows now."""
EXCEPTION = re.compile(
    r"\b(?:except|besides|other|others|rest|but|apart|only|remaining)\b|除|其他|其余|以外|仅|只", re.IGNORECASE
)
SUGGESTION = re.compile(
    r"\b(?:should|could|would|recommend\w*|suggest\w*|consider|you can|you may|if you|to fix|next steps?|for example|"
    r"e\.g|such as|example|let me|shall I|want me|do you|means|refers? to|typically|usually|generally)\b"
    r"|^\W*(?:run|use|set|change|increase|raise|lower|reduce|roll ?back|scale|add|remove|check|verify|fix|create|"
    r"delete|edit|update|restart|try|make|ensure|look|see|inspect|ask|grant|point|correct)\b"
    r"|建议|可以|应该|应当|请|如果|例如|比如|下一步|尝试|改为|修改|调整为|是指|意味着|通常|一般|表示|意思",
    re.IGNORECASE,
)
"""Advice, examples and explanations say nothing about what is."""
