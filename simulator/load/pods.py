"""One pod object, as large and as regular as those of real clusters (about 5.5 kB of JSON)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from simulator.clock import format_time
from simulator.load.workloads import Workload
from simulator.store import JsonObject

IMAGE_HOST = "registry.example.com"
_MEBIBYTES = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where and when a pod runs."""

    name: str
    node: str
    node_ip: str
    pod_ip: str
    created: datetime


def running_pod(workload: Workload, placed: Placed, *, uid: str, owner_uid: str) -> JsonObject:
    """A healthy pod."""
    spec = _spec(workload, placed)
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": placed.name,
            "generateName": f"{workload.replica_set}-",
            "namespace": workload.namespace,
            "labels": workload.labels,
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": workload.replica_set,
                    "uid": owner_uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": _managed_fields(workload, owner_uid=owner_uid, time=format_time(placed.created)),
        },
        "spec": spec,
        "status": _status(workload, placed, uid=uid, image=spec["containers"][0]["image"]),
    }


def _spec(workload: Workload, placed: Placed) -> JsonObject:
    size = _MEBIBYTES[len(workload.name) % len(_MEBIBYTES)]
    return {
        "volumes": [
            {"name": "config", "configMap": {"name": f"{workload.name}-config", "defaultMode": 420}},
            {"name": f"kube-api-access-{placed.name[-5:]}", "projected": _token_volume()},
        ],
        "containers": [
            {
                "name": workload.name,
                "image": f"{IMAGE_HOST}/{workload.team}/{workload.name}:{workload.version}",
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "env": [
                    {"name": "APP", "value": workload.name},
                    {"name": "LOG_LEVEL", "value": "info"},
                    {"name": "DB_HOST", "value": f"postgres.{workload.namespace}.svc"},
                    {
                        "name": "DB_PASSWORD",
                        "valueFrom": {"secretKeyRef": {"name": f"{workload.name}-db", "key": "password"}},
                    },
                ],
                "resources": {
                    "limits": {"cpu": "500m", "memory": f"{size * 2}Mi"},
                    "requests": {"cpu": "50m", "memory": f"{size}Mi"},
                },
                "volumeMounts": [
                    {"name": "config", "mountPath": "/etc/app", "readOnly": True},
                    {
                        "name": f"kube-api-access-{placed.name[-5:]}",
                        "readOnly": True,
                        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                    },
                ],
                "livenessProbe": _probe("/livez", delay=15, period=10),
                "readinessProbe": _probe("/readyz", delay=5, period=5),
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "nodeName": placed.node,
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{state}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
            for state in ("not-ready", "unreachable")
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }


def _token_volume() -> JsonObject:
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ],
        "defaultMode": 420,
    }


def _probe(path: str, *, delay: int, period: int) -> JsonObject:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "initialDelaySeconds": delay,
        "timeoutSeconds": 1,
        "periodSeconds": period,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _status(workload: Workload, placed: Placed, *, uid: str, image: str) -> JsonObject:
    started = placed.created + timedelta(seconds=4)
    times = {
        "PodReadyToStartContainers": started,
        "Initialized": placed.created,
        "Ready": started + timedelta(seconds=9),
        "ContainersReady": started + timedelta(seconds=9),
        "PodScheduled": placed.created,
    }
    return {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": format_time(time)}
            for kind, time in times.items()
        ],
        "hostIP": placed.node_ip,
        "hostIPs": [{"ip": placed.node_ip}],
        "podIP": placed.pod_ip,
        "podIPs": [{"ip": placed.pod_ip}],
        "startTime": format_time(placed.created),
        "containerStatuses": [
            {
                "name": workload.name,
                "state": {"running": {"startedAt": format_time(started)}},
                "lastState": {},
                "ready": True,
                "restartCount": 0,
                "image": image,
                "imageID": f"{image.partition(':')[0]}@sha256:{uid.replace('-', '') * 2}",
                "containerID": f"containerd://{uid.replace('-', '') * 2}",
                "started": True,
            }
        ],
        "qosClass": "Burstable",
    }


def _managed_fields(workload: Workload, *, owner_uid: str, time: str) -> list[JsonObject]:
    container = f'k:{{"name":"{workload.name}"}}'
    fields = (".", "f:env", "f:image", "f:imagePullPolicy", "f:livenessProbe", "f:name", "f:ports", "f:readinessProbe",
              "f:resources", "f:terminationMessagePath", "f:terminationMessagePolicy", "f:volumeMounts")  # fmt: skip
    spec = {
        "f:metadata": {
            "f:annotations": {".": {}, "f:prometheus.io/port": {}, "f:prometheus.io/scrape": {}},
            "f:generateName": {},
            "f:labels": {".": {}, **{f"f:{label}": {} for label in workload.labels}},
            "f:ownerReferences": {".": {}, f'k:{{"uid":"{owner_uid}"}}': {}},
        },
        "f:spec": {
            "f:containers": {container: {field: {} for field in fields}},
            **{f"f:{field}": {} for field in ("dnsPolicy", "enableServiceLinks", "restartPolicy", "schedulerName")},
            "f:volumes": {".": {}, 'k:{"name":"config"}': {".": {}, "f:configMap": {}, "f:name": {}}},
        },
    }
    conditions = ("ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready")
    status: JsonObject = {
        "f:status": {
            "f:conditions": {
                f'k:{{"type":"{kind}"}}': {".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}}
                for kind in conditions
            },
            **{f"f:{field}": {} for field in ("containerStatuses", "hostIP", "phase", "podIP", "startTime")},
        }
    }
    common = {"operation": "Update", "apiVersion": "v1", "time": time, "fieldsType": "FieldsV1"}
    return [
        {"manager": "kube-controller-manager", **common, "fieldsV1": spec},
        {"manager": "kubelet", **common, "fieldsV1": status, "subresource": "status"},
    ]


def random_uid(random: Random) -> str:
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
