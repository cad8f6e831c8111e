"""What a model sees of a result that is too large for it: beginning, end, counts, and where the rest is."""

from dataclasses import dataclass

from backend.agent.context.token_estimate import estimate_tokens

_HEAD_SHARE = 0.7
"""Lists put what is abnormal first; logs end with what went wrong."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    text: str
    shown_lines: int
    total_lines: int


def count_lines(text: str) -> int:
    return len(text.splitlines())


def write_excerpt(text: str, *, artifact_id: str, max_tokens: int) -> str:
    """The text itself when it fits, else its head and tail with a note between them."""
    # A character is at most one token: most results are told small without being counted.
    tokens = estimate_tokens(text) if len(text) > max_tokens else 0
    if tokens <= max_tokens:
        return text
    lines = text.splitlines()
    head = _take(lines, max_tokens=round(max_tokens * _HEAD_SHARE))
    tail = _take(lines[len(head) :][::-1], max_tokens=round(max_tokens * (1 - _HEAD_SHARE)))[::-1]
    if not head and not tail:
        return _excerpt_of_long_lines(text, artifact_id=artifact_id, max_tokens=max_tokens, tokens=tokens)
    left_out = len(lines) - len(head) - len(tail)
    first = len(head) + 1
    note = (
        f"[… {left_out} of {len(lines)} lines left out here (lines {first}-{first + left_out - 1}; the whole result is"
        f" about {tokens} tokens). It is kept as artifact {artifact_id}: read on with artifact-read or look for"
        " something in it with artifact-search. Do not guess what the left-out lines say. …]"
    )
    return "\n".join([*head, note, *tail])


def _take(lines: list[str], *, max_tokens: int) -> list[str]:
    taken: list[str] = []
    used = 0
    for line in lines:
        used += estimate_tokens(line) + 1
        if used > max_tokens:
            break
        taken.append(line)
    return taken


def _excerpt_of_long_lines(text: str, *, artifact_id: str, max_tokens: int, tokens: int) -> str:
    # One character is at most one token, so this many characters surely fit.
    head, tail = round(max_tokens * _HEAD_SHARE), round(max_tokens * (1 - _HEAD_SHARE))
    note = (
        f"[… {len(text) - head - tail} of {len(text)} characters left out here (about {tokens} tokens in all)."
        f" The whole is artifact {artifact_id}: look for something in it with artifact-search. …]"
    )
    return f"{text[:head]}\n{note}\n{text[len(text) - tail :]}"
