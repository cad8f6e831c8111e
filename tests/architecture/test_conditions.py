"""The page of conditions, the registry and the rules name the same ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

from k8s_diagnosis.conditions import CONDITIONS
from k8s_diagnosis.logs.endings import ENDINGS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "project_document" / "reference" / "conditions.md"
TITLES = ROOT / "frontend" / "src" / "i18n" / "conditions.json"
RULES = ROOT / "k8s_diagnosis" / "rules"
TESTS = ROOT / "tests"
_ROW = re.compile(r"^\| `(?P<id>[a-z-]+)`(?P<effect> ↳)? \| (?P<title>[^|]+) \|")


def test_page_lists_exactly_the_conditions_with_their_titles() -> None:
    rows = [found for line in PAGE.read_text().splitlines() if (found := _ROW.match(line))]
    listed = {row["id"]: (row["title"], bool(row["effect"])) for row in rows if not row["id"].startswith("host-")}

    assert listed == {name: (known.title.en, known.level > 0) for name, known in CONDITIONS.items()}


def test_spa_calls_every_condition_by_its_titles() -> None:
    expected = {name: {"en": known.title.en, "zh": known.title.zh} for name, known in CONDITIONS.items()}

    assert json.loads(TITLES.read_text()) == expected, "`make openapi` writes it anew"


def test_every_condition_is_made_by_a_rule() -> None:
    source = "\n".join(path.read_text() for path in RULES.glob("*.py"))
    made = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', source)) | {ending.condition for ending in ENDINGS}
    # Some ids are put together from the kind of probe, reference or resource.
    for kind in ("liveness", "readiness", "startup"):
        made |= {f"{kind}-wrong-port", f"{kind}-wrong-path", f"{kind}-failing"}
    made |= {f"pending-insufficient-{kind}" for kind in ("cpu", "memory", "resource")}
    made |= {f"{kind}-{part}missing" for kind in ("configmap", "secret") for part in ("", "key-")}

    assert CONDITIONS.keys() - made == set()


def test_every_condition_is_tested() -> None:
    suffixes = {".py", ".yaml", ".json"}
    folders = [
        TESTS / "unit" / "k8s_diagnosis",
        TESTS / "data" / "failure_messages",
        TESTS / "data" / "kubernetes_cases",
    ]
    texts = "\n".join(path.read_text() for folder in folders for path in folder.iterdir() if path.suffix in suffixes)

    assert [name for name in CONDITIONS if name not in texts] == []


def test_every_condition_has_both_titles() -> None:
    for known in CONDITIONS.values():
        assert known.title.en
        assert re.search("[\u4e00-\u9fff]", known.title.zh)
