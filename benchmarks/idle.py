"""How soon the backend answers after its start, and what it costs while nobody asks: `python -m benchmarks.idle`."""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.backend_process import backend_process
from benchmarks.figures import describe_machine, describe_ms


def measure(*, starts: int, seconds: float) -> None:
    print(describe_machine())
    taken, shares, memory = [], [], []
    for _ in range(starts):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            # After a minute without a person the backend rests; here after a second, to see it resting.
            with backend_process(Path(folder), model_url=None, DURABLE_IDLE_AFTER_SECONDS="1") as (_address, process):
                taken.append(time.perf_counter() - started)
                time.sleep(min(3.0, seconds))
                process.cpu_percent()
                time.sleep(seconds)
                shares.append(process.cpu_percent())
                memory.append(process.memory_info().rss / 1e6)
    print(describe_ms("start to the first healthy answer", taken))
    print(f"idle: {sorted(shares)[len(shares) // 2]:.1f} % of a core (median of {starts})")
    print(f"resident memory: {sorted(memory)[len(memory) // 2]:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of idleness measured per start")
    given = parser.parse_args()
    measure(starts=given.starts, seconds=given.seconds)


if __name__ == "__main__":
    main()
