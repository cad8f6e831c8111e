"""`ding-robot demo`: the product on a simulated cluster, in one command."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

READY_PREFIX = "simulator ready "
STOP_SECONDS = 5

QUESTIONS = (
    "default 命名空间里有哪些 Pod 不正常?为什么?",
    "scale web to 5",
    "payments 里的 fraud-check 服务为什么不通?",
)


def run_demo(*, port: int | None, scenarios: Sequence[str]) -> int:
    """Start the simulator, then the product on it; returns the exit code. Nothing is left running afterwards."""
    signal.signal(signal.SIGTERM, _raise_interrupt)
    with tempfile.TemporaryDirectory(prefix="ding-robot-demo-") as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        inventory = Path(folder) / "hosts.yaml"
        simulator = _start_simulator(kubeconfig, inventory=inventory, scenarios=scenarios)
        try:
            address = _wait_until_ready(simulator)
            if address is None:
                print("The simulated cluster did not start; its message is above.", file=sys.stderr)
                return 1
            print(f"Simulated cluster at {address} (KUBECONFIG={kubeconfig})", flush=True)
            print(f"Simulated hosts in {inventory}", flush=True)
            return _serve(port=port, kubeconfig=kubeconfig, inventory=inventory)
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(simulator)


def _serve(*, port: int | None, kubeconfig: Path, inventory: Path) -> int:
    from backend.serving import serve
    from backend.settings import Settings

    os.environ["KUBECONFIG_PATH"] = str(kubeconfig)
    os.environ["SSH_INVENTORY"] = str(inventory)
    os.environ.setdefault("DATA_DIRECTORY", "data/demo")
    chosen_port = Settings().port if port is None else port
    _print_welcome(chosen_port)
    serve(host="127.0.0.1", port=chosen_port)
    return 0


def _print_welcome(port: int) -> None:
    listed = "\n".join(f"    {question}" for question in QUESTIONS)
    print(
        f"\n  ding-robot: http://127.0.0.1:{port}\n\n  Try asking:\n{listed}\n\n  Ctrl-C stops everything.\n",
        flush=True,
    )


def _start_simulator(kubeconfig: Path, *, inventory: Path, scenarios: Sequence[str]) -> subprocess.Popen[str]:
    chosen = ["--scenarios", scenarios[0]] if scenarios[0] in {"demo", "none"} else _repeat("--scenario", scenarios)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "simulator", "--port", "0", "--ends-with-stdin"),
            *("--kubeconfig", str(kubeconfig), "--ssh-port", "0", "--inventory", str(inventory), *chosen),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _repeat(option: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


def _wait_until_ready(simulator: subprocess.Popen[str]) -> str | None:
    """Its address, or None when it ended without becoming ready."""
    for line in simulator.stdout or ():
        if line.startswith(READY_PREFIX):
            return line.removeprefix(READY_PREFIX).strip()
    return None


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=STOP_SECONDS)


def _raise_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
