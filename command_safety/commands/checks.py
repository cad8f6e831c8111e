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
    payloads,
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
    payloads,
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


def _collect_checks() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for module in _MODULES:
        for name, check in vars(module).items():
            if name.startswith("check_") and check.__module__ == module.__name__:
                if name in checks:
                    raise ValueError(f"two checks are named {name}")
                checks[name] = check
    return {name.removeprefix("check_"): check for name, check in checks.items()}


CHECKS: Mapping[str, Check] = _collect_checks()
"""By name without `check_`. A check reports what it finds and answers what the command prints, None if unknown."""
