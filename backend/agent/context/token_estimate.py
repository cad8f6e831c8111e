"""How many tokens a text costs, without any model's vocabulary.

Vocabularies differ and are large; the estimate is a count of pieces as vocabularies tend to cut them, and errs to the
high side. A Chinese character is one token, a Latin word one per six letters, a number one per three digits.
"""

import re

_PIECES = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}|[^\x00-\x7f]|\n+|[ \t]{2,16}|[^\sA-Za-z0-9]{1,2}")


def estimate_tokens(text: str) -> int:
    return len(_PIECES.findall(text))
