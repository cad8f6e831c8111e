"""`ding-robot evaluate diagnosis` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def _evaluate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "backend.cli", "evaluate", "diagnosis", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_a_scenario_is_found_and_its_repair_is_silent() -> None:
    done = _evaluate("--scenario", "service-selector-no-match")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok    service-selector-no-match (fault)" in done.stdout
    assert "ok    service-selector-no-match (healed)" in done.stdout
    assert "precision 100.0%, recall 100.0%" in done.stdout
    assert done.stderr == ""


def test_programs_get_one_json_object() -> None:
    done = _evaluate("--scenario", "image-not-found", "--json")

    result = json.loads(done.stdout)
    assert (result["precision"], result["recall"], result["perfect"]) == (1.0, 1.0, True)
    assert [trial["role"] for trial in result["trials"]][:2] == ["fault", "healed"]


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    done = _evaluate("--scenario", "nope")

    assert done.returncode == 2
    assert "crash-missing-env" in done.stderr
