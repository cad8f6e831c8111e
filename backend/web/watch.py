"""What watches hosts and clusters, as routes and command line use it. Light to import, without the framework."""

from dataclasses import dataclass

from backend.features.clusters.service import ClusterService
from backend.features.hosts.service import HostService
from backend.features.notifications.service import NotificationService
from backend.features.patrol.findings import FindingService
from backend.features.patrol.schedule import PatrolSchedule
from backend.features.patrol.service import PatrolService
from backend.features.reports.service import ReportService


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches hosts and clusters."""

    patrol: PatrolService
    findings: FindingService
    schedule: PatrolSchedule
    hosts: HostService
    clusters: ClusterService
    reports: ReportService
    notifications: NotificationService
