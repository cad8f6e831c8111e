"""The description of a program: what it needs, how long it takes, where it listens and what it logs."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.world.programs.styles import StyleName


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cache(_Described):
    """Memory the program fills at start, in steps; the size may come from the environment."""

    size_env: str = ""
    size_mib: int
    step_mib: int = 32
    step_seconds: float = 0.4
    line: str = "cache: {loaded} MiB loaded"


class Scratch(_Described):
    """Files the program writes until they have their full size; the size may come from the environment."""

    path: str
    size_env: str = ""
    size_mib: int
    after_seconds: float = 60.0


class Dependency(_Described):
    """A URL (or host:port) in the environment that the program calls."""

    env: str
    needed_for: Literal["health", "requests", "start"] = "requests"
    """`health`: the health path answers 503 while it is down. `requests`: it is only complained about in the log.
    `start`: the program ends when it does not answer while it starts."""


class ApiCall(_Described):
    """What a program asks the API server for with its service account; it ends when that is forbidden."""

    verb: str
    resource: str
    group: str = ""
    is_clusterwide: bool = False


class Fault(_Described):
    """A defect of the program itself: it ends by its own doing."""

    after_seconds: float = 1.0
    exit_code: int = 1
    lines: tuple[str, ...]
    """Those that begin with `|` stand in the log as they are."""
    unless_env: str = ""
    """The program behaves while this variable is set."""


class ConfigCheck(_Described):
    """A mounted file that the program reads at its start, and what has to stand in it."""

    key: str
    must_match: str
    complaint: str


class EnvCheck(_Described):
    """A variable that the program takes seriously only while it runs: a password, an option, a limit."""

    env: str
    must_match: str
    after_seconds: float = 0.4
    exit_code: int = 1
    lines: tuple[str, ...]
    """Those that begin with `|` stand in the log as they are."""


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
    answers_after_seconds: float = 0.05
    """How long it takes to answer its health path."""
    speaks_tls: bool = False
    required_env: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    """What a container's command may name besides the program itself."""
    not_executable: tuple[str, ...] = ()
    """Files of the image that lack the permission to be executed."""
    has_shell: bool = True
    writes: tuple[str, ...] = ()
    """Files it has to write when it starts."""
    reads: tuple[str, ...] = ()
    """Files that have to be there when it starts, mounted or made by an init container."""
    config: tuple[ConfigCheck, ...] = ()
    env_checks: tuple[EnvCheck, ...] = ()
    api_calls: tuple[ApiCall, ...] = ()
    fault: Fault | None = None
    memory_mib: int = 48
    cache: Cache | None = None
    scratch: Scratch | None = None
    cpu_millis: int = 8
    """Average use while serving."""
    work_millis: int = 0
    """Work that all replicas of a workload share; comes on top of `cpu_millis`."""
    work_env: str = ""
    """Names the variable that replaces `work_millis`."""
    dependencies: tuple[Dependency, ...] = ()
    start_attempts: int = 3
    """How often it tries what it needs to start, two seconds apart."""
    runs_seconds: float | None = None
    """A program that does a job ends after that time; None serves until it is stopped."""
    stop_seconds: float = 0.8
    """From SIGTERM to the end."""
    stop_exit_code: int = 143
    style: StyleName = "python"
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
    programs_by_tag: dict[str, str] = Field(default_factory=dict)
    """Tags whose program differs."""
    architectures: tuple[str, ...] = ("amd64", "arm64")
    is_index: bool = True
    """An index is asked for the node's architecture; a plain manifest is pulled whatever it holds."""
    user: int = 0
    """Id of the user it runs as; 0 is root."""
    needs_login: str = ""
    """Registry whose credentials a pull secret has to hold."""


class Host(_Described):
    """A registry that does not answer as it should."""

    name: str
    trouble: Literal["unresolved", "timed-out", "refused", "rate-limited", "untrusted", "broken", "damaged"]


class Catalogue(_Described):
    """All programs and images there are; any other reference cannot be pulled."""

    programs: tuple[Program, ...]
    images: tuple[Image, ...]
    registries: tuple[Host, ...] = ()
    """Only those with trouble."""
