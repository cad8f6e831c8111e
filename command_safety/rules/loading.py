"""Reads the rule files, once, when the first command is judged."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import TypeAdapter

from command_safety.rules.model import NamedRule, ReasonText, RuleFile

_REASONS = TypeAdapter(dict[str, ReasonText])


@cache
def load_rules() -> dict[str, NamedRule]:
    """Every command by each of its names."""
    rules: dict[str, NamedRule] = {}
    folder = files("command_safety.rules")
    for file in sorted(folder.joinpath("commands").iterdir(), key=lambda item: item.name):
        for rule in RuleFile.model_validate(_read_yaml(file.read_text(encoding="utf-8"))).commands:
            for name in rule.names:
                if name in rules:
                    raise ValueError(f"{file.name}: {name} has a rule already")
                rules[name] = rule
    return rules


@cache
def load_reasons() -> dict[str, ReasonText]:
    text = files("command_safety.rules").joinpath("reasons.yaml").read_text(encoding="utf-8")
    return _REASONS.validate_python(_read_yaml(text))


def _read_yaml(text: str) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506  # both are safe loaders
