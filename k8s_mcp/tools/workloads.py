"""The workloads that roll out by themselves, by the name of their kind."""

from k8s_mcp.cluster.interfaces import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS

WORKLOADS = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFUL_SETS, "DaemonSet": DAEMON_SETS}
