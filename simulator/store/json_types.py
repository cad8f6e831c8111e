"""The one place that says what a Kubernetes object is to the simulator."""

from typing import Any

# Kubernetes objects are open JSON: any field may hold any value, and clients send fields we never name.
JsonObject = dict[str, Any]
