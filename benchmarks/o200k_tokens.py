"""Counts tokens as current OpenAI models do (o200k), with the npm package gpt-tokenizer, which has the ranks."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = """
const { encode } = require("gpt-tokenizer/encoding/o200k_base");
const texts = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
console.log(JSON.stringify(texts.map((text) => encode(text).length)));
"""


def count_tokens(texts: Sequence[str], *, packages: Path) -> list[int]:
    """Tokens of each text; `packages` is a folder in which gpt-tokenizer is installed."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(list(texts), file)
        file.flush()
        done = subprocess.run(
            ["node", "-e", _PROGRAM, file.name], cwd=packages, capture_output=True, text=True, check=True, timeout=300
        )
    counts: list[int] = json.loads(done.stdout)
    return counts
