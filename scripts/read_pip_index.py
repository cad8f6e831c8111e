"""Prints the package index that pip is configured with, or pip's own default."""

import os
import subprocess
import sys

from pip._internal.models.index import PyPI


def read_pip_index() -> str:
    if "PIP_INDEX_URL" in os.environ:
        return os.environ["PIP_INDEX_URL"]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or PyPI.simple_url


if __name__ == "__main__":
    print(read_pip_index().rstrip("/") + "/")
