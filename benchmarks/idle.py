"""How soon the backend answers after its start, and what it costs while nobody asks: `python -m benchmarks.idle`."""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.backend_process import backend_process
from benchmarks.figures import describe_machine, describe_ms


def measure(*, starts: int, seconds: float) -> None:
    """The very first start also compiles every module; it is shown apart."""
    print(describe_machine())
    with tempfile.TemporaryDirectory() as compiled:
        first, _share, _memory = _start(seconds=0.1, compiled=compiled)
        measured = [_start(seconds=seconds, compiled=compiled) for _ in range(starts)]
    taken, shares, memory = zip(*measured, strict=True)
    print(f"first start ever: {first:.1f} s")
    print(describe_ms("start to the first healthy answer", taken))
    print(f"idle: {sorted(shares)[len(shares) // 2]:.1f} % of a core (median of {starts})")
    print(f"resident memory: {sorted(memory)[len(memory) // 2]:.0f} MB")


def _start(*, seconds: float, compiled: str) -> tuple[float, float, float]:
    """Seconds until healthy, then share of a core in percent, and MB."""
    environment = {
        "PYTHONPYCACHEPREFIX": compiled,
        "PYTHONDONTWRITEBYTECODE": "",
        # After a minute without a person the backend rests; here after a second, to see it resting.
        "DURABLE_IDLE_AFTER_SECONDS": "1",
    }
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with backend_process(Path(folder), model_url=None, **environment) as (_address, process):
            taken = time.perf_counter() - started
            time.sleep(min(3.0, seconds))
            process.cpu_percent()
            time.sleep(seconds)
            return taken, process.cpu_percent(), process.memory_info().rss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of idleness measured per start")
    given = parser.parse_args()
    measure(starts=given.starts, seconds=given.seconds)


if __name__ == "__main__":
    main()
