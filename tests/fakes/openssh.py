"""OpenSSH servers, keys and agents of the tests' own: real programs on loopback ports, thrown away afterwards."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 10
USER = getpass.getuser()


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key file and what stands in its public half."""

    path: Path

    @property
    def public_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.pub")

    @property
    def public_key(self) -> str:
        return " ".join(self.public_path.read_text().split()[:2])

    @property
    def fingerprint(self) -> str:
        return _run("ssh-keygen", "-lf", str(self.public_path)).split()[1]


@dataclass(slots=True)
class SshServer:
    """A running sshd that lets the user of the tests in with one key."""

    port: int
    host_key: KeyPair
    client_key: KeyPair
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def known_hosts_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key.public_key}\n"

    def stop(self) -> None:
        """End the server; what runs in its sessions goes on, as it does when a real one is restarted."""
        self.process.terminate()
        self.process.wait(timeout=_START_SECONDS)

    def drop_connections(self) -> None:
        """Kill the processes that serve open connections."""
        listed = _run("ps", "-o", "pid=", "--ppid", str(self.process.pid), is_checked=False)
        for pid in listed.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def start_again(self, *, host_key: KeyPair | None = None) -> None:
        """On the same port, perhaps with another host key."""
        if host_key is not None:
            shutil.copy(host_key.path, self.folder / "host_key")
            shutil.copy(host_key.public_path, self.folder / "host_key.pub")
        self.process = _launch(self.folder, port=self.port)


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "") -> KeyPair:
    _run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path))
    return KeyPair(path)


def sign_user_key(key: KeyPair, *, authority: KeyPair, principal: str = USER) -> Path:
    """A certificate that lets the holder of the key in as the principal."""
    _run("ssh-keygen", "-q", "-s", str(authority.path), "-I", "test", "-n", principal, str(key.public_path))
    return key.path.with_name(f"{key.path.name}-cert.pub")


def sign_host_key(key: KeyPair, *, authority: KeyPair, host: str) -> Path:
    _run("ssh-keygen", "-q", "-h", "-s", str(authority.path), "-I", "host", "-n", host, str(key.public_path))
    return key.path.with_name(f"{key.path.name}-cert.pub")


@contextmanager
def ssh_server(folder: Path, *, client_key: KeyPair, options: Sequence[str] = ()) -> Iterator[SshServer]:
    """`options` are further lines of sshd_config."""
    (folder / "home").mkdir(parents=True, exist_ok=True)
    port = _find_port()
    host_key = make_key(folder / "host_key")
    (folder / "authorized_keys").write_text(f"{client_key.public_key}\n")
    _write_configuration(folder, port=port, options=options)
    server = SshServer(port, host_key, client_key, folder, _launch(folder, port=port))
    try:
        yield server
    finally:
        server.drop_connections()
        server.process.kill()
        server.process.wait(timeout=_START_SECONDS)


@contextmanager
def ssh_servers(folder: Path, count: int, *, client_key: KeyPair) -> Iterator[list[SshServer]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(ssh_server(folder / f"host-{number}", client_key=client_key))
            for number in range(1, count + 1)
        ]


@contextmanager
def ssh_agent(key: KeyPair) -> Iterator[str]:
    """The socket of an agent that holds the key."""
    # A socket's path has to be short, so it is not in the folder of the test.
    folder = Path(_run("mktemp", "-d", "/tmp/agent-XXXXXX").strip())
    path = str(folder / "socket")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        _wait_for(lambda: os.path.exists(path), process)
        _run("ssh-add", "-q", str(key.path), environment={"SSH_AUTH_SOCK": path})
        yield path
    finally:
        process.terminate()
        process.wait(timeout=_START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _write_configuration(folder: Path, *, port: int, options: Sequence[str]) -> None:
    lines = [
        *options,
        # A home of its own: start-up files of the account that runs the tests would slow every command down.
        f"SetEnv HOME={folder}/home",
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder}/host_key",
        f"AuthorizedKeysFile {folder}/authorized_keys",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        "LogLevel ERROR",
        "Subsystem sftp internal-sftp",
    ]
    (folder / "sshd_config").write_text("\n".join(lines) + "\n")


def _launch(folder: Path, *, port: int) -> subprocess.Popen[bytes]:
    program = _find_sshd()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = (folder / "log").open("ab")
    process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log, stdout=log)
    log.close()
    try:
        _wait_for(lambda: _is_listening(port), process)
    except AssertionError:
        process.kill()
        raise
    return process


def _find_port() -> int:
    """Below the range from which the system takes ports for connections: a server is stopped and started on it."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _find_sshd() -> str:
    # It starts itself again by its whole path.
    for path in (shutil.which("sshd"), "/usr/sbin/sshd"):
        if path is not None and os.path.exists(path):
            return path
    raise FileNotFoundError("sshd is missing: run scripts/ensure_sshd.sh")


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_for(is_true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_true():
        assert process.poll() is None, f"{process.args!r} ended while starting"
        assert time.monotonic() < deadline, f"{process.args!r} did not start"
        time.sleep(0.02)


def _run(*command: str, environment: dict[str, str] | None = None, is_checked: bool = True) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=30,
        check=is_checked,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
    )
    return done.stdout
