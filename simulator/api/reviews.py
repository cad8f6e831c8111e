"""Questions about oneself: who am I, may I do this, what may I do."""

from starlette.responses import Response

from simulator.api.access import AccessRule, User
from simulator.api.answers import json_answer
from simulator.api.bodies import read_json_body
from simulator.api.context import ApiContext, Call
from simulator.api.status_errors import method_not_allowed
from simulator.api_resources import SELFSUBJECTACCESSREVIEWS, SELFSUBJECTREVIEWS
from simulator.clock import format_time
from simulator.store import JsonObject

_PUBLIC_URLS = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_KNOWN_URLS = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *_PUBLIC_URLS)


def review_oneself(context: ApiContext, call: Call) -> Response:
    if call.info.verb != "create":
        raise method_not_allowed()
    asked = read_json_body(call.body, kind=call.resource.kind, content_type=call.headers.get("content-type"))
    head: JsonObject = {"kind": call.resource.kind, "apiVersion": call.resource.api_version}
    if call.resource is SELFSUBJECTREVIEWS:
        metadata = {"creationTimestamp": format_time(context.clock.now())}
        return json_answer({**head, "metadata": metadata, "status": {"userInfo": _user_info(call.user)}}, code=201)
    metadata_unset = {"creationTimestamp": None}
    spec = asked.get("spec") or {}
    if call.resource is SELFSUBJECTACCESSREVIEWS:
        status: JsonObject = {"allowed": _is_allowed(call.user, spec)}
        return json_answer({**head, "metadata": metadata_unset, "spec": spec, "status": status}, code=201)
    rules = _describe_rules(call.user, namespace=spec.get("namespace", ""))
    return json_answer({**head, "metadata": metadata_unset, "spec": {}, "status": rules}, code=201)


def _user_info(user: User) -> JsonObject:
    info: JsonObject = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    return {**info, "groups": list(user.groups)}


def _is_allowed(user: User, spec: JsonObject) -> bool:
    if "nonResourceAttributes" in spec:
        return not user.is_anonymous
    wanted = spec.get("resourceAttributes") or {}
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource = f"{resource}/{wanted['subresource']}"
    return user.may(
        verb=wanted.get("verb", ""),
        group=wanted.get("group", ""),
        resource=resource,
        namespace=wanted.get("namespace", ""),
    )


def _describe_rules(user: User, *, namespace: str) -> JsonObject:
    rules = [_describe_rule(rule) for rule in user.rules if not rule.namespaces or namespace in rule.namespaces]
    urls = [{"verbs": ["get"], "nonResourceURLs": list(_KNOWN_URLS)}]
    return {"resourceRules": rules, "nonResourceRules": urls, "incomplete": False}


def _describe_rule(rule: AccessRule) -> JsonObject:
    return {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
