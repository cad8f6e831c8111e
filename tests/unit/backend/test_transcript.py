"""The transcript fold, held to the same recorded logs as the page's fold."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.features.chat.transcript import fold_events

LOGS = sorted((Path(__file__).parents[2] / "data" / "event_logs").glob("*.json"))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_log_folds_into_the_blocks_that_the_page_shows(path: Path) -> None:
    recorded: dict[str, Any] = json.loads(path.read_text())  # Any: JSON

    fold = fold_events(recorded["events"])

    assert fold.blocks == recorded["blocks"]
    assert fold.state == recorded["state"]
