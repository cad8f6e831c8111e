"""The description of a program: what it needs, how long it takes, where it listens and what it logs."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cache(_Described):
    """Memory the program fills at start, in steps; the size may come from the environment."""

    size_env: str = ""
    size_mib: int
    step_mib: int = 32
    step_seconds: float = 0.4
    line: str = "cache: {loaded} MiB loaded"


class Dependency(_Described):
    """A URL (or host:port) in the environment that the program calls."""

    env: str
    needed_for: Literal["health", "requests"] = "requests"
    """`health`: the health path answers 503 while it is down. `requests`: it is only complained about in the log."""


class Traffic(_Described):
    """Lines written while the program serves."""

    every_seconds: Annotated[float, Field(gt=0)]
    lines: tuple[str, ...]


class Program(_Described):
    name: str
    start_seconds: float = 1.5
    """From the start of the process until it listens."""
    port_env: str = ""
    ports: tuple[int, ...] = ()
    """Where it listens; `port_env` names the variable that replaces the first of them."""
    health_paths: tuple[str, ...] = ("/healthz",)
    served_paths: tuple[str, ...] = ("/",)
    required_env: tuple[str, ...] = ()
    memory_mib: int = 48
    cache: Cache | None = None
    cpu_millis: int = 8
    """Average use while serving."""
    dependencies: tuple[Dependency, ...] = ()
    runs_seconds: float | None = None
    """A program that does a job ends after that time; None serves until it is stopped."""
    stop_seconds: float = 0.8
    """From SIGTERM to the end."""
    stop_exit_code: int = 143
    log_format: Literal["python", "plain"] = "python"
    starting: str = "starting version {version}"
    warm_up: str = ""
    """Written every five seconds of a long start, with {step} and {steps}."""
    listening: str = "listening on :{port}"
    finished: str = "done"
    stopping: str = "received SIGTERM, shutting down"
    access: str = ""
    """Written for every probe that reaches it, with {client}, {path} and {status}; empty: not written."""
    traffic: Traffic | None = None
    is_shell: bool = False
    """The container's command is a shell script (echo, sleep, exit) that decides what happens."""


class Image(_Described):
    """A repository in the registry, the tags it has and the program inside."""

    repository: str
    tags: tuple[str, ...]
    size_bytes: int
    program: str


class Catalogue(_Described):
    """All programs and images there are; any other reference cannot be pulled."""

    programs: tuple[Program, ...]
    images: tuple[Image, ...]
