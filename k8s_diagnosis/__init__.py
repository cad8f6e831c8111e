"""Names the faults of a Kubernetes cluster from its objects, events and logs: plain functions over plain data."""
