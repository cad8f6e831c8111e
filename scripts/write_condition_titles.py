"""Writes the titles of all conditions for the page: `python scripts/write_condition_titles.py FILE`."""

import json
import sys
from pathlib import Path

from k8s_diagnosis.conditions import CONDITIONS


def write_titles() -> str:
    titles = {id_: {"en": each.title.en, "zh": each.title.zh} for id_, each in CONDITIONS.items()}
    return json.dumps(titles, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write_titles(), encoding="utf-8")
