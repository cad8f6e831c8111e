"""What the store refuses, and why. The API turns each class into a Status of its own."""

from simulator.api_resources import ResourceType


class StoreError(Exception):
    """The store did not do what was asked; nothing changed."""


class NotFound(StoreError):
    """There is no such object."""

    def __init__(self, resource: ResourceType, *, name: str) -> None:
        super().__init__(f'{resource.qualified_name} "{name}" not found')
        self.resource = resource
        self.name = name


class AlreadyExists(StoreError):
    """An object of that name is there already."""

    def __init__(self, resource: ResourceType, *, name: str) -> None:
        super().__init__(f'{resource.qualified_name} "{name}" already exists')
        self.resource = resource
        self.name = name


class Conflict(StoreError):
    """The writer saw an older version of the object."""

    def __init__(self, resource: ResourceType, *, name: str) -> None:
        super().__init__(
            f'Operation cannot be fulfilled on {resource.qualified_name} "{name}": the object has been modified; '
            "please apply your changes to the latest version and try again"
        )
        self.resource = resource
        self.name = name


class PreconditionFailed(StoreError):
    """A uid or resourceVersion precondition names another object or version."""

    def __init__(self, resource: ResourceType, *, name: str, what: str, wanted: str, found: str) -> None:
        article = "the UID" if what == "UID" else "the ResourceVersion"
        record = "UID" if what == "UID" else "ResourceVersion"
        hint = (
            ". The object might have been deleted and then recreated"
            if what == "UID"
            else ". The object might have been modified"
        )
        super().__init__(
            f'Operation cannot be fulfilled on {resource.kind} "{name}": {article} in the precondition ({wanted}) '
            f"does not match the {record} in record ({found}){hint}"
        )
        self.resource = resource
        self.name = name


class Expired(StoreError):
    """The history asked for is no longer kept."""

    def __init__(self, *, wanted: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {wanted} ({oldest})")
        self.wanted = wanted
        self.oldest = oldest


class VersionTooLarge(StoreError):
    """The version asked for lies in the future."""

    def __init__(self, *, wanted: int, current: int) -> None:
        super().__init__(f"Too large resource version: {wanted}, current: {current}")
        self.wanted = wanted
        self.current = current
