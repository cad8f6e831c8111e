"""Languages, advice and the digest that binds an approval to its call."""

import pytest

from backend.agent.approvals import digest_call
from backend.agent.tool_running import BadArguments, parse_arguments
from backend.features.chat.domain import write_title
from backend.vocabulary.errors import ADVICE, ErrorKind
from backend.vocabulary.language import Language, choose_language, detect_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.ZH),
        ("", Language.ZH),
        ("en-US,en;q=0.9", Language.EN),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        ("fr;q=0.9, en;q=0.2", Language.EN),
        ("en;q=0.2, zh;q=0.7", Language.ZH),
        ("en;q=broken", Language.EN),
    ],
)
def test_accept_language_is_weighed(header: str | None, language: Language) -> None:
    assert choose_language(header) is language


def test_one_chinese_character_makes_a_question_chinese() -> None:
    assert detect_language("把 web 扩到 5") is Language.ZH
    assert detect_language("scale web to 5") is Language.EN


def test_every_kind_of_failure_has_advice_in_both_languages() -> None:
    assert len(ErrorKind) == 11
    assert all(ADVICE[kind].en and ADVICE[kind].zh for kind in ErrorKind)


def test_digest_ignores_key_order_and_sees_every_value() -> None:
    first = digest_call(tool="t", server="s", arguments={"a": 1, "b": {"c": 2, "d": 3}})

    assert digest_call(tool="t", server="s", arguments={"b": {"d": 3, "c": 2}, "a": 1}) == first
    assert digest_call(tool="t", server="s", arguments={"a": 1, "b": {"c": 2, "d": 4}}) != first
    assert digest_call(tool="t", server="x", arguments={"a": 1, "b": {"c": 2, "d": 3}}) != first


def test_arguments_must_be_one_json_object() -> None:
    assert parse_arguments("") == {}
    assert parse_arguments('{"n": 1}') == {"n": 1}
    for text in ("[1]", '{"n": ', "null", '"x"'):
        with pytest.raises(BadArguments):
            parse_arguments(text)


def test_title_is_the_start_of_the_question() -> None:
    assert write_title("  why is\n web down? ") == "why is web down?"
    assert len(write_title("长" * 100)) == 48
