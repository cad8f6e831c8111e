"""What the rule planner makes of questions about usage, relations, revisions, other kinds, and of wished changes."""

import pytest

from backend.agent.rule_planner.intents import (
    ChangeWorkload,
    CordonNode,
    DeletePod,
    ListClusters,
    ListKind,
    ShowHistory,
    ShowRelations,
    ShowUsage,
    WorkloadChange,
)
from backend.agent.rule_planner.understanding import understand


@pytest.mark.parametrize(
    ("question", "subject", "namespace"),
    [
        ("top pods", "pods", None),
        ("kubectl top pods in payments", "pods", "payments"),
        ("哪个 pod 最耗 CPU?", "pods", None),
        ("default 命名空间里内存占用最高的 Pod", "pods", "default"),
        ("which pods use the most memory?", "pods", None),
        ("pod 的资源使用情况", "pods", None),
        ("top nodes", "nodes", None),
        ("节点资源使用率", "nodes", None),
        ("节点 CPU 使用情况", "nodes", None),
        ("how much memory do the nodes use?", "nodes", None),
        ("各节点的内存占用", "nodes", None),
        ("resource usage of pods in data", "pods", "data"),
    ],
)
def test_questions_about_usage(question: str, subject: str, namespace: str | None) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ShowUsage)
    assert (intent.subject, intent.scope.namespace) == (subject, namespace)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what depends on checkout?", "checkout"),
        ("web 关联了哪些资源?", "web"),
        ("relations of service web", "web"),
        ("哪些资源依赖 shop-config?", "shop-config"),
        ("web 的上下游关系", "web"),
        ("which ingress leads to web?", "web"),
        ("what is related to deployment/web", "web"),
    ],
)
def test_questions_about_relations(question: str, name: str) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ShowRelations)
    assert name in intent.target.names


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("rollout history of web", "web"),
        ("web 的发布历史", "web"),
        ("web 最近改了什么?", "web"),
        ("what changed in web?", "web"),
        ("revisions of deployment web", "web"),
        ("checkout 有哪些历史版本", "checkout"),
    ],
)
def test_questions_about_revisions(question: str, name: str) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ShowHistory)
    assert intent.target.names[0] == name


@pytest.mark.parametrize("question", ["which clusters are there?", "有哪些集群?", "list clusters", "列出集群"])
def test_questions_which_clusters_there_are(question: str) -> None:
    assert understand(question, earlier=()) == ListClusters()


@pytest.mark.parametrize(
    ("question", "kind", "namespace"),
    [
        ("list ingresses", "ingresses", None),
        ("有哪些 ingress?", "ingresses", None),
        ("show me the pvcs in data", "persistentvolumeclaims", "data"),
        ("data 命名空间的 PVC", "persistentvolumeclaims", "data"),
        ("列出所有 job", "jobs", None),
        ("cronjobs", "cronjobs", None),
        ("定时任务有哪些", "cronjobs", None),
        ("list hpa", "horizontalpodautoscalers", None),
        ("有哪些 configmap", "configmaps", None),
        ("list statefulsets", "statefulsets", None),
        ("daemonset 列表", "daemonsets", None),
        ("which namespaces exist?", "namespaces", None),
        ("有哪些命名空间?", "namespaces", None),
        ("list secrets in payments", "secrets", "payments"),
        ("list network policies", "networkpolicies", None),
        ("存储类有哪些", "storageclasses", None),
        ("list pdb", "poddisruptionbudgets", None),
        ("resource quotas", "resourcequotas", None),
    ],
)
def test_lists_of_other_kinds(question: str, kind: str, namespace: str | None) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ListKind)
    assert (intent.kind, intent.scope.namespace) == (kind, namespace)


@pytest.mark.parametrize(
    ("question", "change", "name", "revision"),
    [
        ("restart web", WorkloadChange.RESTART, "web", None),
        ("please restart deployment checkout", WorkloadChange.RESTART, "checkout", None),
        ("重启 web", WorkloadChange.RESTART, "web", None),
        ("把 checkout 重启一下", WorkloadChange.RESTART, "checkout", None),
        ("帮我重启 payments 里的 payment-api", WorkloadChange.RESTART, "payment-api", None),
        ("roll back web", WorkloadChange.ROLL_BACK, "web", None),
        ("rollback web to revision 3", WorkloadChange.ROLL_BACK, "web", 3),
        ("回滚 web", WorkloadChange.ROLL_BACK, "web", None),
        ("把 web 回滚到版本 2", WorkloadChange.ROLL_BACK, "web", 2),
        ("web 回滚到上一个版本", WorkloadChange.ROLL_BACK, "web", None),
        ("undo the last rollout of web", WorkloadChange.ROLL_BACK, "web", None),
    ],
)
def test_wishes_to_restart_or_roll_back(question: str, change: WorkloadChange, name: str, revision: int | None) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ChangeWorkload)
    assert (intent.change, intent.target.names[0], intent.revision) == (change, name, revision)


@pytest.mark.parametrize(
    ("question", "node", "is_cordoned"),
    [
        ("cordon node-2", "node-2", True),
        ("uncordon node-2", "node-2", False),
        ("把 node-2 设为不可调度", "node-2", True),
        ("恢复 node-2 的调度", "node-2", False),
        ("cordon node node-1", "node-1", True),
        ("隔离节点 node-1", "node-1", True),
    ],
)
def test_wishes_to_cordon_a_node(question: str, node: str, is_cordoned: bool) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, CordonNode)
    assert (intent.target.names[0], intent.is_cordoned) == (node, is_cordoned)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("delete pod web-7d9c5b6f4-x2k9p", "web-7d9c5b6f4-x2k9p"),
        ("删除 pod web-7d9c5b6f4-x2k9p", "web-7d9c5b6f4-x2k9p"),
        ("把 web-7d9c5b6f4-x2k9p 这个 pod 删了", "web-7d9c5b6f4-x2k9p"),
    ],
)
def test_wishes_to_delete_a_pod(question: str, name: str) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, DeletePod)
    assert intent.target.names[0] == name


@pytest.mark.parametrize(
    "question", ["delete namespace default", "delete deployment web", "删除 web", "drain node-1", "apply this manifest"]
)
def test_other_changes_are_not_guessed_at(question: str) -> None:
    intent = understand(question, earlier=())

    assert not isinstance(intent, ChangeWorkload | CordonNode | DeletePod)
