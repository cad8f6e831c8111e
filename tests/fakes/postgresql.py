"""A PostgreSQL server of the tests' own: a fresh cluster on a loopback port, thrown away afterwards."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.fakes.product import find_free_port

_START_SECONDS = 30


@contextmanager
def private_postgresql() -> Iterator[str]:
    """The URL of a running server's maintenance database."""
    with tempfile.TemporaryDirectory(prefix="ding-robot-postgresql-") as folder:
        data = Path(folder) / "data"
        # The server refuses to run as root, so its files belong to the account that its package made.
        user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            shutil.chown(folder, user=user)
        port = find_free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        _run("initdb", "-D", str(data), "-A", "trust", "-U", "tester", "--no-sync", user=user)
        control = ("pg_ctl", "-D", str(data), "-w", "-t", str(_START_SECONDS))
        _run(*control, "-l", f"{folder}/log", "-o", options, "start", user=user)
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "stop", user=user)


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """A new database, empty or a copy; returns its URL."""
    copied = f' TEMPLATE "{template}"' if template else ""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
    return f"{server_url.rsplit('/', 1)[0]}/{name}"


def _run(program: str, *arguments: str, user: str) -> None:
    command: Sequence[str] = (_find(program), *arguments)
    if os.geteuid() == 0:
        command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command)
    # The started server would keep a pipe open, so its words go to the log file alone.
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=_START_SECONDS * 2, cwd="/")


def _find(program: str) -> str:
    found = [shutil.which(program), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)]
    for path in found:
        if path is not None:
            return str(path)
    raise FileNotFoundError(f"{program} is missing: run scripts/ensure_postgresql.sh")
