"""Tables of services and what stands behind and before them."""

from datetime import datetime

from simulator.api.tables.columns import (
    AGE,
    NAME,
    SELECTOR,
    Cell,
    Column,
    TablePrinter,
    age,
    format_labels,
    format_selector,
)
from simulator.store import JsonObject


def _service(item: JsonObject, now: datetime) -> list[Cell]:
    spec = item["spec"]
    return [
        item["metadata"]["name"],
        spec.get("type", "ClusterIP"),
        (spec.get("clusterIPs") or [spec.get("clusterIP")])[0] or "<none>",
        _external_ip(item),
        ",".join(_service_port(port) for port in spec.get("ports") or ()) or "<none>",
        age(item, now),
        format_labels(spec.get("selector")),
    ]


def _external_ip(item: JsonObject) -> str:
    spec = item["spec"]
    given = list(spec.get("externalIPs") or ())
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec.get("type") == "LoadBalancer":
        ingress = item.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
        given = [entry.get("ip") or entry.get("hostname", "") for entry in ingress] + given
        return ",".join(given) or "<pending>"
    return ",".join(given) or "<none>"


def _service_port(port: JsonObject) -> str:
    protocol = port.get("protocol", "TCP")
    if port.get("nodePort"):
        return f"{port['port']}:{port['nodePort']}/{protocol}"
    return f"{port['port']}/{protocol}"


def _endpoints(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], _endpoint_list(item.get("subsets") or []), age(item, now)]


def _endpoint_list(subsets: list[JsonObject]) -> str:
    found = [
        f"{address['ip']}:{port['port']}" if port else address["ip"]
        for subset in subsets
        for port in subset.get("ports") or [None]
        for address in subset.get("addresses") or ()
    ]
    if len(found) > 3:
        return f"{','.join(found[:3])} + {len(found) - 3} more..."
    return ",".join(found) or "<none>"


def _endpoint_slice(item: JsonObject, now: datetime) -> list[Cell]:
    ports = [str(port["port"]) if port.get("port") else "*" for port in item.get("ports") or ()]
    addresses = [address for entry in item.get("endpoints") or () for address in entry.get("addresses") or ()]
    middle: list[Cell] = [item.get("addressType", ""), _first_three(ports), _first_three(addresses)]
    return [item["metadata"]["name"], *middle, age(item, now)]


def _first_three(texts: list[str]) -> str:
    if not texts:
        return "<unset>"
    more = f" + {len(texts) - 3} more..." if len(texts) > 3 else ""
    return ",".join(texts[:3]) + more


def _ingress(item: JsonObject, now: datetime) -> list[Cell]:
    spec = item["spec"]
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    addresses = item.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    more = f" + {len(hosts) - 3} more..." if len(hosts) > 3 else ""
    return [
        item["metadata"]["name"],
        spec.get("ingressClassName") or "<none>",
        (",".join(hosts[:3]) or "*") + more,
        ",".join(entry.get("ip") or entry.get("hostname", "") for entry in addresses),
        "80, 443" if spec.get("tls") else "80",
        age(item, now),
    ]


def _ingress_class(item: JsonObject, now: datetime) -> list[Cell]:
    parameters = item["spec"].get("parameters")
    shown = "<none>"
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        shown = f"{parameters['kind']}{group}/{parameters['name']}"
    return [item["metadata"]["name"], item["spec"].get("controller", ""), shown, age(item, now)]


def _network_policy(item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], format_selector(item["spec"].get("podSelector")), age(item, now)]


SERVICES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Type", "How the service is reached."),
        Column("Cluster-IP", "Its address inside the cluster."),
        Column("External-IP", "Its addresses outside the cluster."),
        Column("Port(s)", "Its ports."),
        AGE,
        SELECTOR,
    ),
    _service,
)
ENDPOINTS_PRINTER = TablePrinter((NAME, Column("Endpoints", "Addresses that are ready."), AGE), _endpoints)
ENDPOINTSLICES_PRINTER = TablePrinter(
    (
        NAME,
        Column("AddressType", "Kind of the addresses."),
        Column("Ports", "Ports of every address."),
        Column("Endpoints", "Addresses, ready or not."),
        AGE,
    ),
    _endpoint_slice,
)
INGRESSES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Class", "Class of the ingress."),
        Column("Hosts", "Host names it serves."),
        Column("Address", "Where it is reached."),
        Column("Ports", "Ports it listens on."),
        AGE,
    ),
    _ingress,
)
INGRESSCLASSES_PRINTER = TablePrinter(
    (
        NAME,
        Column("Controller", "What serves ingresses of this class."),
        Column("Parameters", "Settings for the controller."),
        AGE,
    ),
    _ingress_class,
)
NETWORKPOLICIES_PRINTER = TablePrinter(
    (NAME, Column("Pod-Selector", "Pods the policy is about."), AGE), _network_policy
)
