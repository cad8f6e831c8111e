"""The way to the Kubernetes API; nothing else in this package imports the Kubernetes client."""
