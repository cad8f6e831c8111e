"""The audit: who did what, in a hash chain."""
