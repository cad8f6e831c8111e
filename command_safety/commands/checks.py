"""The functions that rule files name under `check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from command_safety.commands import (
    awk,
    builtins,
    clouds,
    containers,
    databases,
    files,
    git,
    interpreters,
    key_value_stores,
    kubernetes,
    network,
    processes,
    requests,
    searching,
    shells,
    storage,
    stream_editing,
    texts,
    tools,
    wrappers,
)
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text

Check = Callable[[Call], Text | None]

_MODULES = (
    awk,
    builtins,
    clouds,
    containers,
    databases,
    files,
    git,
    interpreters,
    key_value_stores,
    kubernetes,
    network,
    processes,
    requests,
    searching,
    shells,
    storage,
    stream_editing,
    texts,
    tools,
    wrappers,
)

CHECKS: Mapping[str, Check] = {
    name.removeprefix("check_"): check
    for module in _MODULES
    for name, check in vars(module).items()
    if name.startswith("check_")
}
"""By name without `check_`. A check reports what it finds and answers what the command prints, None if unknown."""
