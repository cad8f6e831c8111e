"""Turns files into a snapshot: recordings, `kubectl get -o json|yaml`, cluster-info dumps."""
