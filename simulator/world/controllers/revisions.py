"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, for history and roll-back."""

import copy

from simulator.api_resources import CONTROLLERREVISIONS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.identity import template_hash
from simulator.world.shapes import key_of, owner_reference

DEFAULT_HISTORY = 10


def keep_revision(engine: Engine, item: JsonObject, *, kind: str, hash_label: str) -> str:
    """Record the current template as the newest revision and answer its hash; forget revisions beyond the limit."""
    code = template_hash(item["spec"]["template"])
    known = engine.state.owned(item["metadata"]["uid"], CONTROLLERREVISIONS)
    newest = max((int(entry["revision"]) for entry in known), default=0)
    same = next((entry for entry in known if entry["metadata"]["name"] == f"{item['metadata']['name']}-{code}"), None)
    if same is None:
        engine.state.store.create(
            CONTROLLERREVISIONS, _revision(item, kind=kind, hash_label=hash_label, code=code, number=newest + 1)
        )
        _forget_old(engine, item, known)
    elif int(same["revision"]) < newest:
        engine.state.store.replace(CONTROLLERREVISIONS, {**same, "revision": newest + 1})
    return code


def _revision(item: JsonObject, *, kind: str, hash_label: str, code: str, number: int) -> JsonObject:
    metadata = item["metadata"]
    labels = {**(item["spec"]["template"]["metadata"].get("labels") or {}), hash_label: code}
    return {
        "metadata": {
            "name": f"{metadata['name']}-{code}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(item, api_version="apps/v1", kind=kind)],
        },
        "data": {"spec": {"template": {**copy.deepcopy(item["spec"]["template"]), "$patch": "replace"}}},
        "revision": number,
    }


def _forget_old(engine: Engine, item: JsonObject, known: list[JsonObject]) -> None:
    limit = int(item["spec"].get("revisionHistoryLimit", DEFAULT_HISTORY))
    by_age = sorted(known, key=lambda entry: int(entry["revision"]))
    for entry in by_age[: max(0, len(by_age) - limit)]:
        engine.state.delete(CONTROLLERREVISIONS, key_of(entry))
