"""k8s-restart-workload and k8s-rollback-workload through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import pytest

from simulator.store import JsonObject
from tests.fakes.served_cluster import Person, ServedCluster, call, connect, content_of, may_read, text_of

RESTART, ROLLBACK = "k8s-restart-workload", "k8s-rollback-workload"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def template_of(cluster: ServedCluster) -> JsonObject:
    found: JsonObject = cluster.get("apps/v1", "Deployment", "web")["spec"]["template"]
    return found


def pods_of(cluster: ServedCluster, name: str, *, namespace: str = "default") -> set[str]:
    found = cluster.pods(name, namespace=namespace)
    return {pod["metadata"]["uid"] for pod in found if "deletionTimestamp" not in pod["metadata"]}


def set_image(cluster: ServedCluster, image: str) -> None:
    def change(item: JsonObject) -> None:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = image

    cluster.change("apps/v1", "Deployment", "web", by=change)


async def test_restart_replaces_every_pod_and_tells_which(cluster: ServedCluster) -> None:
    person, before = Person(), pods_of(cluster, "web")

    content = content_of(await call(cluster, RESTART, {"name": "web"}, person=person))

    assert person.questions[0].startswith(
        "Restart Deployment default/web?\n重启 Deployment default/web？\nCluster: shop\n"
    )
    assert len(person.preview["pods"]) == person.preview["pods_total"] == 3
    assert (content["status"], content["outcome"]) == ("done", "complete")
    assert not before & pods_of(cluster, "web")


@pytest.mark.parametrize(
    ("kind", "name", "namespace"), [("StatefulSet", "postgres", "data"), ("Deployment", "cart", "default")]
)
async def test_each_kind_is_restarted(cluster: ServedCluster, kind: str, name: str, namespace: str) -> None:
    before = pods_of(cluster, name, namespace=namespace)

    arguments = {"kind": kind, "name": name, "namespace": namespace}
    content = content_of(await call(cluster, RESTART, arguments, person=Person()))

    assert content["outcome"] == "complete"
    assert not before & pods_of(cluster, name, namespace=namespace)


async def test_declined_restart_changes_nothing(cluster: ServedCluster) -> None:
    content = content_of(await call(cluster, RESTART, {"name": "web"}, person=Person(confirm=False)))

    assert content["status"] == "declined"
    assert cluster.written() == []


async def test_paused_deployment_is_not_restarted(cluster: ServedCluster) -> None:
    def pause(item: JsonObject) -> None:
        item["spec"]["paused"] = True

    cluster.change("apps/v1", "Deployment", "web", by=pause)
    person = Person()

    result = await call(cluster, RESTART, {"name": "web"}, person=person)

    assert result.is_error
    assert "is paused" in text_of(result)
    assert person.questions == []


async def test_restart_that_stops_everything_at_once_is_said_to(cluster: ServedCluster) -> None:
    def recreate(item: JsonObject) -> None:
        item["spec"]["strategy"] = {"type": "Recreate"}

    cluster.change("apps/v1", "Deployment", "web", by=recreate)
    person = Person()

    await call(cluster, RESTART, {"name": "web"}, person=person)

    assert person.preview["risk"] == "destructive"
    assert "nothing serves meanwhile" in person.questions[0]
    assert {"en", "zh"} == set(person.preview["warnings"][0])


async def test_restart_without_the_right_to_read_the_surroundings_says_what_is_not_known(
    cluster: ServedCluster,
) -> None:
    from simulator.api import AccessRule

    token = cluster.limit_to(
        may_read("apps", "deployments"),
        AccessRule(verbs=("patch",), groups=("apps",), resources=("deployments",)),
    )
    person = Person()

    content = content_of(await call(cluster, RESTART, {"name": "web"}, person=person, token=token))

    assert content["status"] == "done"
    assert "Not known: PodDisruptionBudget objects: this account may not list" in person.questions[0]
    assert len(person.preview["unknown"]) == 5


async def test_rollout_that_fails_is_reported_with_its_reason(cluster: ServedCluster) -> None:
    """The template of an older revision whose image is gone."""
    set_image(cluster, "registry.example.com/shop/web:9.9.9")
    cluster.pass_time(60)
    set_image(cluster, "registry.example.com/shop/web:2.4.1")
    cluster.pass_time(60)

    content = content_of(await call(cluster, ROLLBACK, {"name": "web"}, person=Person()))

    assert content["outcome"] == "failing"
    assert "It fails (image-pull-denied; 1 of 3 pods updated" in content["message"]
    assert "k8s-rollback-workload name=web" in content["undo"]


async def test_rollback_goes_to_the_revision_before_and_names_the_way_back(cluster: ServedCluster) -> None:
    person, before = Person(), template_of(cluster)

    content = content_of(await call(cluster, ROLLBACK, {"name": "web"}, person=person))

    [question] = person.questions
    assert question.startswith("Roll Deployment default/web back from revision 3 to 2?")
    assert "~ spec.template.spec.containers[web].resources.limits.memory: 192Mi → 128Mi" in question
    assert "Undo: k8s-rollback-workload name=web namespace=default kind=Deployment to_revision=3" in question
    assert content["outcome"] == "complete"
    assert template_of(cluster) != before


async def test_undo_of_a_rollback_is_a_call_that_works(cluster: ServedCluster) -> None:
    before = template_of(cluster)
    async with connect(cluster, answer=Person().answer) as client:
        await client.call_tool(ROLLBACK, {"name": "web", "to_revision": 1})
        await client.call_tool(ROLLBACK, {"name": "web", "to_revision": 3})

    assert template_of(cluster) == before


@pytest.mark.parametrize(
    ("name", "revision", "expected"),
    [("web", 99, "has no revision 99 (known: 3, 2, 1)"), ("cart", None, "no revision before the present one")],
)
async def test_revision_that_is_not_there_is_refused(
    cluster: ServedCluster, name: str, revision: int | None, expected: str
) -> None:
    person = Person()

    result = await call(cluster, ROLLBACK, {"name": name, "to_revision": revision}, person=person)

    assert result.is_error
    assert expected in text_of(result)
    assert person.questions == []


async def test_rollout_that_takes_longer_than_the_watch_is_said_to_be_under_way(cluster: ServedCluster) -> None:
    told: list[str] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    result = await call(cluster, RESTART, {"name": "web"}, person=Person(), progress=listen, change_wait_seconds=2)

    assert content_of(result)["outcome"] == "progressing"
    assert "Still under way" in text_of(result)
    assert told[0].startswith("Deployment default/web is being restarted. Watching")


async def test_approval_of_a_restart_is_void_once_it_was_used(cluster: ServedCluster) -> None:
    person = Person()

    async with connect(cluster, answer=person.answer) as client:
        await client.call_tool(RESTART, {"name": "web"})
        await client.call_tool(RESTART, {"name": "web"})

    assert len(person.questions) == 2
