"""Admission webhooks: which are asked, whether they can be reached, and what those inside the cluster answer.

What a reachable webhook decides stands in the ConfigMap that its pods mount, as policy engines keep their rules:
`required-labels` (names, comma separated), `denied-tags` and `allowed-registries`.
"""

from collections.abc import Iterator

from simulator.api.status_errors import ApiError
from simulator.api_resources import (
    CONFIGMAPS,
    ENDPOINTSLICES,
    MUTATINGWEBHOOKCONFIGURATIONS,
    NAMESPACES,
    PODS,
    SERVICES,
    VALIDATINGWEBHOOKCONFIGURATIONS,
    ResourceType,
)
from simulator.store import JsonObject, ObjectStore, matches_label_selector


def call_webhooks(store: ObjectStore, resource: ResourceType, item: JsonObject, *, is_mutating: bool) -> None:
    """Ask every webhook that is responsible; raise 500 when one cannot be asked, 403 when one says no."""
    configurations = MUTATINGWEBHOOKCONFIGURATIONS if is_mutating else VALIDATINGWEBHOOKCONFIGURATIONS
    for configuration in store.list_objects(configurations):
        for webhook in configuration.get("webhooks") or ():
            if _is_responsible(store, webhook, resource, item):
                _ask(store, webhook, item)


def _is_responsible(store: ObjectStore, webhook: JsonObject, resource: ResourceType, item: JsonObject) -> bool:
    if not any(_matches_rule(rule, resource) for rule in webhook.get("rules") or ()):
        return False
    if not matches_label_selector(webhook.get("objectSelector") or {}, item["metadata"].get("labels")):
        return False
    namespace = item["metadata"].get("namespace")
    if not namespace:
        return True
    found = store.find(NAMESPACES, name=namespace)
    labels = found["metadata"].get("labels") if found else None
    return matches_label_selector(webhook.get("namespaceSelector") or {}, labels)


def _matches_rule(rule: JsonObject, resource: ResourceType) -> bool:
    wanted = (
        ("operations", "CREATE"),
        ("apiGroups", resource.group),
        ("apiVersions", resource.version),
        ("resources", resource.plural),
    )
    return all({"*", value} & set(rule.get(field) or ()) for field, value in wanted)


def _ask(store: ObjectStore, webhook: JsonObject, item: JsonObject) -> None:
    problem = _unreachable(store, webhook)
    if problem is not None:
        if webhook.get("failurePolicy") == "Ignore":
            return
        text = f'failed calling webhook "{webhook["name"]}": failed to call webhook: {problem}'
        message = f"Internal error occurred: {text}"
        raise ApiError(500, "InternalError", message, details={"causes": [{"message": text}]})
    for rules in _rules_of(store, webhook):
        if denial := _judge(rules, item):
            message = f'admission webhook "{webhook["name"]}" denied the request: {denial}'
            raise ApiError(403, "Forbidden", message)


def _unreachable(store: ObjectStore, webhook: JsonObject) -> str | None:
    """Why the call fails, in the words of the server's HTTP client; None when it does not."""
    config = webhook.get("clientConfig") or {}
    service = config.get("service")
    timeout = f"{webhook.get('timeoutSeconds', 10)}s"
    if service is None:
        url = f"{config.get('url', '')}?timeout={timeout}"
        return f'Post "{url}": context deadline exceeded' if config.get("url") else None
    namespace, name, port = service["namespace"], service["name"], service.get("port", 443)
    url = f"https://{name}.{namespace}.svc:{port}{service.get('path') or '/'}?timeout={timeout}"
    found = store.find(SERVICES, namespace=namespace, name=name)
    if found is None:
        return f'Post "{url}": service "{name}" not found'
    if not any(entry["port"] == port for entry in found["spec"].get("ports") or ()):
        return f'Post "{url}": no service port {port} found for service "{name}"'
    if not _has_ready_endpoint(store, namespace=namespace, service=name):
        return f'Post "{url}": no endpoints available for service "{name}"'
    if not config.get("caBundle"):
        unknown = "x509: certificate signed by unknown authority"
        return f'Post "{url}": tls: failed to verify certificate: {unknown}'
    return None


def _has_ready_endpoint(store: ObjectStore, *, namespace: str, service: str) -> bool:
    return any(
        endpoint["conditions"].get("ready")
        for item in store.list_objects(ENDPOINTSLICES, namespace=namespace)
        if (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == service
        for endpoint in item.get("endpoints") or ()
    )


def _rules_of(store: ObjectStore, webhook: JsonObject) -> Iterator[JsonObject]:
    """The rules that the pods behind a webhook have mounted."""
    service = (webhook.get("clientConfig") or {}).get("service") or {}
    namespace = service.get("namespace", "")
    found = store.find(SERVICES, namespace=namespace, name=service.get("name", ""))
    selector = {"matchLabels": (found or {"spec": {}})["spec"].get("selector") or {}}
    pods = store.list_objects(PODS, namespace=namespace) if found else []
    chosen = next((pod for pod in pods if matches_label_selector(selector, pod["metadata"].get("labels"))), None)
    for volume in (chosen or {"spec": {}})["spec"].get("volumes") or ():
        if "configMap" in volume:
            rules = store.find(CONFIGMAPS, namespace=namespace, name=volume["configMap"]["name"])
            yield (rules or {}).get("data") or {}


def _judge(rules: JsonObject, item: JsonObject) -> str:
    """Why the rules refuse an object; empty when they let it in."""
    labels = item["metadata"].get("labels") or {}
    missing = [name for name in _words(rules, "required-labels") if name not in labels]
    if missing:
        return f"missing required labels: {', '.join(missing)}"
    for container in (item.get("spec") or {}).get("containers") or ():
        image = container.get("image", "")
        tag = image.rpartition("/")[2].partition(":")[2] or "latest"
        if tag in _words(rules, "denied-tags"):
            return f'container "{container["name"]}" uses the image tag "{tag}", which is not allowed'
        registries = _words(rules, "allowed-registries")
        if registries and not image.startswith(tuple(f"{registry}/" for registry in registries)):
            return f'image "{image}" does not come from an allowed registry ({", ".join(registries)})'
    return ""


def _words(rules: JsonObject, key: str) -> list[str]:
    return [word.strip() for word in str(rules.get(key, "")).split(",") if word.strip()]
