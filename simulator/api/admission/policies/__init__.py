"""What the cluster's own objects have to say about a new object: accounts, limits, quotas, security, webhooks."""

from simulator.api.admission.policies.chain import check_new, complete_new
from simulator.api.admission.policies.quota import measure_usage

__all__ = ["check_new", "complete_new", "measure_usage"]
