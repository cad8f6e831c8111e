"""What is kept of the past: long outputs, used approvals, recordings."""
