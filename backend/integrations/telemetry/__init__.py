"""Measures the product itself: percentiles for people, metrics for Prometheus, traces for OpenTelemetry."""

from backend.integrations.telemetry.choice import choose_telemetry
from backend.integrations.telemetry.recording import RecordingTelemetry

__all__ = ["RecordingTelemetry", "choose_telemetry"]
