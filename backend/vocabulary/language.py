"""Two languages, and texts that exist in both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_CJK = re.compile(r"[\u3400-\u9fff]")


class Language(StrEnum):
    """What a person is answered in."""

    ZH = "zh-CN"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


def detect_language(text: str) -> Language:
    """Chinese as soon as one Chinese character appears: operators mix English object names into Chinese questions."""
    return Language.ZH if _CJK.search(text) else Language.EN


def choose_language(accept_language: str | None) -> Language:
    """Read an Accept-Language header; Chinese is the product's default."""
    best, best_weight = Language.ZH, -1.0
    for entry in (accept_language or "").split(","):
        tag, _, parameters = entry.strip().partition(";")
        language = {"zh": Language.ZH, "en": Language.EN}.get(tag.strip().lower()[:2])
        if language is None:
            continue
        weight = _parse_weight(parameters)
        if weight > best_weight:
            best, best_weight = language, weight
    return best


def choose_terminal_language(wanted: str | None, *, environment: Mapping[str, str]) -> Language:
    """`--language`, else what the locale variables say, in the order that C programs read them."""
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    said = wanted or next(filter(None, names), "")
    return Language.ZH if said.lower().startswith("zh") else Language.EN


def _parse_weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
