"""What stored roles and bindings allow a service account, and how the API server words a refusal."""

from collections.abc import Iterator

from simulator.api_resources import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES
from simulator.store import JsonObject, ObjectStore


def refusal(
    store: ObjectStore,
    *,
    namespace: str,
    account: str,
    verb: str,
    group: str,
    resource: str,
    is_clusterwide: bool,
) -> str | None:
    """None when the account may do that."""
    user = f"system:serviceaccount:{namespace}:{account}"
    rules = _rules_of(store, namespace=namespace, account=account, is_clusterwide=is_clusterwide)
    if any(_allows(rule, verb=verb, group=group, resource=resource) for rule in rules):
        return None
    qualified = f"{resource}.{group}" if group else resource
    scope = "at the cluster scope" if is_clusterwide else f'in the namespace "{namespace}"'
    asked = f'cannot {verb} resource "{resource}" in API group "{group}" {scope}'
    return f'{qualified} is forbidden: User "{user}" {asked}'


def _rules_of(store: ObjectStore, *, namespace: str, account: str, is_clusterwide: bool) -> Iterator[JsonObject]:
    for binding in store.list_objects(CLUSTERROLEBINDINGS):
        if _names(binding, namespace=namespace, account=account):
            yield from _role(store, binding, namespace="")
    for binding in [] if is_clusterwide else store.list_objects(ROLEBINDINGS, namespace=namespace):
        if _names(binding, namespace=namespace, account=account):
            yield from _role(store, binding, namespace=namespace)


def _names(binding: JsonObject, *, namespace: str, account: str) -> bool:
    groups = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"}
    for subject in binding.get("subjects") or ():
        if subject["kind"] == "ServiceAccount" and (subject.get("namespace"), subject["name"]) == (namespace, account):
            return True
        if subject["kind"] == "Group" and subject["name"] in groups:
            return True
    return False


def _role(store: ObjectStore, binding: JsonObject, *, namespace: str) -> list[JsonObject]:
    reference = binding["roleRef"]
    is_local = reference["kind"] == "Role"
    resource = ROLES if is_local else CLUSTERROLES
    role = store.find(resource, namespace=namespace if is_local else "", name=reference["name"])
    rules: list[JsonObject] = (role or {}).get("rules") or []
    return rules


def _allows(rule: JsonObject, *, verb: str, group: str, resource: str) -> bool:
    wanted = (("verbs", verb), ("apiGroups", group), ("resources", resource))
    return all({"*", value} & set(rule.get(field) or ()) for field, value in wanted)
