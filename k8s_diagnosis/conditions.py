"""Every condition the rules can name, with its family, its title, and how far it stands from a root cause."""

from __future__ import annotations

from dataclasses import dataclass

from k8s_diagnosis.problem import Words


@dataclass(frozen=True, slots=True)
class Condition:
    family: str
    title: Words
    level: int = 0
    """0 for what can be a root; the higher, the more it is a consequence of other conditions."""


def _family(name: str, **titles: tuple[str, str] | tuple[str, str, int]) -> dict[str, Condition]:
    return {
        id_.replace("_", "-"): Condition(name, Words(each[0], each[1]), each[2] if len(each) > 2 else 0)
        for id_, each in titles.items()
    }


CONDITIONS: dict[str, Condition] = {
    **_family(
        "crash",
        crash_exit_error=("the program keeps ending with an error", "程序反复出错退出"),
        crash_exit_zero=("a one-shot program runs as a service", "一次性程序作为服务运行"),
        crash_missing_env=("a required environment variable is not set", "缺少必需的环境变量"),
        crash_command_not_found=(
            "the command is not in the image or may not be executed",
            "镜像中没有该命令或无法执行",
        ),
        crash_port_clash=("two programs want one port", "端口冲突"),
        crash_read_only_filesystem=("the program writes to a read-only file system", "写入只读文件系统"),
        crash_rbac_forbidden=("the API server refuses the program for lack of rights", "程序缺少 API 权限"),
        crash_dependency_unreachable=("something the program needs does not answer", "依赖的服务不可达", 1),
        crash_after_change=("the fault began with the newest revision", "故障始于最新版本"),
        crash_permission_denied=("the operating system refuses what the program does", "操作系统权限被拒"),
        crash_file_missing=("a file, module or library is not there", "缺少文件、模块或库"),
        crash_config_invalid=("the configuration is not valid", "配置无效"),
        crash_login_refused=("a service refuses the login of the program", "登录被拒绝"),
        crash_certificate_rejected=("a TLS certificate is not accepted", "TLS 证书不被接受"),
        crash_disk_full=("the disk or volume is full", "磁盘或卷已满"),
        crash_heap_exhausted=("the program ran out of the memory it may use", "程序可用内存耗尽"),
        container_runs_as_root=("the image runs as root, which the pod forbids", "镜像以 root 运行而被禁止"),
        container_hook_failing=("the postStart hook fails", "postStart 钩子失败"),
        container_cannot_be_created=("the runtime cannot make the container", "容器无法创建"),
    ),
    **_family(
        "memory",
        oom_killed=("killed at its own memory limit", "超过自身内存上限被终止"),
        oom_node=("killed because the node ran out of memory", "节点内存耗尽被终止", 1),
        memory_near_limit=("memory use is close to the limit", "内存用量接近上限", 2),
        evicted=("the node removed the pod", "Pod 被节点驱逐", 1),
    ),
    **_family(
        "probes",
        liveness_wrong_port=("the liveness probe asks a wrong port", "存活探针端口错误"),
        liveness_wrong_path=("the liveness probe asks a wrong path", "存活探针路径错误"),
        liveness_too_aggressive=("the liveness probe gives too little time", "存活探针过于急促"),
        liveness_failing=("the liveness probe fails", "存活探针失败", 1),
        readiness_wrong_port=("the readiness probe asks a wrong port", "就绪探针端口错误"),
        readiness_wrong_path=("the readiness probe asks a wrong path", "就绪探针路径错误"),
        readiness_failing=("the pod runs and does not become ready", "Pod 运行但不就绪", 1),
        readiness_gate_pending=("a readiness gate of the pod is not fulfilled", "Pod 的就绪门控未满足"),
        startup_probe_too_short=("the startup probe gives up before the program is up", "启动探针时间过短"),
        startup_wrong_port=("the startup probe asks a wrong port", "启动探针端口错误"),
        startup_wrong_path=("the startup probe asks a wrong path", "启动探针路径错误"),
        startup_failing=("the startup probe fails", "启动探针失败", 1),
    ),
    **_family(
        "image",
        image_not_found=("the image does not exist", "镜像不存在"),
        image_pull_denied=("the registry denies the pull", "镜像仓库拒绝拉取"),
        image_registry_unreachable=("the registry cannot be reached or limits pulls", "镜像仓库不可达或限流"),
        image_invalid_name=("the image reference is not valid", "镜像名无效"),
        image_never_pull=("the image is not on the node and may not be pulled", "节点上没有镜像且禁止拉取"),
        image_wrong_architecture=("the image does not fit the node's processor", "镜像架构不符"),
        image_pull_secret_missing=("the imagePullSecret does not exist", "imagePullSecret 不存在"),
        image_pull_failing=("the pull fails for another reason", "拉取镜像失败"),
    ),
    **_family(
        "configuration",
        configmap_missing=("a ConfigMap that is needed does not exist", "缺少 ConfigMap"),
        configmap_key_missing=("a key is missing in a ConfigMap", "ConfigMap 缺少键"),
        secret_missing=("a Secret that is needed does not exist", "缺少 Secret"),
        secret_key_missing=("a key is missing in a Secret", "Secret 缺少键"),
        serviceaccount_missing=("the service account does not exist", "ServiceAccount 不存在"),
        class_missing=("a PriorityClass or RuntimeClass does not exist", "PriorityClass 或 RuntimeClass 不存在"),
    ),
    **_family(
        "scheduling",
        pending_insufficient_cpu=("no node has enough CPU free", "CPU 不足"),
        pending_insufficient_memory=("no node has enough memory free", "内存不足"),
        pending_insufficient_pods=("the nodes hold as many pods as they may", "节点 Pod 数已满", 1),
        pending_insufficient_resource=("no node has enough of another resource", "其他资源不足"),
        pending_node_selector=("no node has the demanded labels", "没有节点满足选择器"),
        pending_untolerated_taint=("the pod does not tolerate the nodes' taints", "不容忍节点污点"),
        pending_node_cordoned=("the nodes that fit are cordoned", "合适的节点不可调度"),
        pending_anti_affinity=("pod affinity rules leave no node", "Pod 亲和性规则无法满足"),
        pending_topology_spread=("spread constraints leave no node", "拓扑分布约束无法满足"),
        pending_host_port=("the host port is taken", "主机端口被占用"),
        pending_unbound_volume=("a volume claim is not bound", "存储卷声明未绑定", 1),
        pending_volume_node_affinity=("the volume keeps the pod from the node", "存储卷与节点不匹配"),
        pending_scheduling_gated=("a scheduling gate holds the pod back", "调度门控未移除"),
        pending_no_scheduler=("the scheduler of the pod does not run", "调度器未运行"),
        pending_unschedulable=("no node qualifies for another reason", "无法调度"),
        pod_on_missing_node=("the pod is on a node that is gone or not ready", "Pod 所在节点不存在或未就绪", 1),
    ),
    **_family(
        "admission",
        quota_exceeded=("the resource quota is used up", "资源配额已用尽"),
        quota_needs_limits=("the quota demands limits that the pods do not set", "配额要求声明 limit"),
        limit_range_violated=("the pods are outside of the limit range", "超出 LimitRange"),
        podsecurity_denied=("the pods do not comply with the enforced security level", "不符合 Pod 安全级别"),
        webhook_denied=("an admission webhook or policy refuses the pods", "准入策略拒绝"),
        webhook_unavailable=("an admission webhook does not answer", "准入 webhook 不可用"),
        pods_refused=("the API server refuses the pods for another reason", "API 服务器拒绝创建 Pod"),
    ),
    **_family(
        "storage",
        pvc_missing=("the volume claim does not exist", "存储卷声明不存在"),
        pvc_class_missing=("the StorageClass of the claim does not exist", "StorageClass 不存在"),
        pvc_no_class=("the claim has no StorageClass and no volume fits", "声明没有 StorageClass 且无匹配卷"),
        pvc_provisioning_failed=("no volume is made for the claim", "存储卷供给失败"),
        pvc_lost=("the claim has lost its volume", "声明绑定的卷已丢失"),
        pvc_nearly_full=("the volume runs full", "存储卷将满"),
        volume_multi_attach=("the volume is still attached to another node", "存储卷仍挂载在其他节点"),
        volume_mount_failed=("the volume cannot be mounted", "存储卷挂载失败", 1),
    ),
    **_family(
        "pod life",
        sandbox_failed=("the pod gets no sandbox or network", "Pod 沙箱或网络创建失败"),
        init_failing=("an init container keeps failing", "初始化容器反复失败"),
        init_hanging=("an init container does not end", "初始化容器不结束", 1),
        stuck_terminating=("deleted long ago and still there", "删除后一直存在"),
        sidecar_keeps_job_open=("a sidecar keeps a Job from ending", "sidecar 使 Job 无法结束"),
    ),
    **_family(
        "workloads",
        rollout_stuck=("a rollout does not come up", "发布无法完成", 3),
        rollout_paused=("a change waits in a paused Deployment", "发布被暂停"),
        rollout_contradiction=("the rollout blocks itself", "发布自相矛盾"),
        scaled_to_zero=("scaled to zero although a Service calls it", "被缩到 0 但仍有 Service 调用"),
        statefulset_blocked=("one pod keeps the StatefulSet from going on", "StatefulSet 被阻塞", 3),
        statefulset_service_missing=("the headless Service does not exist", "缺少 headless Service"),
        daemonset_short=("a DaemonSet lacks pods on some nodes", "DaemonSet 缺少 Pod", 3),
        job_failed=("a Job failed", "Job 失败", 3),
        job_deadline=("a Job was stopped at its deadline", "Job 到达期限被终止", 3),
        job_never_ends=("a Job does not end", "Job 一直不结束", 1),
        cronjob_suspended=("a CronJob is suspended", "CronJob 被挂起"),
        cronjob_invalid_schedule=("the schedule of a CronJob cannot be read", "CronJob 时间表无效"),
        cronjob_missed_runs=("a CronJob misses its runs", "CronJob 错过运行", 3),
        cronjob_failing=("the runs of a CronJob fail", "CronJob 运行失败", 3),
        hpa_target_missing=("the target of an autoscaler does not exist", "HPA 目标不存在"),
        hpa_no_requests=("an autoscaler lacks requests to compute with", "HPA 缺少 request"),
        hpa_no_metrics=("an autoscaler gets no metrics", "HPA 取不到指标", 6),
        hpa_at_maximum=("an autoscaler is at its maximum", "HPA 已达上限", 4),
        pdb_blocks_drain=("a disruption budget blocks a drain", "PDB 阻止节点排空", 4),
        pdb_selects_nothing=("a disruption budget selects nothing", "PDB 未选中任何 Pod"),
    ),
    **_family(
        "traffic",
        service_selector_no_match=("the selector of a Service matches nothing", "Service 选择器不匹配"),
        service_no_ready_endpoints=("a Service has no ready endpoints", "Service 没有就绪端点", 4),
        service_wrong_target_port=("a Service sends to a port nobody listens on", "Service 目标端口错误"),
        service_named_port_missing=("a Service names a port its pods do not have", "Service 引用的命名端口不存在"),
        ingress_class_missing=("the class of an Ingress does not exist", "IngressClass 不存在"),
        ingress_service_missing=("the Service behind an Ingress does not exist", "Ingress 后端 Service 不存在"),
        ingress_port_missing=("the port behind an Ingress does not exist", "Ingress 后端端口不存在"),
        ingress_tls_missing=("the certificate of an Ingress does not exist", "Ingress 证书不存在"),
        ingress_certificate_expired=("the certificate of an Ingress has expired", "Ingress 证书已过期"),
        network_policy_blocks=("a NetworkPolicy blocks needed traffic", "NetworkPolicy 阻断流量"),
        dns_broken=("the name service of the cluster does not answer", "集群 DNS 故障", 3),
        dns_policy_wrong=("the pod asks another name service", "Pod 的 DNS 策略错误"),
    ),
    **_family(
        "nodes",
        node_not_ready=("a node is not ready", "节点未就绪"),
        node_pressure=("a node is short of memory, disk or process ids", "节点资源压力"),
        node_cordoned=("a node was cordoned days ago and takes no new pods", "节点被长期 cordon"),
        node_network_unavailable=("the network of a node is not set up", "节点网络不可用"),
        node_overcommitted=("a node has no memory left", "节点内存即将耗尽"),
        node_too_many_pods=("a node holds as many pods as it may", "节点 Pod 数已满"),
        node_version_skew=("kubelets are too far apart in version", "节点版本相差过大"),
        metrics_unavailable=("the metrics API does not answer", "指标 API 不可用", 5),
    ),
}


def level_of(condition: str) -> int:
    known = CONDITIONS.get(condition)
    return known.level if known is not None else 0
