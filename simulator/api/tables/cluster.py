"""Tables of nodes, namespaces, events, storage, access and limits."""

from datetime import datetime

from simulator.api.tables.columns import AGE, NAME, Cell, Column, TablePrinter, age, format_duration, since
from simulator.clock import parse_time
from simulator.store import JsonObject


def _node(item: JsonObject, now: datetime) -> list[Cell]:
    status = item.get("status", {})
    info = status.get("nodeInfo", {})
    addresses = {entry.get("type"): entry.get("address", "") for entry in reversed(status.get("addresses") or [])}
    return [
        item["metadata"]["name"],
        _node_word(item),
        _node_roles(item),
        age(item, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_word(item: JsonObject) -> str:
    conditions = {c.get("type"): c.get("status") for c in item.get("status", {}).get("conditions") or ()}
    ready = conditions.get("Ready")
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if item.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(item: JsonObject) -> str:
    roles = set()
    for key, value in (item["metadata"].get("labels") or {}).items():
        if key.startswith("node-role.kubernetes.io/") and key != "node-role.kubernetes.io/":
            roles.add(key.removeprefix("node-role.kubernetes.io/"))
        elif key == "kubernetes.io/role" and value:
            roles.add(value)
    return ",".join(sorted(roles)) or "<none>"


def _event(item: JsonObject, now: datetime) -> list[Cell]:
    first = item.get("firstTimestamp") or item.get("eventTime")
    series = item.get("series") or {}
    last = series.get("lastObservedTime") or item.get("lastTimestamp") or first
    about = item.get("involvedObject", {})
    source = item.get("source") or {}
    component = source.get("component") or item.get("reportingComponent", "")
    host = source.get("host") or item.get("reportingInstance", "")
    return [
        _event_age(last, now),
        item.get("type", ""),
        item.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}"
        if about.get("name")
        else about.get("kind", "").lower(),
        about.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        item.get("message", "").strip(),
        _event_age(first, now),
        series.get("count") or item.get("count") or 1,
        item["metadata"]["name"],
    ]


def _event_age(moment: str | None, now: datetime) -> str:
    if not moment:
        return "<unknown>"
    return format_duration((now - parse_time(moment)).total_seconds())


def _namespace(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], item.get("status", {}).get("phase", ""), age(item, now)]


def _volume(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    claim = spec.get("claimRef") or {}
    phase = "Terminating" if item["metadata"].get("deletionTimestamp") else status.get("phase", "")
    return [
        item["metadata"]["name"],
        (spec.get("capacity") or {}).get("storage", ""),
        _access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        phase,
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age(item, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _claim(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    is_bound = bool(spec.get("volumeName"))
    phase = "Terminating" if item["metadata"].get("deletionTimestamp") else status.get("phase", "")
    return [
        item["metadata"]["name"],
        phase,
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "") if is_bound else "",
        _access_modes(status.get("accessModes")) if is_bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        age(item, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _access_modes(modes: list[str] | None) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(mode, mode) for mode in modes or ())


def _storage_class(item: JsonObject, now: datetime) -> list[Cell]:
    annotations = item["metadata"].get("annotations") or {}
    is_default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    name = item["metadata"]["name"]
    return [
        f"{name} (default)" if is_default else name,
        item.get("provisioner", ""),
        item.get("reclaimPolicy", "Delete"),
        item.get("volumeBindingMode", "Immediate"),
        bool(item.get("allowVolumeExpansion")),
        age(item, now),
    ]


def _quota(item: JsonObject, now: datetime) -> list[Cell]:
    status = item.get("status", {})
    hard, used = status.get("hard") or item.get("spec", {}).get("hard") or {}, status.get("used") or {}
    texts = [(name, f"{name}: {used.get(name, '0')}/{hard[name]}") for name in sorted(hard)]
    limits = ", ".join(text for name, text in texts if name.startswith("limits"))
    requests = ", ".join(text for name, text in texts if not name.startswith("limits"))
    return [item["metadata"]["name"], requests, limits, age(item, now)]


def _role_binding(item: JsonObject, now: datetime) -> list[Cell]:
    reference = item.get("roleRef", {})
    subjects = item.get("subjects") or []
    by_kind = {
        kind: ", ".join(
            f"{s['namespace']}/{s['name']}" if s.get("namespace") else s["name"] for s in subjects if s["kind"] == kind
        )
        for kind in ("User", "Group", "ServiceAccount")
    }
    role = f"{reference.get('kind')}/{reference.get('name')}"
    return [item["metadata"]["name"], role, age(item, now), *by_kind.values()]


def _api_service(item: JsonObject, now: datetime) -> list[Cell]:
    service = item["spec"].get("service")
    conditions = item.get("status", {}).get("conditions") or ()
    available: JsonObject = next((c for c in conditions if c.get("type") == "Available"), {})
    word = str(available.get("status", "Unknown"))
    if word == "False":
        word = f"False ({available.get('reason', '')})"
    return [
        item["metadata"]["name"],
        f"{service['namespace']}/{service['name']}" if service else "Local",
        word,
        age(item, now),
    ]


def _csi_driver(item: JsonObject, now: datetime) -> list[Cell]:
    spec = item["spec"]
    modes = ",".join(spec.get("volumeLifecycleModes") or ["Persistent"])
    return [
        item["metadata"]["name"],
        bool(spec.get("attachRequired", True)),
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        ",".join(entry["audience"] for entry in spec.get("tokenRequests") or ()) or "<unset>",
        bool(spec.get("requiresRepublish")),
        modes,
        age(item, now),
    ]


def _attachment(item: JsonObject, now: datetime) -> list[Cell]:
    spec, status = item["spec"], item.get("status", {})
    volume = spec.get("source", {}).get("persistentVolumeName", "")
    return [
        item["metadata"]["name"],
        spec.get("attacher", ""),
        volume,
        spec.get("nodeName", ""),
        bool(status.get("attached")),
        age(item, now),
    ]


def _webhooks(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], len(item.get("webhooks") or ()), age(item, now)]


def _lease(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], item.get("spec", {}).get("holderIdentity", ""), age(item, now)]


def _budget(item: JsonObject, now: datetime) -> list[Cell]:
    spec = item["spec"]
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    return [
        item["metadata"]["name"],
        "N/A" if least is None else str(least),
        "N/A" if most is None else str(most),
        item.get("status", {}).get("disruptionsAllowed", 0),
        age(item, now),
    ]


def _priority_class(item: JsonObject, now: datetime) -> list[Cell]:
    policy = item.get("preemptionPolicy", "")
    return [item["metadata"]["name"], item.get("value", 0), bool(item.get("globalDefault")), age(item, now), policy]


def _counted_data(item: JsonObject) -> int:
    return len(item.get("data") or {}) + len(item.get("binaryData") or {})


def _config_map(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], str(_counted_data(item)), age(item, now)]


def _secret(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], item.get("type", ""), str(_counted_data(item)), age(item, now)]


def _service_account(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], str(len(item.get("secrets") or ())), age(item, now)]


def _plain(item: JsonObject, now: datetime) -> list[Cell]:
    del now
    return [item["metadata"]["name"], item["metadata"].get("creationTimestamp", "")]


def _metrics(item: JsonObject, now: datetime) -> list[Cell]:
    usage = item.get("usage") or {}
    return [item["metadata"]["name"], usage.get("cpu"), usage.get("memory"), since(item.get("timestamp"), now)]


NODES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Status", "Whether the node is ready and takes pods."),
        Column("Roles", "Roles of the node."),
        AGE,
        Column("Version", "Version of its kubelet."),
        Column("Internal-IP", "Address inside the cluster.", is_wide=True),
        Column("External-IP", "Address reachable from outside.", is_wide=True),
        Column("OS-Image", "Operating system.", is_wide=True),
        Column("Kernel-Version", "Version of the kernel.", is_wide=True),
        Column("Container-Runtime", "Container runtime and its version.", is_wide=True),
    ),
    _node,
)
EVENTS_PRINTER = TablePrinter(
    (
        Column("Last Seen", "Time since it happened last."),
        Column("Type", "Normal or Warning."),
        Column("Reason", "Short reason, for programs."),
        Column("Object", "The object it is about."),
        Column("Subobject", "The part of the object it is about.", is_wide=True),
        Column("Source", "The component that reports it.", is_wide=True),
        Column("Message", "What happened, for people."),
        Column("First Seen", "Time since it happened first.", is_wide=True),
        Column("Count", "How often it happened.", is_wide=True),
        Column("Name", "Name of the event.", is_wide=True),
    ),
    _event,
)
NAMESPACES_PRINTER = TablePrinter((NAME, Column("Status", "Phase of the namespace."), AGE), _namespace)
_VOLUME_MODE = Column("VolumeMode", "Filesystem or Block.", is_wide=True)
_ATTRIBUTES = Column("VolumeAttributesClass", "Class of the volume's attributes.")
VOLUMES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Capacity", "Size of the volume."),
        Column("Access Modes", "How it may be mounted."),
        Column("Reclaim Policy", "What happens when its claim is deleted."),
        Column("Status", "Phase of the volume."),
        Column("Claim", "The claim it is bound to."),
        Column("StorageClass", "Class it belongs to."),
        _ATTRIBUTES,
        Column("Reason", "Why it is in this phase."),
        AGE,
        _VOLUME_MODE,
    ),
    _volume,
)
CLAIMS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Status", "Phase of the claim."),
        Column("Volume", "The volume it is bound to."),
        Column("Capacity", "Size of that volume."),
        Column("Access Modes", "How it may be mounted."),
        Column("StorageClass", "Class it asks for."),
        _ATTRIBUTES,
        AGE,
        _VOLUME_MODE,
    ),
    _claim,
)
STORAGECLASSES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Provisioner", "What makes the volumes."),
        Column("ReclaimPolicy", "What happens to a volume when its claim is deleted."),
        Column("VolumeBindingMode", "When volumes are made."),
        Column("AllowVolumeExpansion", "Whether claims may grow."),
        AGE,
    ),
    _storage_class,
)
QUOTAS_PRINTER = TablePrinter(
    (NAME, Column("Request", "Used and allowed requests."), Column("Limit", "Used and allowed limits."), AGE), _quota
)
BINDINGS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Role", "The role given."),
        AGE,
        Column("Users", "Users who have it.", is_wide=True),
        Column("Groups", "Groups who have it.", is_wide=True),
        Column("ServiceAccounts", "Service accounts that have it.", is_wide=True),
    ),
    _role_binding,
)
APISERVICES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Service", "The service that answers, or Local.", type=""),
        Column("Available", "Whether it answers.", type=""),
        AGE,
    ),
    _api_service,
)
CSIDRIVERS_PRINTER = TablePrinter(
    (
        NAME,
        Column("AttachRequired", "Whether volumes are attached to a node first.", type="boolean"),
        Column("PodInfoOnMount", "Whether the driver is told about the pod.", type="boolean"),
        Column("StorageCapacity", "Whether free capacity counts when pods are placed.", type="boolean"),
        Column("TokenRequests", "Audiences of service account tokens it gets."),
        Column("RequiresRepublish", "Whether it is asked to mount again and again.", type="boolean"),
        Column("Modes", "Kinds of volumes it supports."),
        AGE,
    ),
    _csi_driver,
)
ATTACHMENTS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Attacher", "Driver that attaches."),
        Column("PV", "The volume."),
        Column("Node", "The node."),
        Column("Attached", "Whether it is attached.", type="boolean"),
        AGE,
    ),
    _attachment,
)
WEBHOOKS_PRINTER = TablePrinter((NAME, Column("Webhooks", "Number of webhooks.", type="integer"), AGE), _webhooks)
LEASES_PRINTER = TablePrinter((NAME, Column("Holder", "Who holds the lease."), AGE), _lease)
BUDGETS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Min Available", "Pods that must stay available."),
        Column("Max Unavailable", "Pods that may be unavailable."),
        Column("Allowed Disruptions", "Pods that may be evicted now.", type="integer"),
        AGE,
    ),
    _budget,
)
PRIORITYCLASSES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Value", "The priority.", type="integer"),
        Column("Global-Default", "Whether pods without a class get it.", type="boolean"),
        AGE,
        Column("PreemptionPolicy", "Whether it displaces other pods."),
    ),
    _priority_class,
)
CONFIGMAPS_PRINTER = TablePrinter((NAME, Column("Data", "Number of keys."), AGE), _config_map)
SECRETS_PRINTER = TablePrinter(
    (NAME, Column("Type", "What the secret is for."), Column("Data", "Number of keys."), AGE), _secret
)
SERVICEACCOUNTS_PRINTER = TablePrinter((NAME, Column("Secrets", "Number of secrets."), AGE), _service_account)
PLAIN_PRINTER = TablePrinter((NAME, Column("Created At", "When the object was created.", type="date")), _plain)
METRICS_PRINTER = TablePrinter(
    (
        NAME,
        Column("cpu", "CPU used.", type=""),
        Column("memory", "Memory used.", type=""),
        Column("Window", "Age of the sample.", type=""),
    ),
    _metrics,
)
