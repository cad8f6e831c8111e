"""Reads plain API objects defensively: a missing or odd field is an empty answer, never an exception."""
