"""The certificates that Ingresses serve: public, though they lie in Secrets beside their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from k8s_diagnosis.objects.access import namespace_of, read_maps, read_text
from k8s_mcp.cluster.interfaces import SECRETS, Cluster, JsonObject
from k8s_mcp.errors import ClusterError

_READ = 20


async def read_certificates(cluster: Cluster, ingresses: Iterable[JsonObject]) -> list[JsonObject]:
    """The named Secrets with nothing of their data but the certificate; what cannot be read is not among them."""
    places = {
        (namespace_of(each), read_text(entry, "secretName"))
        for each in ingresses
        for entry in read_maps(each, "spec", "tls")
    }
    wanted = sorted(place for place in places if place[1])[:_READ]
    read = await asyncio.gather(*(_read(cluster, namespace, name) for namespace, name in wanted))
    return [each for each in read if each is not None]


async def _read(cluster: Cluster, namespace: str, name: str) -> JsonObject | None:
    try:
        secret = await cluster.read_object(SECRETS, name=name, namespace=namespace)
    except ClusterError:
        return None
    certificate = read_text(secret, "data", "tls.crt")
    return {"metadata": {"name": name, "namespace": namespace}, "data": {"tls.crt": certificate}}
