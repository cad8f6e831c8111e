"""OpenAPI documents for clients that validate or patch by schema."""

from simulator.store import JsonObject


def openapi_v2() -> JsonObject:
    return {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.32.13"}, "paths": {}, "definitions": {}}


def openapi_v3_index() -> JsonObject:
    return {"paths": {}}


def openapi_v3(path: str) -> JsonObject | None:
    del path
    return None
