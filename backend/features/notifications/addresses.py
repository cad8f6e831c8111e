"""Several robots in one setting."""

from collections.abc import Sequence

from pydantic import SecretStr


def pair_robots(*addresses: SecretStr | None, secret: SecretStr | None) -> list[tuple[str, str | None]]:
    """Every address once, in order, with its signing secret: one serves all, several belong to them in order."""
    urls = list(dict.fromkeys(part for setting in addresses for part in _split(setting)))
    secrets = _split(secret)
    if len(secrets) == 1:
        return [(url, secrets[0]) for url in urls]
    return [(url, secrets[position] if position < len(secrets) else None) for position, url in enumerate(urls)]


def _split(secret: SecretStr | None) -> Sequence[str]:
    text = "" if secret is None else secret.get_secret_value()
    return [part.strip() for part in text.split(",") if part.strip()]
