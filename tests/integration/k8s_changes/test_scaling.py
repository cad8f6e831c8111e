"""k8s-scale-deployment through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import pytest
from mcp import Client, MCPError
from mcp_types import ElicitResult, InputRequiredResult, InputResponses
from pydantic import SecretStr

from simulator.store import JsonObject
from tests.fakes.served_cluster import Era, Person, ServedCluster, call, connect, content_of, may_read, text_of

TOOL = "k8s-scale-deployment"
ERAS: tuple[Era, ...] = ("auto", "legacy")
KEY = SecretStr("k" * 32)


def replicas_of(cluster: ServedCluster) -> int:
    return int(cluster.get("apps/v1", "Deployment", "web")["spec"]["replicas"])


def scale_elsewhere(cluster: ServedCluster, replicas: int) -> None:
    def change(item: JsonObject) -> None:
        item["spec"]["replicas"] = replicas

    cluster.change("apps/v1", "Deployment", "web", by=change)


async def ask_and_keep(client: Client, arguments: JsonObject) -> tuple[str, str]:
    """The first round of a durable approval: the key of the question and the sealed state."""
    asked = await client.session.call_tool(TOOL, arguments, allow_input_required=True)
    assert isinstance(asked, InputRequiredResult)
    assert asked.input_requests is not None
    assert asked.request_state is not None
    return next(iter(asked.input_requests)), asked.request_state


def yes_to(key: str) -> InputResponses:
    return {key: ElicitResult(action="accept", content={"confirm": True})}


@pytest.mark.parametrize("era", ERAS)
async def test_yes_scales_exactly_what_was_asked(cluster: ServedCluster, era: Era) -> None:
    person, before = Person(), replicas_of(cluster)

    result = await call(cluster, TOOL, {"name": "web", "replicas": before + 2}, person=person, era=era)

    content, [question] = content_of(result), person.questions
    assert question.splitlines()[0] == f"Scale Deployment default/web from {before} to {before + 2} replicas?"
    assert f"Undo: k8s-scale-deployment name=web namespace=default replicas={before}" in question
    assert (content["status"], content["replicas_before"], content["replicas_after"]) == ("scaled", before, before + 2)
    assert content["outcome"] == "complete"
    assert replicas_of(cluster) == before + 2


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "person",
    [Person(confirm=False), Person(action="decline"), Person(action="cancel")],
    ids=["no", "declined", "cancelled"],
)
async def test_anything_but_yes_changes_nothing(cluster: ServedCluster, era: Era, person: Person) -> None:
    before = replicas_of(cluster)

    content = content_of(await call(cluster, TOOL, {"name": "web", "replicas": 5}, person=person, era=era))

    assert (content["status"], content["replicas_after"]) == ("declined", before)
    assert cluster.written() == []


@pytest.mark.parametrize("era", ERAS)
async def test_client_that_cannot_ask_changes_nothing_and_is_told_what_would_happen(
    cluster: ServedCluster, era: Era
) -> None:
    result = await call(cluster, TOOL, {"name": "web", "replicas": 1}, era=era)

    fields = "kind status namespace name replicas_before replicas_after outcome message message_zh undo"
    assert " ".join(content_of(result)) == fields
    assert content_of(result)["status"] == "needs_approval"
    assert "Scale Deployment default/web from 3 to 1 replicas?" in text_of(result)
    assert cluster.written() == []


async def test_operator_may_allow_changes_without_a_question(cluster: ServedCluster) -> None:
    content = content_of(await call(cluster, TOOL, {"name": "web", "replicas": 0}, allow_unconfirmed=True))

    assert content["status"] == "scaled"
    assert replicas_of(cluster) == 0


async def test_deployment_that_changed_meanwhile_is_asked_about_anew(cluster: ServedCluster) -> None:
    person = Person(meanwhile=[lambda: scale_elsewhere(cluster, 4)])

    content = content_of(await call(cluster, TOOL, {"name": "web", "replicas": 5}, person=person))

    assert person.questions[1].startswith("Scale Deployment default/web from 4 to 5 replicas?")
    assert content["replicas_before"] == 4


async def test_deployment_that_changed_while_an_older_client_asked_is_left_alone(cluster: ServedCluster) -> None:
    person = Person(meanwhile=[lambda: scale_elsewhere(cluster, 4)])

    result = await call(cluster, TOOL, {"name": "web", "replicas": 5}, person=person, era="legacy")

    assert result.is_error
    assert "changed after the question was asked" in text_of(result)
    assert replicas_of(cluster) == 4


@pytest.mark.parametrize("era", ERAS)
async def test_new_status_in_between_does_not_void_the_approval(cluster: ServedCluster, era: Era) -> None:
    def crash() -> None:
        def change(item: JsonObject) -> None:
            item["status"]["readyReplicas"] = 1

        cluster.change("apps/v1", "Deployment", "web", by=change)

    person = Person(meanwhile=[crash])

    content = content_of(await call(cluster, TOOL, {"name": "web", "replicas": 4}, person=person, era=era))

    assert content["status"] == "scaled"
    assert len(person.questions) == 1


async def test_approval_survives_a_restart_of_the_server_with_the_same_key(cluster: ServedCluster) -> None:
    person, arguments = Person(), {"name": "web", "replicas": 5}
    async with connect(cluster, answer=person.answer, request_state_key=KEY) as client:
        key, state = await ask_and_keep(client, arguments)

    async with connect(cluster, answer=person.answer, request_state_key=KEY) as client:
        result = await client.session.call_tool(TOOL, arguments, input_responses=yes_to(key), request_state=state)

    assert content_of(result)["status"] == "scaled"


async def test_approval_of_a_server_with_another_key_is_refused(cluster: ServedCluster) -> None:
    person, arguments = Person(), {"name": "web", "replicas": 5}
    async with connect(cluster, answer=person.answer) as client:
        key, state = await ask_and_keep(client, arguments)

    async with connect(cluster, answer=person.answer) as client:
        with pytest.raises(MCPError):
            await client.session.call_tool(TOOL, arguments, input_responses=yes_to(key), request_state=state)

    assert cluster.written() == []


async def test_approval_cannot_be_used_twice_or_for_other_arguments(cluster: ServedCluster) -> None:
    person, arguments, before = Person(), {"name": "web", "replicas": 5}, replicas_of(cluster)
    async with connect(cluster, answer=person.answer) as client:
        key, state = await ask_and_keep(client, arguments)
        with pytest.raises(MCPError):
            await client.session.call_tool(
                TOOL, {"name": "web", "replicas": 50}, input_responses=yes_to(key), request_state=state
            )
        await client.session.call_tool(TOOL, arguments, input_responses=yes_to(key), request_state=state)
        # Back to the number the question named: only who wrote it, and when, tells this from the moment it was asked.
        scale_elsewhere(cluster, before)
        again = await client.session.call_tool(
            TOOL, arguments, input_responses=yes_to(key), request_state=state, allow_input_required=True
        )

    assert isinstance(again, InputRequiredResult)
    assert len(cluster.written()) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_change_that_fails_in_a_dry_run_is_refused_before_anybody_is_asked(
    cluster: ServedCluster, era: Era
) -> None:
    person, token = Person(), cluster.limit_to(may_read("apps", "deployments"))

    result = await call(cluster, TOOL, {"name": "web", "replicas": 5}, person=person, era=era, token=token)

    assert result.is_error
    assert "Nothing was changed and nobody was asked" in text_of(result)
    assert 'verb "patch" on "deployments/scale"' in text_of(result)
    assert person.questions == []
    assert cluster.written() == []


async def test_scaling_to_the_present_number_asks_nobody(cluster: ServedCluster) -> None:
    person = Person()

    content = content_of(await call(cluster, TOOL, {"name": "web", "replicas": 3}, person=person))

    assert person.questions == []
    assert content["replicas_before"] == content["replicas_after"] == 3


async def test_unknown_deployment_is_answered_with_the_nearest_names(cluster: ServedCluster) -> None:
    person = Person()

    result = await call(cluster, TOOL, {"name": "wep", "replicas": 5}, person=person)

    assert text_of(result).startswith('No deployment "wep" in namespace "default"; nearest: web')
    assert person.questions == []


async def test_stateful_set_is_scaled_too(cluster: ServedCluster) -> None:
    person = Person()

    content = content_of(
        await call(
            cluster,
            TOOL,
            {"name": "postgres", "replicas": 2, "kind": "StatefulSet", "namespace": "data"},
            person=person,
        )
    )

    assert content["status"] == "scaled"
    assert person.questions[0].startswith("Scale StatefulSet data/postgres from 1 to 2 replicas?")
    assert "kind=StatefulSet" in person.questions[0]
