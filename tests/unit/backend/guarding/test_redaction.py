"""Secrets go, ordinary operations text stays, and no text takes long."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.agent.domain import ConfirmationNeeded, ToolOutcome, ToolStatus
from backend.agent.guarding.redaction import (
    RedactingFormatter,
    redact,
    redact_json,
    redact_outcome,
    redact_question,
)
from backend.vocabulary.errors import ErrorKind, Failure

DATA = Path(__file__).parents[3] / "data"

# The secret stands between « and ».
SECRETS = [
    "password=«hunter2»",
    "db_password: «hunter2» ok",
    "MYSQL_ROOT_PASSWORD=«a,b;c»",
    "spring.datasource.password = «p@ss»",
    "dbPassword='«two words»'",
    '{"password":"«hu\\"nter2»","x":1}',
    '{\\"apiKey\\":\\"«abcd»\\",\\"b\\":1}',
    "Server=h;User=sa;Password=«s3cret»;Database=c",
    "AccountName=x;AccountKey=«abc123==»;EndpointSuffix=y",
    "passwd => «x1»",
    "密码:«abc123»，请登录",
    "密码是 «abc123»",
    "口令：«Zx9»",
    "密钥=«k3y»",
    "client_secret=«abc»&grant_type=x",
    "https://oapi.example.com/robot/send?access_token=«deadbeef01»&timestamp=1",
    "secret: «SEC00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff»",
    "sign with «SEC00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff» now",
    "Authorization: Bearer «abcdefghijklmnop»",
    "curl -H 'authorization: Basic «dXNlcjpwYXNzd29yZA==»' http://x",
    "bearer «abc.def-123»",
    "postgres://app:«p@ss»@db:5432/orders",
    "redis://:«pw»@cache:6379",
    "amqp://guest:«g:st»@mq",
    "token «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl»",
    "key «AKIAIOSFODNN7EXAMPLE» used",
    "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
    "google «AIzaSyA-0123456789abcdefghijklmnopqrstu»",
    "«ghp_0123456789abcdefghijABCDEFGHIJ012345»",
    "«github_pat_11ABCDEFG0123456789abcdef»",
    "«xoxb-1234567890-abcdefghij»",
    "https://hooks.slack.com/services/«T000/B000/XXXXXXXX»",
    "https://open.feishu.cn/open-apis/bot/v2/hook/«0a1b2c3d-0000-1111-2222-333344445555»",
    "«sk-0123456789abcdef0123456789abcdef»",
    "«sk-proj-abcdefghijklmnopqrst»",
    "«LTAI5tABCDEFGHIJKLMNOPQR»",
    "mysql --password «hunter2» -h db",
    "login --api-key «abc123»",
    "curl -u admin:«pw1» http://x",
    "- name: DB_PASSWORD\n  value: «hunter2»\n- name: MODE",
    '{"name": "API_TOKEN", "value": "«x1»"}',
    "kind: Secret\nmetadata:\n  name: db\ndata:\n  uri: «cG9zdGdyZXM=»\ntype: Opaque",
    '{"kind":"Secret","data":{"uri":"«cG9zdGdyZXM=»"}}',
    "Set-Cookie: «sid=31d4d96e407aad42; Path=/»",
    "client-key-data: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=»",
    "«-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0123456789\nabc\n-----END RSA PRIVATE KEY-----»\nnext",
    "«-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC»",
    "x?sv=1&sig=«abcdEFGH0123%2Fxyz%3D»&se=2",
]

HARMLESS = [
    "web-7d9c5b8f6d-x2x4z 1/1 Running 0 3d 10.244.1.17 node-1",
    "image: registry.example.com/team/vault-token:v2.3.1",
    "sha256:2bd4e3a9f0c14b58b9d3f4a5c6d7e8f901234567890abcdef1234567890abcdef",
    "uid: 0a1b2c3d-0000-1111-2222-333344445555 resourceVersion: 184467",
    'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
    "Error: couldn't find key password in Secret prod/db",
    "DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
    "secretName: web-tls\nautomountServiceAccountToken: false",
    "failed to fetch token: connection refused",
    "could not verify token: signature is invalid",
    "unexpected status for secret: x509: certificate signed by unknown authority",
    "arn:aws:secretsmanager:eu-west-1:1:secret:name",
    "next_page_token=CAESBw invalid continue token: continue key is not valid",
    "PWD=/usr/src/app OLDPWD=/root",
    "password=$DB_PASSWORD password=${DB} token=*** secret: null",
    "/var/run/secrets/kubernetes.io/serviceaccount/token: no such file",
    "input_tokens: 812 output_tokens: 77 max_tokens=4096",
    "密码错误,请重试",
    "GET https://user@host/path?x=1 200",
    "basic authentication is required; bearer tokens are refused",
    "task-scheduler-5f6d7c8b9-abcde disk-pressure-controller-manager-0123456789",
    "git commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
]


@pytest.mark.parametrize("marked", SECRETS)
def test_secret_is_replaced_by_its_length_and_the_rest_stays(marked: str) -> None:
    before, _, rest = marked.partition("«")
    secret, _, after = rest.partition("»")

    assert redact(before + secret + after) == f"{before}[redacted {len(secret)} chars]{after}"


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_operations_text_stays(text: str) -> None:
    assert redact(text) == text


def read_strings(value: Any) -> Iterator[str]:  # Any: JSON of no fixed shape
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *read_strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from read_strings(item)


@pytest.mark.parametrize("folder", ["event_logs", "kubernetes_cases", "kubernetes_objects", "kubernetes_protocol"])
def test_recorded_texts_stay_as_they_are(folder: str) -> None:
    changed = [
        text
        for path in sorted((DATA / folder).glob("*.json*"))
        for line in (path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()])
        if line.strip()
        for text in read_strings(json.loads(line))
        if redact(text) != text
    ]

    assert changed == []


@pytest.mark.parametrize("folder", ["kubernetes_cases", "kubernetes_objects"])
def test_recorded_objects_stay_as_they_are(folder: str) -> None:
    documents = {path.name: json.loads(path.read_text()) for path in (DATA / folder).glob("*.json")}

    assert [name for name, document in documents.items() if redact_json(document) != document] == []


def test_structured_fields_are_hidden_by_name_and_by_shape() -> None:
    value = {
        "user": "app",
        "password": "hunter2",
        "env": [{"name": "DB_PASSWORD", "value": "x1"}, {"name": "MODE", "value": "prod"}],
        "nested": {"log": ["token=abc", 3, None, True]},
        "secret": {"secretName": "web-tls"},
        "kind": "Pod",
    }

    assert redact_json(value) == {
        **value,
        "password": "[redacted 7 chars]",
        "env": [{"name": "DB_PASSWORD", "value": "[redacted 2 chars]"}, {"name": "MODE", "value": "prod"}],
        "nested": {"log": ["token=[redacted 3 chars]", 3, None, True]},
    }


def test_values_of_a_secret_object_are_hidden_whatever_their_keys_are() -> None:
    manifest = {"kind": "Secret", "metadata": {"name": "db"}, "data": {"uri": "cG9zdGdyZXM="}, "type": "Opaque"}

    assert redact_json({"items": [manifest]})["items"][0] == {**manifest, "data": {"uri": "[redacted 12 chars]"}}


def test_every_part_of_an_outcome_is_redacted() -> None:
    failure = Failure(kind=ErrorKind.TOOL_FAILED, message="password=hunter2")
    outcome = ToolOutcome(
        status=ToolStatus.ERROR, text="password=hunter2", structured={"note": "password=hunter2"}, failure=failure
    )

    assert "hunter2" not in str(redact_outcome(outcome))


def test_a_question_is_redacted_but_its_sealed_state_is_not() -> None:
    asked = ConfirmationNeeded(
        question="password=hunter2", state={"token": "sealed"}, preview={"diff": "+password=hunter2"}
    )

    result = redact_question(asked)

    assert "hunter2" not in str(result)
    assert result.state == {"token": "sealed"}


@pytest.mark.parametrize("text", ["pass\ufe0fword=hun\u200bter2 ok", "pass\u034fword: hunter2\u3164 ok"])
def test_invisible_characters_hide_no_secret(text: str) -> None:
    assert "ter2" not in redact(text)
    assert redact(text).endswith(" ok")


def test_log_records_are_redacted_with_their_arguments_and_tracebacks() -> None:
    formatter = RedactingFormatter("%(message)s")
    try:
        raise ValueError("postgres://app:hunter2@db")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "with %s", ("password=hunter2",), trace)

    text = formatter.format(record)

    assert "hunter2" not in text
    assert "ValueError" in text


WORDS = (
    "password|token|secret|密码|是|：|://|eyJ|sk-|bearer |a1|AKIA|-----BEGIN PRIVATE KEY-----|name: |value: |"
    '-----END PRIVATE KEY-----|"kind":"Secret"|"data":{|kind: Secret\n|data:\n|  x: y\n|curl | -u |--token |cookie:|'
    "authorization: |[redacted 3 chars]|abcdefghijklmnop0123456789"
)
FRAGMENTS = st.sampled_from([*"\"\\'=:,;&@{}[]()<>/.- \n\t\0", *WORDS.split("|")])


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
@example('password=\\"a\\" token=\'b')
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(redact(text), str)


@given(
    before=st.lists(FRAGMENTS, max_size=8).map("".join),
    secret=st.text(alphabet="abcXYZ019_%#!", min_size=6, max_size=30),
    after=st.lists(FRAGMENTS, max_size=8).map("".join),
)
@settings(max_examples=300, deadline=None)
def test_a_password_is_hidden_wherever_its_line_stands(before: str, secret: str, after: str) -> None:
    unique = f"Q{secret}Q"

    assert unique not in redact(f"{before}\npassword={unique}\n{after}")


@given(st.lists(FRAGMENTS, min_size=1, max_size=4).map("".join), st.lists(FRAGMENTS, max_size=3).map("".join))
@settings(max_examples=60, deadline=None)
@example('password="', "")
@example('password=\\"', "")
@example("eyJaaaaaaaaaa-", "")
@example("name: a value: ", "")
@example("://a:b@", "")
def test_time_grows_with_the_length_only(unit: str, ending: str) -> None:
    text = unit * (60_000 // len(unit)) + ending
    started = time.process_time()

    redact(text)

    # A tenth of this is usual. Quadratic work on so many characters takes minutes.
    assert time.process_time() - started < 2
