"""Objects as metav1.Table: which printer serves which resource, and the JSON."""

from collections.abc import Sequence
from datetime import datetime

from simulator import api_resources as served
from simulator.api.encoding import encode
from simulator.api.negotiation import Accepted
from simulator.api.tables import cluster, networking, workloads
from simulator.api.tables.columns import TablePrinter
from simulator.api.tables.custom import custom_printer
from simulator.api.tables.pods import PODS_PRINTER
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_PRINTERS: dict[ResourceType, TablePrinter] = {
    served.PODS: PODS_PRINTER,
    served.DEPLOYMENTS: workloads.DEPLOYMENTS_PRINTER,
    served.REPLICASETS: workloads.REPLICASETS_PRINTER,
    served.REPLICATIONCONTROLLERS: workloads.REPLICATIONCONTROLLERS_PRINTER,
    served.DAEMONSETS: workloads.DAEMONSETS_PRINTER,
    served.STATEFULSETS: workloads.STATEFULSETS_PRINTER,
    served.JOBS: workloads.JOBS_PRINTER,
    served.CRONJOBS: workloads.CRONJOBS_PRINTER,
    served.HORIZONTALPODAUTOSCALERS: workloads.AUTOSCALERS_PRINTER,
    served.CONTROLLERREVISIONS: workloads.CONTROLLERREVISIONS_PRINTER,
    served.SERVICES: networking.SERVICES_PRINTER,
    served.ENDPOINTS: networking.ENDPOINTS_PRINTER,
    served.ENDPOINTSLICES: networking.ENDPOINTSLICES_PRINTER,
    served.INGRESSES: networking.INGRESSES_PRINTER,
    served.NETWORKPOLICIES: networking.NETWORKPOLICIES_PRINTER,
    served.NODES: cluster.NODES_PRINTER,
    served.EVENTS: cluster.EVENTS_PRINTER,
    served.NAMESPACES: cluster.NAMESPACES_PRINTER,
    served.PERSISTENTVOLUMES: cluster.VOLUMES_PRINTER,
    served.PERSISTENTVOLUMECLAIMS: cluster.CLAIMS_PRINTER,
    served.STORAGECLASSES: cluster.STORAGECLASSES_PRINTER,
    served.RESOURCEQUOTAS: cluster.QUOTAS_PRINTER,
    served.ROLEBINDINGS: cluster.BINDINGS_PRINTER,
    served.CLUSTERROLEBINDINGS: cluster.BINDINGS_PRINTER,
    served.APISERVICES: cluster.APISERVICES_PRINTER,
    served.INGRESSCLASSES: networking.INGRESSCLASSES_PRINTER,
    served.CSIDRIVERS: cluster.CSIDRIVERS_PRINTER,
    served.VOLUMEATTACHMENTS: cluster.ATTACHMENTS_PRINTER,
    served.MUTATINGWEBHOOKCONFIGURATIONS: cluster.WEBHOOKS_PRINTER,
    served.VALIDATINGWEBHOOKCONFIGURATIONS: cluster.WEBHOOKS_PRINTER,
    served.LEASES: cluster.LEASES_PRINTER,
    served.PODDISRUPTIONBUDGETS: cluster.BUDGETS_PRINTER,
    served.PRIORITYCLASSES: cluster.PRIORITYCLASSES_PRINTER,
    served.CONFIGMAPS: cluster.CONFIGMAPS_PRINTER,
    served.SECRETS: cluster.SECRETS_PRINTER,
    served.SERVICEACCOUNTS: cluster.SERVICEACCOUNTS_PRINTER,
}


def find_printer(resource: ResourceType) -> TablePrinter:
    if resource.custom is not None:
        return custom_printer(resource.custom)
    return _PRINTERS.get(resource, cluster.PLAIN_PRINTER)


def encode_table(
    resource: ResourceType,
    items: Sequence[JsonObject],
    *,
    accepted: Accepted,
    metadata: JsonObject,
    include_object: str,
    now: datetime,
) -> bytes:
    printer = find_printer(resource)
    rows = [_row(printer, item, accepted=accepted, include_object=include_object, now=now) for item in items]
    return encode(
        {
            "kind": "Table",
            "apiVersion": accepted.meta_api_version,
            "metadata": metadata,
            "columnDefinitions": [column.definition() for column in printer.columns],
            "rows": rows,
        }
    )


def table_event(
    resource: ResourceType,
    item: JsonObject,
    *,
    accepted: Accepted,
    include_object: str,
    now: datetime,
    is_first: bool,
) -> bytes:
    """The object of a watch event; only the first of a stream carries the column definitions."""
    printer = find_printer(resource)
    metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
    columns = [column.definition() for column in printer.columns] if is_first else None
    # A bookmark has no name: it is no object that could be printed.
    is_bookmark = "name" not in item["metadata"]
    row = (
        {"cells": [""] * len(printer.columns), "object": partial_object(item, accepted=accepted)}
        if is_bookmark
        else _row(printer, item, accepted=accepted, include_object=include_object, now=now)
    )
    return encode(
        {
            "kind": "Table",
            "apiVersion": accepted.meta_api_version,
            "metadata": metadata,
            "columnDefinitions": columns,
            "rows": [row],
        }
    )


def partial_object(item: JsonObject, *, accepted: Accepted) -> JsonObject:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": accepted.meta_api_version,
        "metadata": item["metadata"],
    }


def _row(
    printer: TablePrinter, item: JsonObject, *, accepted: Accepted, include_object: str, now: datetime
) -> JsonObject:
    shown: JsonObject | None = partial_object(item, accepted=accepted)
    if include_object == "None":
        shown = None
    elif include_object == "Object":
        shown = item
    return {"cells": printer.cells(item, now), "object": shown}
