"""Roles, names, addresses: the rules of access without any IO."""

import pytest

from backend.features.access.domain import (
    Right,
    Role,
    check_token_name,
    digest_secret,
    find_needed_role,
    is_loopback,
    is_role_enough,
    is_same_digest,
    make_secret,
)
from backend.vocabulary.errors import InvalidInput

ROLES = list(Role)


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_ones_before_it_may(role: Role, needed: Role) -> None:
    assert is_role_enough(role, needed=needed) == (ROLES.index(role) >= ROLES.index(needed))


def test_only_what_is_open_to_anyone_needs_no_role() -> None:
    assert [right for right in Right if find_needed_role(right, approvers=Role.ADMIN) is None] == [Right.ANYONE]


@pytest.mark.parametrize("approvers", [Role.OPERATOR, Role.ADMIN])
def test_approving_needs_the_role_of_the_settings(approvers: Role) -> None:
    assert find_needed_role(Right.APPROVE, approvers=approvers) is approvers


@pytest.mark.parametrize("name", ["amy", "ci-runner", "o.lga@example", "7", "a" * 63])
def test_names_for_tokens(name: str) -> None:
    assert check_token_name(name) == name


@pytest.mark.parametrize("name", ["", "Amy", "-x", "a b", "a\nb", "amy\n", "a" * 64, "local", "unknown", "用户"])
def test_names_that_could_be_mistaken_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_token_name(name)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"])
def test_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "::ffff:10.0.0.1"]
)
def test_everything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_secrets_are_long_random_and_compared_by_digest() -> None:
    secrets = {make_secret("ding_") for _ in range(100)}
    digests = {digest_secret(secret) for secret in secrets}

    assert len(digests) == 100
    assert all(secret.startswith("ding_") and len(secret) >= 48 for secret in secrets)
    assert [is_same_digest(digest, min(digests)) for digest in sorted(digests)].count(True) == 1
