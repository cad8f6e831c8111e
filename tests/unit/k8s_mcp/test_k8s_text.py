"""Names, credentials, control characters, durations and quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_diagnosis.text.names import InvalidName, check_name, find_nearest, list_nearest
from k8s_diagnosis.text.quantities import parse_quantity, show_cpu, show_memory
from k8s_diagnosis.text.times import parse_time, shorten_duration
from k8s_mcp.selecting.labels import check_label_selector
from mcp_kit.redaction import is_credential_name, redact
from mcp_kit.sanitising import sanitise, sanitise_line


@pytest.mark.parametrize("name", ["web", "web-6d9f587454-7zvtm", "kube-root-ca.crt", "0", "a" * 253])
def test_kubernetes_names_pass(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-web", "--server=https://evil", "Web", "a b", "a/b", "web\n", "../secrets", "a" * 254, "web-", "é"]
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        check_name(name)


@pytest.mark.parametrize("selector", ["-l", "app=web;rm", "app=$(id)", "", "app=web\nx"])
def test_text_that_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(InvalidName):
        check_label_selector(selector)


def test_names_that_contain_the_wanted_one_come_first() -> None:
    assert find_nearest("web", among=["wbe", "cart", "web-2", "web-1"]) == ["web-1", "web-2", "wbe"]


def test_without_resemblance_the_existing_names_are_listed() -> None:
    assert list_nearest("zzz", among=["cart", "web"]) == "there are: cart, web"
    assert list_nearest("zzz", among=[]) == "there are none"


@pytest.mark.parametrize(
    "secret",
    [
        "password=hunter2",
        "DB_PASSWORD: 's3cr3t words'",
        '{"token": "abc123"}',
        "Authorization: Bearer abcdefghijklmnop",
        "postgres://shop:s3cr3t@db:5432/orders",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl",
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "api_key=abc&user=1",
    ],
)
def test_credentials_are_hidden(secret: str) -> None:
    shown = redact(f"before {secret} after")

    assert "[redacted]" in shown
    for word in ("hunter2", "s3cr3t", "abc123", "abcdefghijklmnop", "eyJzdWIi", "AKIAABCD", "MIIE", "=abc"):
        assert word not in shown


@pytest.mark.parametrize(
    "text",
    [
        "repository does not exist or may require authorization: server message: insufficient_scope",
        "postgres://shop@db:5432/orders",
        "required environment variable API_TOKEN is not set",
        "GET /healthz 200",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DB_PASSWORD", True),
        ("PSP_API_KEY", True),
        ("GITHUB_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("DATABASE_URL", False),
        ("LOG_LEVEL", False),
        ("MONKEY", False),
    ],
)
def test_variables_that_hold_credentials_are_known_by_name(name: str, expected: bool) -> None:
    assert is_credential_name(name) is expected


def test_terminal_escapes_and_invisible_characters_are_removed() -> None:
    assert sanitise("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\u200b\u202egnp\x00\ttab") == "red okgnp\ttab"


@given(st.text(max_size=200))
def test_sanitised_lines_are_printable_and_bounded(text: str) -> None:
    line = sanitise_line(text, max_characters=50)

    assert len(line) <= 50
    assert "\n" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "<unknown>"),
        (0, "0s"),
        (119, "119s"),
        (200, "3m20s"),
        (600, "10m"),
        (18180, "5h3m"),
        (108000, "30h"),
        (273600, "3d4h"),
        (3888000, "45d"),
        (66096000, "2y35d"),
        (315360000, "10y"),
    ],
)
def test_ages_are_written_as_kubectl_does(seconds: float | None, shown: str) -> None:
    assert shorten_duration(seconds) == shown


def test_broken_times_are_no_times() -> None:
    assert parse_time("yesterday") is None
    assert parse_time(None) is None
    assert parse_time("2026-11-21T00:00:00") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", "0.25"),
        ("6", "6"),
        ("64Mi", "67108864"),
        ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        ("2k", "2000"),
        ("", "0"),
        ("many", "0"),
        (None, "0"),
        (4, "4"),
    ],
)
def test_quantities_are_read(text: object, number: str) -> None:
    assert parse_quantity(text) == Decimal(number)


def test_quantities_are_shown_shortly() -> None:
    assert [show_cpu(Decimal(value)) for value in ("0.25", "6", "1.9", "0")] == ["250m", "6", "1.9", "0"]
    assert [show_memory(Decimal(value)) for value in ("67108864", "1610612736", "512")] == ["64Mi", "1.5Gi", "512"]


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "piece", ["x", "password", "a.b-", "token token ", "://a:", "eyJ", "\x1b[", "Authorization: a "]
)
def test_hostile_lines_take_no_long_time(piece: str) -> None:
    line = (piece * 20_000)[:100_000]

    assert len(sanitise_line(line, max_characters=100)) <= 100
