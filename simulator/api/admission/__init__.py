"""What happens to an object between the client and the store: defaults, then validation."""

from simulator.api.admission.defaults import apply_defaults, default_pod_template
from simulator.api.admission.validation import validate_create, validate_update

__all__ = ["apply_defaults", "default_pod_template", "validate_create", "validate_update"]
