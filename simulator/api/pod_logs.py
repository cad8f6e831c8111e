"""The log subresource of pods, with every way in which it refuses."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response, StreamingResponse

from simulator.api.context import ApiContext, Call
from simulator.api.reads import find_object
from simulator.api.status_errors import Cause, bad_request, invalid, invalid_value
from simulator.clock import parse_time
from simulator.interfaces import LogLine
from simulator.store import JsonObject

_FOLLOW_SECONDS = 0.5
_TEXT = {"Cache-Control": "no-cache, private", "Content-Type": "text/plain"}
_PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff"})


@dataclass(frozen=True, slots=True)
class LogOptions:
    container: str
    previous: bool
    follow: bool
    timestamps: bool
    tail: int | None
    since: datetime | None
    limit_bytes: int | None


def read_pod_log(context: ApiContext, call: Call) -> Response:
    """GET pods/NAME/log."""
    options = _read_options(call.query, pod_name=call.info.name, now=context.clock.now())
    pod = find_object(context, call)
    container = _choose_container(pod, options.container)
    if not pod["spec"].get("nodeName"):
        return Response(b"", 204, headers={"Cache-Control": "no-cache, private"})
    refusal = _find_refusal(pod, container, previous=options.previous)
    if refusal:
        raise bad_request(refusal)
    source = _LogSource(context, pod["metadata"]["namespace"], pod["metadata"]["name"], container, options)
    if options.follow and not options.previous:
        return StreamingResponse(source.follow(), headers=_TEXT)
    return Response(source.read(), headers=_TEXT)


@dataclass(frozen=True, slots=True)
class _LogSource:
    context: ApiContext
    namespace: str
    pod: str
    container: str
    options: LogOptions

    def read(self) -> bytes:
        lines = self._lines(tail=self.options.tail, since=self.options.since)
        return _format(lines, self.options)[: self.options.limit_bytes]

    async def follow(self) -> AsyncIterator[bytes]:
        """The log so far, then what is written, until the container or the server ends."""
        lines = self._lines(tail=self.options.tail, since=self.options.since)
        yield _format(lines, self.options)[: self.options.limit_bytes]
        told_until = self.context.clock.now()
        while not self.context.hub.is_closed and self._is_running():
            await asyncio.sleep(_FOLLOW_SECONDS)
            fresh = [line for line in self._lines(tail=None, since=told_until) if line.time > told_until]
            told_until = self.context.clock.now()
            if fresh:
                yield _format(fresh, self.options)

    def _lines(self, *, tail: int | None, since: datetime | None) -> Sequence[LogLine]:
        return self.context.logs.read_log(
            namespace=self.namespace,
            pod=self.pod,
            container=self.container,
            previous=self.options.previous,
            tail=tail,
            since=since,
        )

    def _is_running(self) -> bool:
        from simulator.api_resources import PODS

        pod = self.context.store.find(PODS, namespace=self.namespace, name=self.pod)
        state = _find_status(pod, self.container) if pod else None
        return bool(state and "running" in state.get("state", {}))


def _format(lines: Sequence[LogLine], options: LogOptions) -> bytes:
    if options.timestamps:
        return "".join(f"{_nanoseconds(line.time)} {line.text}\n" for line in lines).encode()
    return "".join(f"{line.text}\n" for line in lines).encode()


def _nanoseconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _read_options(query: Mapping[str, str], *, pod_name: str, now: datetime) -> LogOptions:
    causes: list[Cause] = []
    tail = _read_number(query, "tailLines", minimum=0, causes=causes)
    limit = _read_number(query, "limitBytes", minimum=1, causes=causes)
    seconds = _read_number(query, "sinceSeconds", minimum=1, causes=causes)
    if seconds is not None and query.get("sinceTime"):
        message = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(Cause("FieldValueForbidden", f"Forbidden: {message}", ""))
    if causes:
        raise invalid(kind="PodLogOptions", group="", name=pod_name, causes=causes)
    return LogOptions(
        container=query.get("container", ""),
        previous=_is_true(query, "previous"),
        follow=_is_true(query, "follow"),
        timestamps=_is_true(query, "timestamps"),
        tail=tail,
        since=now - timedelta(seconds=seconds) if seconds is not None else _read_since(query),
        limit_bytes=limit,
    )


def _read_number(query: Mapping[str, str], name: str, *, minimum: int, causes: list[Cause]) -> int | None:
    text = query.get(name)
    if not text:
        return None
    try:
        value = int(text)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
    if value < minimum:
        wanted = "must be greater than or equal to 0" if minimum == 0 else "must be greater than 0"
        causes.append(invalid_value(name, text, wanted))
    return value


def _read_since(query: Mapping[str, str]) -> datetime | None:
    text = query.get("sinceTime")
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse') from error


def _is_true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in {"1", "true"}


def _choose_container(pod: JsonObject, wanted: str) -> str:
    """The container meant; raise 400 when it is not in the pod or one of several must be named."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    init = [container["name"] for container in spec.get("initContainers") or ()]
    main = [container["name"] for container in spec["containers"]]
    ephemeral = [container["name"] for container in spec.get("ephemeralContainers") or ()]
    if wanted:
        if wanted not in [*init, *main, *ephemeral]:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if len(main) == 1 and not init and not ephemeral:
        return str(main[0])
    if default in main:
        return str(default)
    if len(main) == 1 and not ephemeral:
        return str(main[0])
    choices = f"choose one of: [{' '.join(main)}]"
    if init:
        choices += f" or one of the init containers: [{' '.join(init)}]"
    raise bad_request(f"a container name must be specified for pod {name}, {choices}")


def _find_status(pod: JsonObject, container: str) -> JsonObject | None:
    status = pod.get("status", {})
    lists = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    found = (entry for field in lists for entry in status.get(field) or () if entry["name"] == container)
    return next(found, None)


def _find_refusal(pod: JsonObject, container: str, *, previous: bool) -> str:
    """Why the kubelet would refuse, or nothing."""
    where = f'"{container}" in pod "{pod["metadata"]["name"]}"'
    state = _find_status(pod, container)
    if previous:
        terminated = (state or {}).get("lastState", {}).get("terminated")
        return "" if terminated else f"previous terminated container {where} not found"
    if state is None:
        return (
            f"container {where} is waiting to start: ContainerCreating"
            if _is_pending(pod)
            else f"container {where} is not available"
        )
    has_run = "terminated" in state.get("lastState", {}) or state.get("restartCount", 0) > 0
    waiting = state.get("state", {}).get("waiting")
    if waiting is None or has_run:
        return ""
    reason = waiting.get("reason", "")
    if reason in _PULL_REASONS:
        return f"container {where} is waiting to start: trying and failing to pull image"
    return f"container {where} is waiting to start: {reason}"


def _is_pending(pod: JsonObject) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Pending")
