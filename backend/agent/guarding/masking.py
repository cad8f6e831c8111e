"""Stand-ins for names, and the way back."""

import re
from collections import OrderedDict
from collections.abc import Mapping

from backend.agent.guarding.mask_kinds import MaskKind, MaskRules, find_names

MAX_NAMES = 20_000

_KINDS = "|".join(MaskKind)
_STAND_IN = re.compile(
    rf"(?:[⟦〚【]|\[\[|\\u27e6)[ ]?(?P<kind>{_KINDS})[-_–](?P<number>\d{{1,6}})[ ]?(?:[⟧〛】]|\]\]|\\u27e7)",
    re.IGNORECASE,
)
"""As we write it, and as models sometimes copy it."""
_BEGINNING = re.compile(r"(?:[⟦〚【]|\[\[?)[ ]?(?:[A-Za-z]{0,5}|[A-Za-z]{2,5}[-_–]\d{0,6}[ ]?\]?)$")
_OUR_BRACKETS = str.maketrans("⟦⟧", "〔〕")


class NameRegistry:
    """Gives every name one number for as long as the process lives, so a session's stand-ins never change meaning.

    Nothing is stored: after a restart the history is masked anew as a whole.
    """

    def __init__(self) -> None:
        self._numbers: OrderedDict[tuple[MaskKind, str], int] = OrderedDict()
        self._last: dict[MaskKind, int] = {}

    def stand_in(self, name: str, kind: MaskKind) -> str:
        key = (kind, name)
        if key in self._numbers:
            self._numbers.move_to_end(key)
        else:
            self._last[kind] = self._numbers[key] = self._last.get(kind, 0) + 1
            if len(self._numbers) > MAX_NAMES:
                self._numbers.popitem(last=False)
        return f"⟦{kind.value}-{self._numbers[key]}⟧"


class Masking:
    """One request's masking. Only what this request contained can come back in its answer."""

    def __init__(self, *, rules: MaskRules, registry: NameRegistry) -> None:
        self._rules = rules
        self._registry = registry
        self._names: dict[tuple[str, str], str] = {}

    @property
    def names(self) -> Mapping[tuple[str, str], str]:
        """Names by kind and number."""
        return self._names

    def mask(self, text: str) -> str:
        pieces: list[str] = []
        position = 0
        for start, end, kind in find_names(text, self._rules):
            pieces += [text[position:start].translate(_OUR_BRACKETS), self._replace(text[start:end], kind)]
            position = end
        return "".join([*pieces, text[position:].translate(_OUR_BRACKETS)])

    def unmask(self, text: str) -> str:
        """Put the names back; a stand-in that this request did not contain stays as it is."""
        return _STAND_IN.sub(lambda match: self._names.get(_key(match), match[0]), text)

    def _replace(self, name: str, kind: MaskKind) -> str:
        stand_in = self._registry.stand_in(name, kind)
        match = _STAND_IN.fullmatch(stand_in)
        if match is not None:
            self._names[_key(match)] = name
        return stand_in


class StreamUnmasker:
    """Unmasks a text that arrives in pieces: what may be the beginning of a stand-in waits for the next piece."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._held = ""

    def feed(self, piece: str) -> str:
        text = self._held + piece
        beginning = _BEGINNING.search(text, max(0, len(text) - 20))
        cut = len(text) if beginning is None else beginning.start()
        self._held = text[cut:]
        return self._masking.unmask(text[:cut])

    def finish(self) -> str:
        held, self._held = self._held, ""
        return self._masking.unmask(held)


def _key(match: re.Match[str]) -> tuple[str, str]:
    return match["kind"].lower(), str(int(match["number"]))
