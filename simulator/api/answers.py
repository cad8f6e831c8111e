"""Answers in the shape the client accepts."""

from collections.abc import Iterable, Mapping

import yaml
from starlette.responses import Response

from simulator.api import views
from simulator.api.context import ApiContext, Call
from simulator.api.encoding import encode, encode_bare, encode_list, with_kind
from simulator.api.listing import Page
from simulator.api.negotiation import Accepted, choose_shape
from simulator.api.tables import encode_table
from simulator.api.tables.rendering import partial_object
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_NO_CACHE = {"Cache-Control": "no-cache, private"}


def json_answer(document: JsonObject, *, code: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return bytes_answer(encode(document), code=code, headers=headers)


def bytes_answer(body: bytes, *, code: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Not `media_type`: Starlette would add a charset, which the real server does not send.
    return Response(body, code, headers={**_NO_CACHE, "Content-Type": "application/json", **(headers or {})})


def text_answer(text: str, *, code: int = 200) -> Response:
    headers = {**_NO_CACHE, "X-Content-Type-Options": "nosniff", "Content-Type": "text/plain; charset=utf-8"}
    return Response(text.encode(), code, headers=headers)


def object_answer(
    context: ApiContext,
    call: Call,
    item: JsonObject,
    *,
    resource: ResourceType | None = None,
    code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One object: whole, only its metadata, or as a table of one row."""
    shown = resource or call.asked
    item = views.shown(item, asked=shown)
    accepted = choose_shape(call.accept)
    if accepted.shape == "table":
        metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
        table = encode_table(
            shown,
            [item],
            accepted=accepted,
            metadata=metadata,
            include_object=call.query.get("includeObject", "Metadata"),
            now=context.clock.now(),
        )
        return bytes_answer(table, code=code, headers=headers)
    if accepted.shape == "metadata":
        return json_answer(partial_object(item, accepted=accepted), code=code, headers=headers)
    if accepted.is_yaml:
        return _yaml_answer(encode(item), code=code, headers=headers)
    return bytes_answer(with_kind(encode_bare(item), resource=shown), code=code, headers=headers)


def list_answer(context: ApiContext, call: Call, page: Page) -> Response:
    accepted = choose_shape(call.accept)
    if accepted.shape == "table":
        table = encode_table(
            call.resource,
            page.items,
            accepted=accepted,
            metadata=page.metadata,
            include_object=call.query.get("includeObject", "Metadata"),
            now=context.clock.now(),
        )
        return bytes_answer(table)
    if accepted.shape == "metadata":
        return json_answer(_partial_list(page, accepted=accepted))
    body = encode_list(call.asked, metadata=page.metadata, items=_bare_items(context, call, page))
    return _yaml_answer(body, code=200) if accepted.is_yaml else bytes_answer(body)


def _bare_items(context: ApiContext, call: Call, page: Page) -> Iterable[bytes]:
    if call.asked.is_view:
        return (encode_bare(views.shown(item, asked=call.asked)) for item in page.items)
    return map(context.encoded.bare, page.items)


def _partial_list(page: Page, *, accepted: Accepted) -> JsonObject:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": accepted.meta_api_version,
        "metadata": page.metadata,
        "items": [partial_object(item, accepted=accepted) for item in page.items],
    }


def _yaml_answer(body: bytes, *, code: int, headers: Mapping[str, str] | None = None) -> Response:
    text = yaml.safe_dump(yaml.safe_load(body), sort_keys=True)
    return Response(text.encode(), code, headers={**_NO_CACHE, "Content-Type": "application/yaml", **(headers or {})})
