"""Help, failures, and questions beyond the rules."""

from collections.abc import Iterable, Sequence

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.markdown import choose, code, paragraphs, plain
from backend.agent.rule_planner.results import ToolResult
from backend.vocabulary.errors import ErrorKind
from backend.vocabulary.language import Language, Text

_ABILITIES = (
    Text(en="what is not normal, and why", zh="找出不正常的对象并说明原因"),
    Text(en="why one workload, pod or service fails", zh="解释某个工作负载、Pod 或 Service 为什么有问题"),
    Text(
        en="list pods, services, deployments, nodes and any other kind",
        zh="列出 Pod、Service、Deployment、节点及其他资源",
    ),
    Text(en="logs, events and details of a pod", zh="查看 Pod 的日志、事件和详情"),
    Text(en="usage, relations and revisions", zh="查看资源用量、关联关系和历史版本"),
    Text(en="the health of the cluster", zh="集群健康概览"),
    Text(
        en="hosts: disks, memory, load, processes, ports, failed services, zombies, clock, certificates",
        zh="主机：磁盘、内存、负载、进程、端口、失败的服务、僵尸进程、时钟、证书",
    ),
    Text(
        en="after you approved it: scale, restart, roll back, cordon, delete a pod, end a process, restart a service,"
        " run a command",
        zh="经你批准后：扩缩、重启、回滚、隔离节点、删除 Pod、结束进程、重启服务、执行命令",
    ),
)
_EXAMPLES = (
    Text(
        en="Which pods in the default namespace are not normal, and why?",
        zh="default 命名空间里有哪些 Pod 不正常？为什么？",
    ),
    Text(en="Why is checkout failing?", zh="checkout 为什么起不来？"),
    Text(en="Show the previous logs of checkout", zh="看一下 checkout 上一次的日志"),
    Text(en="scale web to 5", zh="把 web 扩到 5 个副本"),
    Text(en="How is the cluster?", zh="集群健康吗？"),
    Text(en="Who uses port 8080?", zh="8080 端口被谁占用了？"),
    Text(en="Which host runs out of disk space?", zh="哪台机器磁盘快满了？"),
)
_SELF_EXPLAINING = frozenset({ErrorKind.TOOL_FAILED, ErrorKind.TOOL_BAD_ARGUMENTS})
"""Kinds whose message already names the next step."""
_MODEL_HINT = Text(
    en="For free questions, configure a language model (`OPENAI_API_KEY`, `LLM_BASE_URL`, `LLM_MODEL`).",
    zh="想自由提问，请配置大模型（`OPENAI_API_KEY`、`LLM_BASE_URL`、`LLM_MODEL`）。",
)


def answer_help(language: Language) -> str:
    return paragraphs(
        choose(language, en="In rule mode I can tell you:", zh="在规则模式下我可以："),
        _bullets(ability.in_language(language) for ability in _ABILITIES),
        choose(language, en="For example:", zh="例如："),
        _bullets(example.in_language(language) for example in _EXAMPLES),
        _MODEL_HINT.in_language(language),
    )


def answer_not_understood(language: Language) -> str:
    apology = choose(
        language,
        en="I did not understand that: without a language model I only know a fixed set of questions."
        " Nothing was looked at and nothing was changed.",
        zh="这个问题我没有理解：没有大模型时，我只会固定的一些问题。没有查看任何内容，也没有做任何变更。",
    )
    return paragraphs(apology, answer_help(language))


def answer_missing_tools(names: Iterable[str], *, language: Language) -> str:
    listed = ", ".join(code(name) for name in names)
    return choose(
        language,
        en=f"I cannot do that: the tool {listed} is not available now. The tools page shows which server is missing,"
        " or whether read-only mode removed it. Nothing was read and nothing was changed.",
        zh=f"无法完成：工具 {listed} 当前不可用。请在工具页查看是哪个服务器没有连上，或是否因只读模式被移除。"
        "没有读取任何数据，也没有做任何变更。",
    )


def answer_failures(failures: Sequence[ToolResult], *, language: Language) -> str:
    """Nothing could be read: say why, state nothing about the cluster."""
    heading = choose(
        language,
        en="I could not read this from the cluster, so I make no statement about its state:",
        zh="没能从集群读到数据，因此不对其状态作任何判断：",
    )
    return paragraphs(heading, _bullets(describe_failure(result, language=language) for result in failures))


def describe_failure(result: ToolResult, *, language: Language) -> str:
    outcome = result.outcome
    words = {
        ToolStatus.ERROR: Text(en="failed", zh="失败"),
        ToolStatus.DECLINED: Text(en="declined", zh="被拒绝"),
        ToolStatus.UNKNOWN: Text(en="outcome unknown", zh="结果未知"),
        ToolStatus.CANCELLED: Text(en="cancelled", zh="已取消"),
    }
    word = words.get(outcome.status, Text(en="unusable answer", zh="返回内容无法使用")).in_language(language)
    hint = outcome.failure.hint(language) if outcome.failure and outcome.failure.kind not in _SELF_EXPLAINING else ""
    said = plain(outcome.text, limit=700)
    return f"{code(result.tool)} {word}: {said}" + (f" ({hint})" if hint else "")


def answer_no_such_object(names: Sequence[str], *, nearest: Sequence[str], place: str, language: Language) -> str:
    listed = ", ".join(code(name) for name in names)
    text = choose(
        language,
        en=f"There is nothing named {listed} {place}.",
        zh=f"{place}没有名为 {listed} 的对象。",
    )
    if not nearest:
        return text
    near = ", ".join(code(name) for name in nearest)
    return text + choose(language, en=f" The nearest names are {near}.", zh=f"最接近的名称：{near}。")


def answer_which_object(language: Language) -> str:
    return choose(
        language,
        en="Which one do you mean? Please name the pod or the deployment, for example: `logs of checkout`.",
        zh="你指的是哪一个？请给出 Pod 或 Deployment 的名称，例如「checkout 的日志」。",
    )


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
