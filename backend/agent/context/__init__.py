"""Keeps what a model reads within its window; the stored transcript is never touched."""
