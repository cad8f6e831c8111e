"""Prints the package index that pip is configured with, or pip's own default."""

import importlib
import os
import subprocess
import sys


def read_pip_index() -> str:
    if "PIP_INDEX_URL" in os.environ:
        return os.environ["PIP_INDEX_URL"]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    # pip is there where this script runs, not where the types are checked.
    return result.stdout.strip() or str(importlib.import_module("pip._internal.models.index").PyPI.simple_url)


if __name__ == "__main__":
    print(read_pip_index().rstrip("/") + "/")
