"""One run of one container: from the start of its process to its end, with the lines it wrote."""

import bisect
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from simulator.store import JsonObject
from simulator.world.programs.program import Program
from simulator.world.programs.run_plan import RunPlan
from simulator.world.programs.styles import StyleName, written

KEPT_LINES = 2000
"""What a log keeps of regular lines; nodes rotate logs too, and a demo reads at most this many."""

SHOWN_LAST_LINES = 80
SHOWN_LAST_CHARACTERS = 2048
"""What a termination message takes from the log at most."""


@dataclass(frozen=True, slots=True)
class WrittenLine:
    instant: float
    text: str


@dataclass(slots=True)
class ContainerRun:
    """Lines follow from plan and time, so reading them twice gives the same; only exceptional ones are stored."""

    container_id: str
    name: str
    program: Program
    plan: RunPlan
    started_at: float
    image: str
    env: Mapping[str, str] = field(default_factory=dict)
    ended_at: float | None = None
    extra: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))

    def say(self, text: str, *, at: float, level: str = "INFO") -> None:
        self.extra.append((at, level, text))

    def is_listening(self, port: int, *, at: float) -> bool:
        return port in self.plan.listens_on and at >= self.started_at + self.plan.listens_after

    def serves_since(self) -> float:
        return self.started_at + self.plan.listens_after

    def lines(self, *, until: float, since: float | None, tail: int | None) -> list[WrittenLine]:
        """What was written up to a moment, oldest first."""
        until = min(until, self.ended_at) if self.ended_at is not None else until
        rare = [
            (self.started_at + line.offset, line.level, line.text)
            for line in self.plan.lines
            if self.started_at + line.offset <= until
        ]
        rare += [entry for entry in self.extra if entry[0] <= until]
        wanted = min(tail, KEPT_LINES) if tail is not None else KEPT_LINES
        regular = list(self._regular_lines(until=until, since=since or 0.0, count=wanted))
        merged = sorted([*rare, *regular], key=lambda entry: entry[0])
        if since is not None:
            merged = merged[bisect.bisect_left(merged, since, key=lambda entry: entry[0]) :]
        if tail is not None:
            merged = merged[len(merged) - min(tail, len(merged)) :]
        return [WrittenLine(instant, self._formatted(instant, level, text)) for instant, level, text in merged]

    def _regular_lines(self, *, until: float, since: float, count: int) -> Iterator[tuple[float, str, str]]:
        """The last `count` lines of serving traffic (or of a shell loop) before a moment."""
        every, texts = self._rhythm()
        begin = self.serves_since()
        if not texts or until <= begin:
            return
        last = int((until - begin) / every)
        first = max(0, last - count, int((since - begin) / every) - 1)
        for number in range(first, last + 1):
            dice = zlib.crc32(f"{self.container_id}:{number}".encode())
            instant = begin + (number + (dice % 900) / 1000) * every
            if instant <= until:
                yield instant, "INFO", _filled(texts[(dice >> 8) % len(texts)], dice=dice)

    def _rhythm(self) -> tuple[float, tuple[str, ...]]:
        if self.plan.repeats is not None:
            return self.plan.repeats.repeats_every, self.plan.repeats.repeated
        if self.program.traffic is not None and self.plan.listens_on:
            return self.program.traffic.every_seconds, self.program.traffic.lines
        return 1.0, ()

    def _formatted(self, instant: float, level: str, text: str) -> str:
        # A script of its own writes plain lines, whatever the image's program would write.
        style: StyleName = "plain" if self.plan.is_script else self.program.style
        return written(style, at=instant, level=level, program=self.name, text=text)


def termination_message(container: JsonObject, run: ContainerRun) -> str:
    """The end of the log of a run that is over, where the container asks for it."""
    if container.get("terminationMessagePolicy") != "FallbackToLogsOnError" or run.ended_at is None:
        return ""
    lines = run.lines(until=run.ended_at, since=None, tail=SHOWN_LAST_LINES)
    return "\n".join(line.text for line in lines)[-SHOWN_LAST_CHARACTERS:]


def _filled(text: str, *, dice: int) -> str:
    """Vary the numbers of a traffic line: {id}, {count}, {milliseconds} and {host}."""
    return (
        text.replace("{id}", str(100000 + dice % 899999))
        .replace("{count}", str(1 + (dice >> 4) % 7))
        .replace("{milliseconds}", str(4 + (dice >> 6) % 60))
        .replace("{host}", f"10.244.{(dice >> 3) % 3}.{2 + (dice >> 11) % 40}")
    )
