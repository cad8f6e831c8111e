"""delete, deletecollection and eviction."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from simulator import api_resources as served
from simulator.api.answers import json_answer, list_answer, object_answer
from simulator.api.bodies import read_json_body
from simulator.api.context import ApiContext, Call
from simulator.api.listing import Page, list_page
from simulator.api.reads import find_object, select
from simulator.api.status_errors import ApiError, bad_request, conflict, resource_details
from simulator.api_resources import PODDISRUPTIONBUDGETS, PODS, ResourceType
from simulator.store import DeletionTerms, JsonObject, PreconditionFailed, matches_label_selector

# For these the real server answers with the object; for the others with a Status, unless finalizers hold it.
_ANSWERED_WHOLE = frozenset(
    {
        served.PERSISTENTVOLUMECLAIMS,
        served.PERSISTENTVOLUMES,
        served.PODS,
        served.RESOURCEQUOTAS,
        served.SERVICEACCOUNTS,
        served.SERVICES,
    }
)
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    grace_seconds: int | None
    finalizer: str | None
    terms: DeletionTerms


def delete_object(context: ApiContext, call: Call) -> Response:
    options = read_delete_options(call)
    item = find_object(context, call)
    last = _delete(context, call.resource, item, options)
    namespace = last["metadata"].get("namespace", "")
    is_gone = context.store.find(call.resource, namespace=namespace, name=call.info.name) is None
    if call.resource in _ANSWERED_WHOLE or not (is_gone or options.terms.is_dry_run):
        return object_answer(context, call, last)
    return json_answer(_success(call.resource, item))


def delete_collection(context: ApiContext, call: Call) -> Response:
    options = read_delete_options(call)
    page = list_page(context.store, select(call), call.query)
    deleted = [_delete(context, call.resource, item, options) for item in page.items]
    return list_answer(context, call, Page(deleted, {"resourceVersion": str(context.store.version)}))


def read_delete_options(call: Call) -> DeleteOptions:
    """DeleteOptions from body and query, the body first; raise 400."""
    body: JsonObject = {}
    if call.body:
        body = read_json_body(call.body, kind="DeleteOptions", content_type=call.headers.get("content-type"))
    preconditions = body.get("preconditions") or {}
    grace = body.get("gracePeriodSeconds")
    policy = body.get("propagationPolicy") or call.query.get("propagationPolicy")
    if policy is None and (body.get("orphanDependents") or call.query.get("orphanDependents") == "true"):
        policy = "Orphan"
    return DeleteOptions(
        grace_seconds=_read_grace(call.query) if grace is None else int(grace),
        finalizer=_FINALIZERS.get(policy or ""),
        terms=DeletionTerms(
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
            is_dry_run=call.is_dry_run or "All" in (body.get("dryRun") or ()),
        ),
    )


def _read_grace(query: Mapping[str, str]) -> int | None:
    text = query.get("gracePeriodSeconds")
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _delete(context: ApiContext, resource: ResourceType, item: JsonObject, options: DeleteOptions) -> JsonObject:
    metadata = item["metadata"]
    try:
        return context.store.delete(
            resource,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            grace_seconds=options.grace_seconds,
            finalizer=options.finalizer,
            terms=options.terms,
        )
    except PreconditionFailed as error:
        raise conflict(str(error), name=error.name, kind=resource.kind, group=resource.group) from error


def _success(resource: ResourceType, item: JsonObject) -> JsonObject:
    details = {**resource_details(resource, name=item["metadata"]["name"]), "uid": item["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def evict_pod(context: ApiContext, call: Call) -> Response:
    """POST pods/NAME/eviction: a deletion that respects disruption budgets."""
    body = read_json_body(call.body, kind="Eviction", content_type=call.headers.get("content-type"))
    wanted = body.get("deleteOptions") or {}
    pod = find_object(context, call)
    preconditions = wanted.get("preconditions") or {}
    options = DeleteOptions(
        grace_seconds=wanted.get("gracePeriodSeconds"),
        finalizer=None,
        terms=DeletionTerms(
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
            is_dry_run=call.is_dry_run or "All" in (wanted.get("dryRun") or ()),
        ),
    )
    budget = _check_budgets(context, pod)
    if budget is not None and not options.terms.is_dry_run:
        _count_disruption(context, budget)
    _delete(context, PODS, pod, options)
    return json_answer(
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, code=201
    )


def _check_budgets(context: ApiContext, pod: JsonObject) -> JsonObject | None:
    """The budget that an eviction uses up, if any; raise 429 when it has nothing left, 500 when there are several.

    Pods that serve nobody may always go.
    """
    metadata, status = pod["metadata"], pod.get("status") or {}
    if status.get("phase") in {"Succeeded", "Failed", "Pending"} or metadata.get("deletionTimestamp"):
        return None
    is_ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
    budgets = context.store.list_objects(PODDISRUPTIONBUDGETS, namespace=metadata["namespace"])
    mine = [item for item in budgets if matches_label_selector(item["spec"].get("selector"), metadata.get("labels"))]
    if len(mine) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, "InternalError", text, details={})
    if not mine:
        return None
    budget = mine[0]
    state = budget.get("status") or {}
    healthy, needed = state.get("currentHealthy", 0), state.get("desiredHealthy", 0)
    is_always_allowed = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    if not is_ready and (is_always_allowed or healthy >= needed > 0):
        return None
    if state.get("disruptionsAllowed", 0) > 0:
        return budget
    raise _budget_refusal(budget["metadata"]["name"], needed=needed, healthy=healthy)


def _count_disruption(context: ApiContext, budget: JsonObject) -> None:
    """The next eviction must not count on the same room before the controller has looked again."""
    status = {**budget["status"], "disruptionsAllowed": budget["status"]["disruptionsAllowed"] - 1}
    metadata = budget["metadata"]
    context.store.replace_status(
        PODDISRUPTIONBUDGETS, namespace=metadata["namespace"], name=metadata["name"], status=status
    )


def _budget_refusal(name: str, *, needed: int, healthy: int) -> ApiError:
    text = f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
    details = {"causes": [{"reason": "DisruptionBudget", "message": text}]}
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    return ApiError(429, "TooManyRequests", message, details=details)
