"""The simulated Kubernetes API as an ASGI application: who calls, what they want, which handler answers."""

import logging
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.api.access import ANONYMOUS, User, authenticate, authorize, authorize_path
from simulator.api.answers import json_answer, text_answer
from simulator.api.context import ApiContext, Call
from simulator.api.documents import serve_document
from simulator.api.encoding import EncodedObjects
from simulator.api.request_info import RequestInfo, parse_request
from simulator.api.routing import answer_call
from simulator.api.status_errors import ApiError, PageNotFound, internal_error, unknown_resource
from simulator.api.watching import WatchHub
from simulator.clock import SimulatedClock
from simulator.interfaces import PodLogs, ResourceUsage
from simulator.resource_table import ResourceTable
from simulator.store import ObjectStore

logger = logging.getLogger(__name__)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
MAX_BODY_BYTES = 3 * 1024 * 1024
"""The limit of the real server."""


class KubernetesApi:
    """Serves one object store; `app` is the ASGI application, `close` ends open watches."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        clock: SimulatedClock,
        logs: PodLogs,
        usage: ResourceUsage,
        tokens: Mapping[str, User],
        anonymous: User = ANONYMOUS,
    ) -> None:
        self._tokens = tokens
        self._anonymous = anonymous
        encoded = EncodedObjects(store)
        self._context = ApiContext(store, clock, logs, usage, encoded, WatchHub(store))
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)])

    def close(self) -> None:
        self._context.hub.close()

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._dispatch(request)
        except ApiError as error:
            return json_answer(error.status, code=error.code, headers=error.headers)
        except PageNotFound:
            return text_answer("404 page not found\n", code=404)
        except ClientDisconnect:
            raise
        except Exception as error:
            # The outermost edge: a client gets a Status, as from a real server, and the log gets the trace.
            logger.exception("request failed: %s %s", request.method, request.url.path)
            failure = internal_error(error)
            return json_answer(failure.status, code=failure.code)

    async def _dispatch(self, request: Request) -> Response:
        user = authenticate(request.headers.get("authorization"), tokens=self._tokens, anonymous=self._anonymous)
        info = parse_request(request.method, request.url.path, request.query_params)
        if info is None:
            authorize_path(user, request.url.path)
            unserved = () if self._context.usage.is_available else (("metrics.k8s.io", "v1beta1"),)
            return serve_document(request, table=self._context.store.resources, unserved=unserved)
        authorize(user, info)
        call = await _read_call(request, info, user, table=self._context.store.resources)
        return answer_call(self._context, call)


async def _read_call(request: Request, info: RequestInfo, user: User, *, table: ResourceTable) -> Call:
    asked = table.find(group=info.group, version=info.version, plural=info.plural)
    if asked is None:
        if table.resources_of(group=info.group, version=info.version):
            raise unknown_resource()
        raise PageNotFound
    body = await request.body()
    if len(body) > MAX_BODY_BYTES:
        message = f"Request entity too large: limit is {MAX_BODY_BYTES}"
        raise ApiError(413, "RequestEntityTooLarge", message)
    return Call(info, table.stored_form(asked), asked, user, request.query_params, request.headers, body)
