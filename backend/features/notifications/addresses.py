"""Which robots a channel has: several in one setting, or one that was named on the command line."""

import hashlib
from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, PrivateAttr, SecretStr


class ChannelSettings(BaseModel):
    """What the settings of every channel have in common."""

    _given: str = PrivateAttr(default="")

    def with_given(self, address: str, **fields: object) -> Self:
        """The same with other robots, which a person named. They get a channel of their own: what waits for the
        configured group is none of the other's business, and no other process may deliver it to its own group."""
        chosen = self.model_copy(update=fields)
        chosen._given = hash_address(address)
        return chosen

    def name_channel(self, kind: str) -> str:
        return f"{kind}:{self._given}" if self._given else kind


def hash_address(address: str) -> str:
    """Names a robot without giving away its address, which is a secret."""
    return hashlib.sha256(address.encode()).hexdigest()[:8]


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
