"""CustomResourceDefinitions make the server serve their kinds; older forms of built-in kinds are converted."""

import copy

import pytest

from simulator.store import JsonObject
from tests.fakes.kubernetes_api import ApiUnderTest

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer"},
                "colour": {"type": "string", "enum": ["red", "blue"], "default": "blue"},
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}
DEFINITION: JsonObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.shop.example.com"},
    "spec": {
        "group": "shop.example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["po"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {"openAPIV3Schema": SCHEMA},
            },
            {"name": "v1beta1", "served": True, "storage": False, "schema": {"openAPIV3Schema": SCHEMA}},
        ],
    },
}


def _widget(name: str = "one", **spec: object) -> JsonObject:
    return {
        "apiVersion": "shop.example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": 3, **spec},
    }


@pytest.fixture
async def api() -> ApiUnderTest:
    under_test = ApiUnderTest()
    under_test.load([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sandbox"}}])
    created = await under_test.ask("POST", DEFINITIONS, copy.deepcopy(DEFINITION))
    assert created.status_code == 201
    return under_test


WIDGETS = "/apis/shop.example.com/v1/namespaces/sandbox/widgets"


async def test_a_definition_is_established_and_shows_in_discovery(api: ApiUnderTest) -> None:
    definition = (await api.ask("GET", f"{DEFINITIONS}/widgets.shop.example.com")).json()
    found = (await api.ask("GET", "/apis/shop.example.com/v1")).json()

    assert {c["type"]: c["status"] for c in definition["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert [(entry["name"], entry.get("shortNames")) for entry in found["resources"]] == [
        ("widgets", ["po"]),
        ("widgets/status", None),
    ]


async def test_objects_are_completed_listed_and_shown_with_their_columns(api: ApiUnderTest) -> None:
    created = await api.ask("POST", WIDGETS, _widget())
    table = (await api.ask("GET", WIDGETS, headers=TABLE)).json()

    assert created.json()["spec"] == {"size": 3, "colour": "blue"}
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size"]
    assert table["rows"][0]["cells"] == ["one", 3]


async def test_an_object_that_does_not_fit_the_schema_is_refused(api: ApiUnderTest) -> None:
    refused = await api.ask("POST", WIDGETS, _widget(colour="green"))
    untyped = await api.ask("POST", WIDGETS, _widget(size="big"))

    assert refused.status_code == untyped.status_code == 422
    assert refused.json()["message"] == (
        'Widget.shop.example.com "one" is invalid: spec.colour: Unsupported value: "green": '
        'supported values: "red", "blue"'
    )
    assert "spec.size in body must be of type integer" in untyped.json()["message"]


async def test_unknown_fields_are_dropped_or_refused_as_asked(api: ApiUnderTest) -> None:
    strict = await api.ask("POST", f"{WIDGETS}?fieldValidation=Strict", _widget(weight=1))
    created = await api.ask("POST", WIDGETS, _widget(weight=1))

    assert strict.status_code == 400
    assert "weight" not in created.json()["spec"]
    assert "spec.weight" in created.headers["Warning"]


async def test_another_version_shows_the_same_object(api: ApiUnderTest) -> None:
    await api.ask("POST", WIDGETS, _widget())

    older = (await api.ask("GET", WIDGETS.replace("v1", "v1beta1") + "/one")).json()

    assert (older["apiVersion"], older["spec"]["size"]) == ("shop.example.com/v1beta1", 3)


async def test_a_merge_patch_works_and_a_strategic_one_does_not(api: ApiUnderTest) -> None:
    await api.ask("POST", WIDGETS, _widget())

    merged = await api.ask(
        "PATCH", f"{WIDGETS}/one", {"spec": {"size": 5}}, headers={"Content-Type": "application/merge-patch+json"}
    )
    strategic = await api.ask(
        "PATCH",
        f"{WIDGETS}/one",
        {"spec": {"size": 6}},
        headers={"Content-Type": "application/strategic-merge-patch+json"},
    )

    assert merged.json()["spec"]["size"] == 5
    assert strategic.status_code == 415


async def test_the_status_is_written_through_its_own_path_only(api: ApiUnderTest) -> None:
    await api.ask("POST", WIDGETS, {**_widget(), "status": {"phase": "Made"}})
    headers = {"Content-Type": "application/merge-patch+json"}

    ignored = await api.ask("PATCH", f"{WIDGETS}/one", {"status": {"phase": "Made"}}, headers=headers)
    written = await api.ask("PATCH", f"{WIDGETS}/one/status", {"status": {"phase": "Made"}}, headers=headers)

    assert "phase" not in ignored.json().get("status", {})
    assert written.json()["status"] == {"phase": "Made"}


async def test_objects_survive_a_change_of_the_definition_and_go_with_it(api: ApiUnderTest) -> None:
    await api.ask("POST", WIDGETS, _widget())
    change = {"spec": {"names": {"shortNames": ["wd"]}}}
    await api.ask(
        "PATCH",
        f"{DEFINITIONS}/widgets.shop.example.com",
        change,
        headers={"Content-Type": "application/merge-patch+json"},
    )

    kept = await api.ask("GET", f"{WIDGETS}/one")
    await api.ask("DELETE", f"{DEFINITIONS}/widgets.shop.example.com")
    gone = await api.ask("GET", f"{WIDGETS}/one")

    assert kept.status_code == 200
    assert gone.status_code == 404


async def test_an_autoscaler_of_the_older_version_is_kept_in_the_newer_one(api: ApiUnderTest) -> None:
    older = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "maxReplicas": 5,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "targetCPUUtilizationPercentage": 70,
        },
    }
    path = "/apis/autoscaling/v1/namespaces/sandbox/horizontalpodautoscalers"

    created = await api.ask("POST", path, older)
    newer = (await api.ask("GET", path.replace("v1", "v2") + "/web")).json()
    listed = (await api.ask("GET", path)).json()

    assert created.json()["spec"]["targetCPUUtilizationPercentage"] == 70
    assert newer["spec"]["metrics"][0]["resource"] == {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 70},
    }
    assert (listed["apiVersion"], listed["items"][0]["spec"]["maxReplicas"]) == ("autoscaling/v1", 5)
