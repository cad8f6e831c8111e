"""Credentials in what commands print are hidden, and ordinary output stays as it is."""

from __future__ import annotations

import pytest

from mcp_kit.redaction import redact


@pytest.mark.parametrize(
    "text",
    [
        "PWD=/root\nOLDPWD=/var/log/app",
        "passwd:         files systemd\ngroup:          files",
        "/var/run/secrets:\ntotal 0\ndrwxr-xr-x 2 root root 40 token",
        "Enter password:\nroot     4021  0.0  sshd",
        "PasswordAuthentication=no\nusePAM: yes",
        "root:x:0:0:root:/root:/bin/bash",
        "Nov 27 sshd[812]: Accepted password for ops from 10.0.0.5 port 51234 ssh2",
        "usage: mysqldump [--password <password>] --password $PASSWORD --tokens",
        "hint: >\n  two\n  lines",
        'tcp   LISTEN 0  128  0.0.0.0:22  users:(("sshd",pid=812,fd=3))',
    ],
)
def test_ordinary_output_is_untouched(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mysqld --password=hunter2 --port 3306", "hunter2"),
        ("API_KEY: abcdef123456", "abcdef123456"),
        ('{"db_password":"hunter2"}', "hunter2"),
        ("token = /AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "AbCdEfGh"),
        ("PASSWORD=nothing-harmless", "nothing-harmless"),
        ("secret: xyz", "xyz"),
        ("/bin/sh -c run --password hunter2 --port 1", "hunter2"),
        ("mysql --password 'hunter 2' -e x", "hunter 2"),
        ("auth:\n  token: |\n    hunter2\n  port: 1", "hunter2"),
        ('- "db_password": >-\n\n    a\n    hunter2\n', "hunter2"),
        ("password: none-of-your-business", "none-of-your-business"),
    ],
)
def test_credentials_are_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)


def test_what_follows_a_hidden_block_stays_readable() -> None:
    assert redact("  token: |\n    a\n\n    b\n  port: 1\n") == "  token: [redacted]\n  port: 1\n"


def test_long_texts_without_line_ends_are_redacted_in_linear_time() -> None:
    assert redact("--token" + "-" * 200_000 + "token: |" + " \n" * 100_000)
