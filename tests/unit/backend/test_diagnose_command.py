"""`ding-robot diagnose` as a user runs it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backend.cli import app
from tests.fakes.kubernetes_objects import make_pod
from tests.fakes.recorded_cluster import read_case


def lay_out(case_name: str, folder: Path) -> Path:
    """A recording as a folder, with what lies beside it."""
    case = read_case(case_name)
    for file in case.dump():
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    (folder / "case.json").write_text(json.dumps({"recorded_at": case.recorded_at.isoformat(), "condition": "a lie"}))
    (folder / "manifest.yaml").write_text("kind: Pod\nmetadata: {name: lie}\n")
    return folder


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)], env={"LC_ALL": "C", **environment})


def test_findings_are_printed_with_exit_code_1(tmp_path: Path) -> None:
    result = run("--snapshot", lay_out("crash-missing-env", tmp_path))

    assert result.exit_code == 1
    assert result.output.startswith("1. CRITICAL crash-missing-env Deployment/checkout/checkout-api (97% sure)\n")
    assert "   → service-no-ready-endpoints Service/checkout/checkout-api: " in result.output
    assert "lie" not in result.output


def test_healthy_recording_ends_with_0(tmp_path: Path) -> None:
    result = run("--snapshot", lay_out("healthy-rolling-update", tmp_path))

    assert result.exit_code == 0
    assert result.output.startswith("Nothing wrong was found.")
    assert "Not judged, so not known to be healthy:" in result.output


def test_json_carries_both_languages_and_the_effects(tmp_path: Path) -> None:
    result = run("--snapshot", lay_out("pvc-missing-storageclass", tmp_path), "--json")

    answer = json.loads(result.output)
    (finding,) = answer["findings"]
    assert set(answer) == {"findings", "unknown", "healthy"}
    assert finding["condition"] == "pvc-class-missing"
    assert finding["object"] == "PersistentVolumeClaim/wishlist/wishlist-data"
    assert set(finding["cause"]) == set(finding["next_step"]) == {"en", "zh"}
    assert [effect["condition"] for effect in finding["effects"]] == ["pending-unbound-volume"]
    assert answer["healthy"] is False


@pytest.mark.parametrize(
    ("options", "environment"), [(["--language", "zh"], {}), ([], {"LC_ALL": "zh_CN.UTF-8"})], ids=["option", "locale"]
)
def test_answer_is_in_the_wanted_language(options: list[str], environment: dict[str, str], tmp_path: Path) -> None:
    result = run("--snapshot", lay_out("oom-own-limit", tmp_path), *options, **environment)

    assert "1. 严重 oom-killed" in result.output


def test_archive_is_read_without_unpacking_it(tmp_path: Path) -> None:
    folder = lay_out("image-wrong-tag", tmp_path / "recording")
    archive = tmp_path / "bundle.tar.gz"
    with tarfile.open(archive, "w:gz") as written:
        written.add(folder / "objects", "bundle/objects")

    result = run("--snapshot", archive)

    assert result.exit_code == 1
    assert "image-not-found Deployment/storefront/storefront-web" in result.output


def test_single_file_of_kubectl_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "pods.json"
    path.write_text(json.dumps({"kind": "List", "items": [make_pod()]}))

    assert run("--snapshot", path).exit_code == 0


def test_namespace_narrows_the_findings(tmp_path: Path) -> None:
    folder = lay_out("node-cordoned", tmp_path)

    assert run("--snapshot", folder, "--namespace", "preview").exit_code == 1
    assert run("--snapshot", folder, "--namespace", "other").exit_code == 0


def test_present_can_be_chosen(tmp_path: Path) -> None:
    folder = lay_out("healthy-rolling-update", tmp_path)

    later = run("--snapshot", folder, "--now", "2026-11-21T01:30:00Z")

    assert later.exit_code == 1


@pytest.mark.parametrize("what", ["missing", "empty", "no objects", "bad time", "broken archive"])
def test_what_cannot_be_read_is_said_with_exit_code_2(what: str, tmp_path: Path) -> None:
    place, options = tmp_path, []
    if what == "missing":
        place = tmp_path / "nowhere"
    elif what == "no objects":
        (tmp_path / "notes.json").write_text("{}")
    elif what == "bad time":
        lay_out("oom-own-limit", tmp_path)
        options = ["--now", "yesterday"]
    elif what == "broken archive":
        place = tmp_path / "x.tar"
        place.write_bytes(b"no archive")

    result = run("--snapshot", place, *options)

    assert result.exit_code == 2
    assert "ding-robot: " in result.output
    assert "Traceback" not in result.output
