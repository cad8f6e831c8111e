"""The real kubectl works against the simulator, started as a process of its own."""

import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.kubectl,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: guide-settings}
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: guide, labels: {app: guide}}
spec:
  replicas: 2
  selector: {matchLabels: {app: guide}}
  template:
    metadata: {labels: {app: guide}}
    spec:
      containers:
      - name: guide
        image: nginx:1.27.3
        ports: [{containerPort: 80, name: http}]
        envFrom: [{configMapRef: {name: guide-settings}}]
        resources: {requests: {cpu: 10m, memory: 16Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: guide}
spec:
  selector: {app: guide}
  ports: [{port: 80, targetPort: http}]
"""


@dataclass(frozen=True)
class Cluster:
    process: subprocess.Popen[str]
    url: str
    kubeconfig: Path
    home: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl and answer what it printed; it must succeed without a warning about errors."""
        done = subprocess.run(
            self.command(*arguments),
            input=given,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        assert "error" not in done.stderr.lower(), done.stderr
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return ["kubectl", "--server", self.url, *arguments]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig)}


def _start(directory: Path) -> Cluster:
    kubeconfig = directory / "kubeconfig"
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", "--kubeconfig", str(kubeconfig), "--scenarios", "demo"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], 50)
    line = process.stdout.readline() if readable else ""
    assert line.startswith("simulator ready http://127.0.0.1:"), f"unexpected: {line!r}"
    return Cluster(process, line.split()[-1], kubeconfig, directory)


def _end(cluster: Cluster) -> None:
    cluster.process.terminate()
    try:
        cluster.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        cluster.process.kill()
        cluster.process.wait(timeout=5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = _start(tmp_path_factory.mktemp("simulator"))
    yield started
    _end(started)


def _a_pod(cluster: Cluster, workload: str) -> str:
    names = cluster.kubectl("get", "pods", "-o", "name").split()
    return next(name for name in names if name.startswith(f"pod/{workload}-"))


def test_kubeconfig_can_be_read_by_its_owner_only(cluster: Cluster) -> None:
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600


def test_lists_pods_of_every_namespace(cluster: Cluster) -> None:
    table = cluster.kubectl("get", "pods", "-A")

    assert table.splitlines()[0].split() == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert "web-" in table
    assert "CrashLoopBackOff" in table


def test_lists_many_kinds_wide(cluster: Cluster) -> None:
    kinds = "pods,deployments,replicasets,statefulsets,daemonsets,jobs,services,endpoints,configmaps,ingresses,pvc,pdb"

    assert "IMAGES" in cluster.kubectl("get", kinds, "-A", "-o", "wide")
    assert "INTERNAL-IP" in cluster.kubectl("get", "nodes", "-o", "wide")


def test_describes_a_failing_pod_with_its_events(cluster: Cluster) -> None:
    text = cluster.kubectl("describe", _a_pod(cluster, "checkout"))

    assert "Back-off restarting failed container" in text


@pytest.mark.parametrize("kind", ["deployments", "services", "nodes", "statefulsets", "namespaces"])
def test_describes_every_object_of_a_kind(cluster: Cluster, kind: str) -> None:
    assert "Name:" in cluster.kubectl("describe", kind, "-A" if kind not in {"nodes", "namespaces"} else "--v=0")


def test_shows_logs_of_this_run_and_the_one_before(cluster: Cluster) -> None:
    pod = _a_pod(cluster, "checkout")

    assert cluster.kubectl("logs", pod, "--tail=5", "--timestamps")
    assert cluster.kubectl("logs", pod, "--previous")
    assert cluster.kubectl("logs", "deployment/web", "--tail=3")


def test_scales_and_waits_for_the_rollout(cluster: Cluster) -> None:
    cluster.kubectl("scale", "deployment/web", "--replicas=4")

    assert "successfully rolled out" in cluster.kubectl("rollout", "status", "deployment/web", "--timeout=25s")
    assert cluster.kubectl("get", "deployment/web", "-o", "jsonpath={.status.readyReplicas}") == "4"


def test_patches_restarts_and_undoes_a_deployment(cluster: Cluster) -> None:
    cluster.kubectl("patch", "deployment/catalog", "-p", '{"metadata": {"annotations": {"note": "patched"}}}')
    cluster.kubectl("patch", "deployment/catalog", "--type=merge", "-p", '{"metadata": {"labels": {"x": "y"}}}')
    replace = '[{"op": "replace", "path": "/metadata/labels/x", "value": "z"}]'
    cluster.kubectl("patch", "deployment/catalog", "--type=json", "-p", replace)
    cluster.kubectl("rollout", "restart", "deployment/catalog")
    cluster.kubectl("rollout", "history", "deployment/catalog")

    assert "rolled back" in cluster.kubectl("rollout", "undo", "deployment/catalog")
    assert cluster.kubectl("get", "deployment/catalog", "-o", "jsonpath={.metadata.labels.x}") == "z"


def test_applies_changes_and_deletes_a_manifest(cluster: Cluster) -> None:
    assert "guide created" in cluster.kubectl("apply", "-f", "-", given=MANIFEST)
    assert "guide unchanged" in cluster.kubectl("apply", "-f", "-", given=MANIFEST)
    changed = MANIFEST.replace("replicas: 2", "replicas: 1").replace("blue", "green")
    assert "deployment.apps/guide configured" in cluster.kubectl("apply", "-f", "-", given=changed)
    assert cluster.kubectl("get", "configmap/guide-settings", "-o", "jsonpath={.data.colour}") == "green"
    assert cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=changed)
    assert 'deployment.apps "guide" deleted' in cluster.kubectl("delete", "-f", "-", given=changed)
    assert cluster.kubectl("get", "deployment", "guide", "--ignore-not-found") == ""


def test_wrong_manifest_is_refused_with_the_wrong_field(cluster: Cluster) -> None:
    wrong = MANIFEST.replace("replicas: 2", "replicaz: 2")

    done = subprocess.run(
        cluster.command("apply", "-f", "-"),
        input=wrong,
        env=cluster.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert 'strict decoding error: unknown field "spec.replicaz"' in done.stderr


def test_deletes_a_pod_and_sees_it_come_back(cluster: Cluster) -> None:
    pod = _a_pod(cluster, "gateway")

    cluster.kubectl("delete", pod, "--grace-period=1", "--timeout=20s")

    assert pod not in cluster.kubectl("get", "pods", "-o", "name").split()
    assert _a_pod(cluster, "gateway")


def test_creates_objects_and_asks_about_access(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "trial")
    cluster.kubectl("-n", "trial", "create", "configmap", "settings", "--from-literal=colour=blue")
    cluster.kubectl("-n", "trial", "create", "secret", "generic", "key", "--from-literal=a=b")
    cluster.kubectl("-n", "trial", "create", "deployment", "app", "--image=nginx:1.27.3", "--port=80")
    cluster.kubectl("-n", "trial", "expose", "deployment", "app")
    cluster.kubectl("-n", "trial", "create", "job", "once", "--image=busybox:1.36", "--", "true")

    assert cluster.kubectl("-n", "trial", "get", "configmap/settings", "-o", "jsonpath={.data.colour}") == "blue"
    assert cluster.kubectl("-n", "trial", "get", "secret/key", "-o", "jsonpath={.data.a}") == "Yg=="
    assert cluster.kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    assert "system:unsecured" in cluster.kubectl("auth", "whoami")
    assert 'namespace "trial" deleted' in cluster.kubectl("delete", "namespace", "trial", "--timeout=25s")


def test_autoscales_and_describes_the_autoscaler(cluster: Cluster) -> None:
    cluster.kubectl("autoscale", "deployment/orders", "--min=2", "--max=4", "--cpu-percent=60")

    assert "Deployment/orders" in cluster.kubectl("get", "hpa", "orders")
    cluster.kubectl("wait", "--for=condition=AbleToScale", "hpa/orders", "--timeout=20s")
    assert "AbleToScale" in cluster.kubectl("describe", "hpa", "orders")
    assert "orders deleted" in cluster.kubectl("delete", "hpa", "orders").replace('"', "")


def test_drains_a_node_and_takes_it_back(cluster: Cluster) -> None:
    cluster.kubectl("create", "pdb", "web", "--selector=app.kubernetes.io/name=web", "--min-available=1")
    cluster.kubectl("wait", "--for=condition=DisruptionAllowed", "pdb/web", "--timeout=20s")
    cluster.kubectl("drain", "node-3", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=28s")

    assert "SchedulingDisabled" in cluster.kubectl("get", "node", "node-3")
    left = cluster.kubectl("get", "pods", "-A", "-o", "name", "--field-selector=spec.nodeName=node-3").split()
    assert [name for name in left if "kube-proxy" not in name] == []
    cluster.kubectl("uncordon", "node-3")
    cluster.kubectl("taint", "nodes", "node-3", "team=batch:NoSchedule")
    cluster.kubectl("taint", "nodes", "node-3", "team-")


MORE = """
apiVersion: v1
kind: Namespace
metadata: {name: more}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: compute, namespace: more}
spec: {hard: {pods: "5", requests.cpu: "2"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: sizes, namespace: more}
spec: {limits: [{type: Container, defaultRequest: {cpu: 50m}, max: {memory: 1Gi}}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: more}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: more}
spec:
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: more}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: more}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: nightly, image: "busybox:1.36", command: ["true"], resources: {requests: {cpu: 10m}}}]
"""


def test_lists_and_describes_quotas_volumes_ingresses_and_cron_jobs(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f", "-", given=MORE)
    cluster.kubectl("-n", "more", "wait", "--for=jsonpath={.status.used}", "quota/compute", "--timeout=20s")
    kinds = "resourcequotas,limitranges,pvc,ingress,networkpolicies,cronjobs"

    table = cluster.kubectl("-n", "more", "get", kinds)
    assert "shop.example.com" in table
    assert "0 3 * * *" in table
    described = cluster.kubectl("-n", "more", "describe", kinds)
    assert "requests.cpu" in described
    assert "StorageClass:  standard" in described
    assert "PodSelector:     <none>" in described
    cluster.kubectl("-n", "more", "create", "job", "tonight", "--from=cronjob/nightly")
    cluster.kubectl("-n", "more", "wait", "--for=condition=complete", "job/tonight", "--timeout=25s")


CUSTOM = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: backups, singular: backup, kind: Backup, shortNames: [bk]}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {keep: {type: integer}}}}
      additionalPrinterColumns: [{name: Keep, type: integer, jsonPath: .spec.keep}]
"""


def test_defines_a_kind_and_uses_it(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f", "-", given=CUSTOM)
    cluster.kubectl("wait", "--for=condition=established", "crd/backups.example.com", "--timeout=20s")
    backup = "apiVersion: example.com/v1\nkind: Backup\nmetadata: {name: nightly}\nspec: {keep: 7}\n"
    cluster.kubectl("apply", "-f", "-", given=backup)

    lines = cluster.kubectl("get", "bk").splitlines()
    assert lines[0].split() == ["NAME", "KEEP"]
    assert lines[1].split() == ["nightly", "7"]
    assert "Keep:" in cluster.kubectl("describe", "backup", "nightly")
    cluster.kubectl("delete", "crd", "backups.example.com", "--timeout=20s")


def test_asks_a_kubelet_for_its_summary(cluster: Cluster) -> None:
    summary = json.loads(cluster.kubectl("get", "--raw", "/api/v1/nodes/node-1/proxy/stats/summary"))

    assert summary["node"]["nodeName"] == "node-1"
    claims = [v["pvcRef"]["name"] for number in (1, 2, 3) for v in _volumes(cluster, f"node-{number}")]
    assert claims == ["data-postgres-0"]


def _volumes(cluster: Cluster, node: str) -> list[dict[str, dict[str, str]]]:
    summary = json.loads(cluster.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    return [volume for pod in summary["pods"] for volume in pod.get("volume", ())]


def test_watches_events_while_they_happen(cluster: Cluster) -> None:
    watching = subprocess.Popen(
        cluster.command("get", "events", "--watch-only"),
        env=cluster.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    try:
        # The watch may begin after a single change, so changes go on until one is seen.
        deadline = time.monotonic() + 20
        replicas = 1
        seen = ""
        while "search" not in seen and time.monotonic() < deadline:
            replicas = 3 - replicas
            cluster.kubectl("scale", "deployment/search", f"--replicas={replicas}")
            while select.select([watching.stdout], [], [], 1)[0] and "search" not in seen:
                seen = watching.stdout.readline()
    finally:
        watching.terminate()
        watching.wait(timeout=5)

    assert "search" in seen


def test_shows_usage_discovery_and_schema(cluster: Cluster) -> None:
    assert "CPU(cores)" in cluster.kubectl("top", "nodes")
    assert "web-" in cluster.kubectl("top", "pods")
    assert "deploy" in cluster.kubectl("api-resources")
    assert "Deployment" in cluster.kubectl("explain", "deployment.spec.template")
    assert "v1.32" in cluster.kubectl("version")


def test_server_ends_at_once_although_a_watch_is_open(tmp_path: Path) -> None:
    cluster = _start(tmp_path)
    watching = subprocess.Popen(
        cluster.command("get", "pods", "--watch"), env=cluster.environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert watching.stdout is not None
        assert select.select([watching.stdout], [], [], 20)[0]

        began = time.monotonic()
        cluster.process.send_signal(signal.SIGTERM)
        code = cluster.process.wait(timeout=5)

        assert time.monotonic() - began < 4
        assert code == 0
    finally:
        watching.kill()
        watching.wait(timeout=5)
        _end(cluster)
