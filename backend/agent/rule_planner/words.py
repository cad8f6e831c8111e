"""The vocabulary of questions in Chinese and English, and how names are told from ordinary words."""

import re
import unicodedata

from backend.agent.rule_planner.intents import Kind

OBJECT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
NAMESPACE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

_EDGE_BEFORE = r"(?<![a-z0-9._/-])"
_EDGE_AFTER = r"(?![a-z0-9_/-])"
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"

NAME_TOKEN = re.compile(rf"{_EDGE_BEFORE}({_NAME}){_EDGE_AFTER}")
PATH_TOKEN = re.compile(rf"{_EDGE_BEFORE}({_NAME})/({_NAME})(?:/({_NAME}))?{_EDGE_AFTER}")
QUOTED = re.compile(r"""[`'"“‘「『]([^`'"”’」』]{1,253})[`'"”’」』]""")

KIND_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("pod", "pods", "po", "容器组", "实例"), Kind.PODS),
    **dict.fromkeys(("service", "services", "svc", "服务"), Kind.SERVICES),
    **dict.fromkeys(
        ("deployment", "deployments", "deploy", "workload", "workloads", "部署", "工作负载"), Kind.DEPLOYMENTS
    ),
    **dict.fromkeys(("node", "nodes", "节点"), Kind.NODES),
}

OTHER_KINDS: dict[str, str] = {
    word: plural
    for plural, spoken in {
        "ingresses": "ingress ingresses ing",
        "persistentvolumeclaims": "pvc pvcs persistentvolumeclaim persistentvolumeclaims 持久卷声明",
        "persistentvolumes": "pv pvs persistentvolume persistentvolumes 持久卷",
        "cronjobs": "cronjob cronjobs cj 定时任务",
        "jobs": "job jobs",
        "horizontalpodautoscalers": "hpa hpas horizontalpodautoscaler horizontalpodautoscalers 自动扩缩",
        "configmaps": "configmap configmaps cm 配置项",
        "secrets": "secret secrets 密钥",
        "statefulsets": "statefulset statefulsets sts",
        "daemonsets": "daemonset daemonsets ds",
        "replicasets": "replicaset replicasets rs",
        "networkpolicies": "networkpolicy networkpolicies netpol 网络策略",
        "storageclasses": "storageclass storageclasses sc 存储类",
        "poddisruptionbudgets": "pdb pdbs poddisruptionbudget poddisruptionbudgets",
        "resourcequotas": "resourcequota resourcequotas quota quotas 配额",
        "limitranges": "limitrange limitranges",
        "serviceaccounts": "serviceaccount serviceaccounts sa",
        "namespaces": "namespaces",
    }.items()
    for word in spoken.split()
}
"""Words for kinds that only the general list tool knows, with their plurals."""
_TWO_WORDS = {
    "network polic": "networkpolicies",
    "resource quota": "resourcequotas",
    "storage class": "storageclasses",
    "config map": "configmaps",
    "cron job": "cronjobs",
    "service account": "serviceaccounts",
}
_ASKS_FOR_NAMESPACES = re.compile(
    r"(?:有哪些|列出|几个|多少个?)\s*(?:所有|全部)?的?\s*(?:命名空间|名称空间)|(?:命名空间|名称空间)\s*列表"
)

HELP = re.compile(
    r"what can you do|what do you do|who are you|^\W*(?:help|hello|hi|hey|usage|\?+)\W*$|how (?:do|can) i use"
    r"|你能(?:做|干)(?:什么|啥|些什么)|你会(?:什么|做什么|干什么)|能做(?:什么|哪些)|有什么功能|怎么用|如何使用|^\W*(?:帮助|你好|您好|你是谁)\W*$"
)
SCALE = re.compile(
    r"\bscal(?:e|ing)\b|\bresize\b|\b(?:set|change|increase|decrease|reduce|bump)\b.*\breplicas?\b|\breplicas?\b.*(?:=|\bto\b)"
    r"|扩容|缩容|扩缩|扩到|缩到|扩展到|扩成|缩成|伸缩|(?:设|改|调|增|减|加|变|扩|缩)[^,。,]{0,12}副本|副本[^,。,]{0,8}(?:设|改|调|增|减|加|变|扩|缩)"
)
RESTART = re.compile(r"^\W*(?:please |can you |could you )?restart\b|^\W*(?:请|帮我|麻烦)*重启|把.{1,60}重启")
ROLL_BACK = re.compile(
    r"\broll(?:ing)?[ -]?back\b|\brollback\b|\bundo\b.*\b(?:rollout|deployment|release|change)\b|回滚|回退"
)
REVISION = re.compile(r"(?:revision|version|版本|修订)\s*(?:号)?\s*(\d{1,6})|第\s*(\d{1,6})\s*(?:个)?版本")
CORDON = re.compile(r"\bcordon\b|不可调度|隔离(?:节点)?|停止调度|禁止调度")
UNCORDON = re.compile(r"\buncordon\b|恢复.{0,20}调度|取消隔离|解除隔离|允许调度")
DELETE_POD = re.compile(
    r"^\W*(?:please )?(?:delete|remove)\s+pods?\b|^\W*(?:请|帮我)*(?:删除|删掉)\s*pods?\b"
    r"|把.{1,80}pod\s*(?:删了|删除|删掉)"
)
OTHER_CHANGE = re.compile(
    r"^\W*(?:please |can you |could you )?(?:delete|remove|drain|apply|create|patch|edit|exec|kill|fix)\b"
    r"|^\W*(?:请|帮我|麻烦)*(?:删除|删掉|创建|新建|修改|修复|驱逐|杀掉|清理)"
    r"|把.{1,60}(?:删除|删掉|删了|驱逐|杀掉|修好|修复)"
)
"""Changes that the rules cannot make. They must not be mistaken for a question about the same object."""
LOGS = re.compile(r"\blogs?\b|\bstdout\b|\bstderr\b|日志|输出了什么")
LOGGED_ERRORS = re.compile(r"\berrors?\b|\bexceptions?\b|\bfailures?\b|报错|错误|异常|出错|失败")
"""Of logs: what is meant are lines that look like errors, not lines with this very word."""
EVENTS = re.compile(r"\bevents?\b|事件")
DESCRIBE = re.compile(r"\bdescribe\b|\bdetails?\b|详情|详细|描述一下|描述")
ABNORMAL = re.compile(
    r"\bwhy\b|\bwrong\b|\bfail(?:s|ed|ing|ure)?\b|\bbroken\b|\bcrash\w*|\brestart(?:s|ed|ing)?\b|\bpending\b|\boom\w*"
    r"|\bunhealthy\b|\babnormal\b|\bnot (?:normal|healthy|ready|running|working|ok|starting|start|available)\b"
    r"|\b(?:isn't|aren't|doesn't|don't|won't|can't|cannot)\b|\bproblems?\b|\bissues?\b|\berrors?\b|\bstuck\b|\bdown\b"
    r"|\bdiagnose\b|\btroubleshoot\b|\bnot\b.*\breachable\b|\bunreachable\b|\bimagepullbackoff\b|\berrimagepull\b"
    r"|为什么|为何|为啥|怎么回事|怎么了|原因|不正常|异常|失败|故障|出错|报错|错误|问题|起不来|起不了|启动不了|无法启动|没起来|不健康|没有?就绪|未就绪"
    r"|不就绪|重启|崩溃|挂了|挂掉|不可用|不通|连不上|访问不了|无法访问|拉不下来|拉取失败|卡住|卡在|诊断|排查|有毛病|坏了"
    r"|\b(?:no|without|missing) endpoints?\b|(?:没有?|缺少?|无)(?:可用的?)?端点"
)
USAGE = re.compile(
    r"\btop\s+(?:pods?|nodes?)\b|\b(?:resource|cpu|memory)\s+usage\b|\buses? (?:the )?most\b|\bmost (?:cpu|memory)\b"
    r"|\bhow much (?:cpu|memory)\b|资源使用|资源占用|资源消耗|(?:cpu|内存).{0,4}(?:使用|占用|消耗|最高|最多|最大)"
    r"|最(?:耗|占|吃).{0,4}(?:cpu|内存|资源)"
)
RELATIONS = re.compile(
    r"\bdepend(?:s|ing|encies)?\b|\brelations?\b|\brelated\b|\bconnected\b|\bwhich ingress\b.*\bto\b|\bleads? to\b"
    r"|关联|依赖|上下游|关系|拓扑"
)
HISTORY = re.compile(
    r"\brollout history\b|\brevisions?\b|\bwhat (?:has )?changed\b|\brecent changes\b"
    r"|发布历史|历史版本|版本历史|发布记录|变更记录|改了什么|改过什么|变更了什么|最近的变更"
)
CLUSTERS = re.compile(
    r"\blist (?:all )?(?:the |my )?clusters\b|\b(?:which|what) clusters\b|(?:有哪些|列出|几个)(?:所有)?集群|集群列表"
)
OVERVIEW = re.compile(
    r"\boverview\b|\bhealth\b|\bhealthy\b|\bsummary\b|\bcluster status\b|\b(?:status|state) of (?:the|my) cluster\b"
    r"|how is (?:the|my) cluster|\bhow are things\b|概览|概况|总览|健康|总体|整体|巡检"
    r"|\beverything\b.*\b(?:ok|okay|fine|alright|good|normal)\b|一切(?:都)?正常|都正常|正常吗"
    r"|集群.{0,6}(?:状态|情况|怎么样|如何|还好|正常)|(?:状态|情况)(?:怎么样|如何)"
)
LIST = re.compile(
    r"\blist\b|\bshow\b|\bget\b|\bwhat\b|\bwhich\b|\bhow many\b|\bsee\b|\bdisplay\b|\bstatus\b"
    r"|列出|列一下|列举|查看|看看|看一下|看下|显示|有哪些|有什么|哪些|多少|几个|查询|查一下|状态|情况"
)
ALL_NAMESPACES = re.compile(
    r"\b(?:all|every|each|any) namespaces?\b|\bacross (?:all )?(?:namespaces|the cluster)\b|\bcluster-?wide\b"
    r"|\beverywhere\b|\b(?:in|of|on) (?:the|my|this)? ?(?:whole |entire )?cluster\b|(?<!\S)-a(?!\S)|--all-namespaces"
    r"|(?:所有|全部|各个?|每个)的?(?:命名|名称|名字)空间|整个集群|全集群|集群(?:里|中|内|上|的)|全局"
)
WARNINGS = re.compile(r"\bwarnings?\b|警告|告警|异常")
PREVIOUS = re.compile(
    r"\bprevious\b|\bbefore (?:it|the) (?:crash|restart)\w*|(?<!\S)-p(?!\S)|上一?次|上一个|崩溃前|重启前|之前的日志"
)
PRONOUN = re.compile(
    r"\b(?:it|its|that one|this one|that pod|this pod|the pod|that deployment|this deployment|the same|them|those)\b"
    r"|它|他的|这个|那个|该 ?(?:pod|服务|部署|应用|容器)|上面|刚才|前面"
)
FOLLOW_UP = re.compile(
    rf"^\W*(?:那么?|再看看?|what about|how about|and)\s*(?:in\s+)?({_NAME})\s*"
    r"(?:命名空间|namespace)?\s*(?:呢|怎么样)?\W*$"
)

NAMESPACE_PATTERNS = (
    re.compile(rf"(?<!\S)(?:-n|--namespace)[ =]({_NAME})"),
    re.compile(rf"{_EDGE_BEFORE}({_NAME})[`'\"”’」』]?\s*(?:这个|那个|的)?\s*(?:命名空间|名称空间|名字空间)"),
    re.compile(rf"(?:命名空间|名称空间|名字空间)\s*(?:是|为|叫|里的|:|=)?\s*[`'\"“‘「『]?({_NAME})"),
    re.compile(rf"{_EDGE_BEFORE}({_NAME})[`'\"]?\s+(?:namespace|ns)\b"),
    re.compile(rf"\b(?:namespace|ns)\s*[:=]?\s*[`'\"]?({_NAME})"),
    re.compile(rf"\bin\s+[`'\"]?({_NAME})[`'\"]?(?=\s*[?!.,]|\s*$|\s+(?:is|are|to|and|from|has|have|by|not)\b)"),
    re.compile(rf"{_EDGE_BEFORE}({_NAME})\s*(?:里面?|中|下面?|内)(?:的|有|哪|,|\s|$)"),
    re.compile(rf"在\s*({_NAME})\s*(?:里|中|下|内|上)"),
)

CHINESE_DIGITS = {
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}

_ORDINARY_WORDS = """
a abnormal about across add after again age all also am an and any anything app application apps are aren as
at available back be because been before being between both broken but by can cannot cause cluster code come
contain container containers containing contains could cpu crash crashed crashes crashing crashloopbackoff
cronjob current currently daemonset deploy deployment deployments describe detail details diagnose did display
do does doesn doing don down each endpoint endpoints entire env errimagepull error errors event events ever
every everything everywhere exception exit fail failed failing fails failure fetch find fix for from get gets
give go going good got grep had happen happened happening has have health healthy hello help here hi hour
hours how i if image imagepullbackoff images in increase instance instances is isn issue issues it its job
just k8s keep keeps kubectl kubernetes last latest least let line lines list ll log logs look lot make many
may me memory minute minutes more most much my name named namespace namespaces need never new next no node
nodes none normal not nothing now ns of off ok on one ones only oom oomkilled open or our out over overview
pending please po pod pods port previous problem problems query re reach reachable ready reason recent replica
replicas restart restarted restarting restarts right run running runs s same say scale scaled scaling second
seconds see seem seems service services set should show since so some something start started starting starts
state statefulset status stderr stdout still stop stopped stuck summary svc system t tail tell than that the
their them then there these they thing things this those through time to today troubleshoot unavailable
unhealthy unreachable up us usage use uses using ve very wait want warning warnings was way we well were what when where
whether which who whole why will with without won workload workloads would wrong yaml yes yesterday you your
change changed changes connected cordon delete depend depends dependencies history ingress lead leads relation
relations related remove resource resources revision revisions roll rollback rollout release top uncordon undo version
"""
NOT_NAMES = frozenset(_ORDINARY_WORDS.split())
"""English words that questions are made of. A workload of such a name has to be quoted."""


def normalise(text: str) -> str:
    """Full-width letters and digits to plain ones, lower case: object names are lower case always."""
    return unicodedata.normalize("NFKC", text).lower().strip()


def is_object_name(text: str) -> bool:
    return OBJECT_NAME.fullmatch(text) is not None


def find_kind(text: str) -> Kind | None:
    """The kind named first."""
    found = [(text.find(word), kind) for word, kind in KIND_WORDS.items() if _has_word(text, word)]
    return min(found, key=lambda item: item[0])[1] if found else None


def find_other_kind(text: str) -> str | None:
    """The plural of a kind beyond the four common ones."""
    if _ASKS_FOR_NAMESPACES.search(text):
        return "namespaces"
    for spoken, plural in _TWO_WORDS.items():
        if spoken in text:
            return plural
    found = [(text.find(word), plural) for word, plural in OTHER_KINDS.items() if _has_word(text, word)]
    return min(found, key=lambda item: item[0])[1] if found else None


def has_chinese(text: str) -> bool:
    return re.search(r"[\u3400-\u9fff]", text) is not None


def _has_word(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return re.search(rf"(?<![a-z0-9._/-]){word}(?![a-z0-9._-])", text) is not None
