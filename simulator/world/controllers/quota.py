"""The quota controller: writes into every ResourceQuota what its namespace uses."""

from simulator.api.admission.policies import measure_usage
from simulator.api_resources import EVENTS, LEASES, RESOURCEQUOTAS, ResourceType
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.shapes import key_of

# They come and go all the time, and hardly anybody limits them.
NEVER_COUNTED = frozenset({EVENTS, LEASES})


class QuotaController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._limited: dict[str, dict[str, None]] = {}
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(RESOURCEQUOTAS, self._quota_changed)
        engine.state.watch_all(self._changed)

    def _quota_changed(self, kind: ChangeKind, _old: JsonObject | None, quota: JsonObject) -> None:
        quotas = self._limited.setdefault(quota["metadata"]["namespace"], {})
        if kind == "DELETED":
            quotas.pop(key_of(quota), None)
        else:
            quotas[key_of(quota)] = None
            self._queue.add(key_of(quota))

    def _changed(self, resource: ResourceType, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        if resource in NEVER_COUNTED or not resource.namespaced:
            return
        is_heartbeat = kind == "MODIFIED" and old is not None and _counts_as(old) == _counts_as(item)
        for key in () if is_heartbeat else self._limited.get(item["metadata"]["namespace"], ()):
            self._queue.add(key)

    def _reconcile(self, key: str) -> None:
        quota = self._engine.state.find(RESOURCEQUOTAS, key)
        if quota is None:
            return
        hard = quota["spec"].get("hard") or {}
        status = {"hard": dict(hard), "used": measure_usage(self._engine.state.store, quota)}
        if status != quota.get("status"):
            self._engine.state.set_status(RESOURCEQUOTAS, key, status)


def _counts_as(item: JsonObject) -> tuple[object, ...]:
    return item.get("spec"), (item.get("status") or {}).get("phase")
