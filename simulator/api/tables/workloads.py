"""Tables of what creates pods: deployments and their kin, jobs, autoscalers."""

from datetime import datetime

from simulator.api.tables.columns import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    SELECTOR,
    Cell,
    Column,
    TablePrinter,
    age,
    format_duration,
    format_labels,
    format_selector,
    since,
    template_containers,
)
from simulator.clock import parse_time
from simulator.store import JsonObject

_TEMPLATE = (CONTAINERS, IMAGES, SELECTOR)


def _template_cells(item: JsonObject) -> list[Cell]:
    return [*template_containers(item), format_selector(item["spec"].get("selector"))]


def _deployment(item: JsonObject, now: datetime) -> list[Cell]:
    status = item.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{item['spec'].get('replicas', 0)}"
    counts: list[Cell] = [ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [item["metadata"]["name"], *counts, age(item, now), *_template_cells(item)]


def _replicas(item: JsonObject, now: datetime) -> list[Cell]:
    status = item.get("status", {})
    counts: list[Cell] = [item["spec"].get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [item["metadata"]["name"], *counts, age(item, now), *_template_cells(item)]


def _replication_controller(item: JsonObject, now: datetime) -> list[Cell]:
    cells = _replicas({**item, "spec": {**item["spec"], "selector": None}}, now)
    return [*cells[:-1], format_labels(item["spec"].get("selector"))]


def _daemonset(item: JsonObject, now: datetime) -> list[Cell]:
    status = item.get("status", {})
    counted = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    node_selector = item["spec"].get("template", {}).get("spec", {}).get("nodeSelector")
    counts: list[Cell] = [status.get(field, 0) for field in counted]
    middle: list[Cell] = [format_labels(node_selector), age(item, now)]
    return [item["metadata"]["name"], *counts, *middle, *_template_cells(item)]


def _statefulset(item: JsonObject, now: datetime) -> list[Cell]:
    ready = f"{item.get('status', {}).get('readyReplicas', 0)}/{item['spec'].get('replicas', 0)}"
    return [item["metadata"]["name"], ready, age(item, now), *template_containers(item)]


def _job(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    done = status.get("succeeded", 0)
    wanted = spec.get("completions")
    completions = f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {spec.get('parallelism', 1)}"
    start, end = status.get("startTime"), status.get("completionTime")
    duration = ""
    if start:
        finish = parse_time(end) if end else now
        duration = format_duration((finish - parse_time(start)).total_seconds())
    middle: list[Cell] = [_job_word(item), completions, duration, age(item, now)]
    return [item["metadata"]["name"], *middle, *_template_cells(item)]


def _job_word(item: JsonObject) -> str:
    if item["metadata"].get("deletionTimestamp"):
        return "Terminating"
    conditions = item.get("status", {}).get("conditions") or ()
    true = {c.get("type") for c in conditions if c.get("status") == "True"}
    words = (
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    )
    return next((word for kind, word in words if kind in true), "Running")


def _cronjob(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    last = status.get("lastScheduleTime")
    inner = {"spec": spec.get("jobTemplate", {}).get("spec", {})}
    middle: list[Cell] = [
        spec.get("schedule", ""),
        spec.get("timeZone") or "<none>",
        bool(spec.get("suspend")),
        len(status.get("active") or ()),
        since(last, now) if last else "<none>",
        age(item, now),
    ]
    return [item["metadata"]["name"], *middle, *_template_cells(inner)]


def _autoscaler(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    target = spec.get("scaleTargetRef", {})
    minimum = spec.get("minReplicas")
    middle: list[Cell] = [
        f"{target.get('kind')}/{target.get('name')}",
        _autoscaler_targets(spec.get("metrics") or [], status.get("currentMetrics") or []),
        "<unset>" if minimum is None else str(minimum),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(item, now),
    ]
    return [item["metadata"]["name"], *middle]


def _autoscaler_targets(wanted: list[JsonObject], current: list[JsonObject]) -> str:
    texts = []
    for index, metric in enumerate(wanted):
        kind = metric.get("type", "")
        detail = metric.get(kind[:1].lower() + kind[1:], {})
        target = detail.get("target", {})
        now = current[index] if index < len(current) else {}
        found = now.get(kind[:1].lower() + kind[1:], {}).get("current", {})
        name = f"{detail.get('name')}: " if kind == "Resource" else ""
        if "averageUtilization" in target:
            seen = found.get("averageUtilization")
            seen_text = "<unknown>" if seen is None else f"{seen}%"
            texts.append(f"{name}{seen_text}/{target['averageUtilization']}%")
        else:
            goal = target.get("averageValue") or target.get("value") or "<auto>"
            texts.append(f"{name}{found.get('averageValue') or found.get('value') or '<unknown>'}/{goal}")
    return ", ".join(texts[:2]) + (f" + {len(texts) - 2} more..." if len(texts) > 2 else "") or "<none>"


def _controller_revision(item: JsonObject, now: datetime) -> list[Cell]:
    owner = next((o for o in item["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    controller = f"{_owner_kind(owner)}/{owner['name']}" if owner else "<none>"
    return [item["metadata"]["name"], controller, item.get("revision", 0), age(item, now)]


def _owner_kind(owner: JsonObject) -> str:
    group, _, _ = owner["apiVersion"].rpartition("/")
    return f"{owner['kind'].lower()}.{group}" if group else owner["kind"].lower()


def _count(name: str, description: str) -> Column:
    return Column(name, description, type="integer")


DEPLOYMENTS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Ready", "Ready pods of those wanted."),
        Column("Up-to-date", "Pods that have the latest template."),
        Column("Available", "Pods that have been ready long enough."),
        AGE,
        *_TEMPLATE,
    ),
    _deployment,
)
_REPLICA_COLUMNS = (
    NAME,
    _count("Desired", "Pods wanted."),
    _count("Current", "Pods that exist."),
    _count("Ready", "Pods that are ready."),
    AGE,
    *_TEMPLATE,
)
REPLICASETS_PRINTER = TablePrinter(_REPLICA_COLUMNS, _replicas)
REPLICATIONCONTROLLERS_PRINTER = TablePrinter(_REPLICA_COLUMNS, _replication_controller)
DAEMONSETS_PRINTER = TablePrinter(
    (
        NAME,
        _count("Desired", "Nodes that should run the pod."),
        _count("Current", "Nodes that have the pod."),
        _count("Ready", "Nodes whose pod is ready."),
        _count("Up-to-date", "Nodes whose pod has the latest template."),
        _count("Available", "Nodes whose pod has been ready long enough."),
        Column("Node Selector", "Labels a node must have."),
        AGE,
        *_TEMPLATE,
    ),
    _daemonset,
)
STATEFULSETS_PRINTER = TablePrinter(
    (NAME, Column("Ready", "Ready pods of those wanted."), AGE, CONTAINERS, IMAGES), _statefulset
)
JOBS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Status", "State of the job in one word."),
        Column("Completions", "Pods that succeeded of those wanted."),
        Column("Duration", "Time it took, or takes so far."),
        AGE,
        *_TEMPLATE,
    ),
    _job,
)
CRONJOBS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Schedule", "When it runs, in cron format."),
        Column("Timezone", "Time zone of the schedule."),
        Column("Suspend", "Whether runs are held back.", type="boolean"),
        _count("Active", "Jobs that run now."),
        Column("Last Schedule", "Time since the last run began."),
        AGE,
        *_TEMPLATE,
    ),
    _cronjob,
)
AUTOSCALERS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Reference", "What it scales."),
        Column("Targets", "Measured and wanted value of each metric."),
        Column("MinPods", "Fewest pods."),
        Column("MaxPods", "Most pods."),
        Column("Replicas", "Pods now."),
        AGE,
    ),
    _autoscaler,
)
CONTROLLERREVISIONS_PRINTER = TablePrinter(
    (NAME, Column("Controller", "What the revision is of."), Column("Revision", "Its number."), AGE),
    _controller_revision,
)
