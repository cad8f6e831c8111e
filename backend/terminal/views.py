"""Shows an answer while it grows: live in a terminal, plain everywhere else."""

import json
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.text import Text as Line

from backend.features.chat.domain import MessageState
from backend.features.chat.transcript import Block, Fold
from backend.terminal import texts
from backend.terminal.line_input import KeyEcho
from backend.terminal.parts import Part, PartReader, clean_text, mend_emphasis
from backend.vocabulary.language import Language, Text

_REFRESHES_PER_SECOND = 8
_TAIL_CHARACTERS = 6000
"""Only the end of an unfinished block is drawn again and again, so a long one costs no more than a short one."""
_ARGUMENTS_WIDTH = 100
_MARKS = {"ok": ("✓", "green"), "error": ("✗", "red"), "unknown": ("?", "yellow")}


class AnswerView(Protocol):
    """Entered while a run is followed; left before a person is asked something."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, fold: Fold) -> None:
        """Show what is new."""
        ...

    def note(self, text: str) -> None:
        """A line by the client itself."""
        ...


class LiveView:
    """Prints what is finished once, as Markdown; redraws only the rest, a few times a second."""

    def __init__(self, console: Console, *, language: Language, reader: PartReader) -> None:
        self._console = console
        self._language = language
        self._reader = reader
        self._tail = ""
        self._calls: tuple[Block, ...] = ()
        self._started: dict[str, float] = {}
        self._is_waiting = True
        self._live: Live | None = None
        self._keys = KeyEcho()

    def __enter__(self) -> Self:
        self._live = Live(
            console=self._console,
            transient=True,
            refresh_per_second=_REFRESHES_PER_SECOND,
            get_renderable=self._draw,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._keys.hide()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._tail, self._calls, self._is_waiting = "", (), False
            self._live.stop()
        self._keys.show()

    def update(self, fold: Fold) -> None:
        parts = self._reader.read_new(fold)
        self._tail = self._reader.read_tail(fold)[-_TAIL_CHARACTERS:]
        self._calls = tuple(dict(block) for block in fold.blocks if _is_under_way(block))
        self._is_waiting = fold.state is MessageState.STREAMING and not self._tail and not self._calls
        if parts and self._live is not None:
            # What moves up for good must be gone from the moving part first, or it shows twice for a moment.
            self._live.refresh()
        for part in parts:
            self._console.print(self._render(part))
        if fold.state is not MessageState.STREAMING:
            self._console.print(render_end(fold, language=self._language), end="")

    def note(self, text: str) -> None:
        self._console.print(Line(clean_text(text), style="yellow"))

    def _render(self, part: Part) -> RenderableType:
        if part.kind == "text":
            return Group(Line(""), render_markdown(part.text))
        return describe_part(part, language=self._language)

    def _draw(self) -> RenderableType:
        shown: list[RenderableType] = [self._describe_running(block) for block in self._calls]
        if self._tail.strip():
            shown += [Line(""), render_markdown(self._tail)]
        if self._is_waiting:
            shown.append(Line("…", style="dim"))
        return _Bottom(Group(*shown))

    def _describe_running(self, block: Block) -> Line:
        started = self._started.setdefault(block["id"], time.monotonic())
        line = Line("⋯ ", style="cyan", no_wrap=True, overflow="ellipsis")
        return line.append(f"{describe_call(block)} · {time.monotonic() - started:.0f} s")


class _Bottom:
    """The last lines of something, as many as the window has room for."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(console.size.height - 2, 3)
        for line in console.render_lines(self._inner, options.update(height=None), pad=False)[-room:]:
            yield from line
            yield Segment.line()


class PlainView:
    """For pipes and files: the answer goes to one stream, what happened on the way to another."""

    def __init__(self, *, language: Language, reader: PartReader, out: TextIO | None, notes: TextIO) -> None:
        """Without `out` the answer is left to the caller."""
        self._language = language
        self._reader = reader
        self._out = out
        self._notes = notes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def update(self, fold: Fold) -> None:
        for part in self._reader.read_new(fold):
            if part.kind != "text":
                self._write(self._notes, f"{describe_part(part, language=self._language).plain}\n")
            elif self._out is not None:
                self._write(self._out, f"\n{clean_text(part.text)}\n")
        if fold.state is not MessageState.STREAMING:
            self._write(self._notes, render_end(fold, language=self._language).plain)

    def note(self, text: str) -> None:
        self._write(self._notes, f"{clean_text(text)}\n")

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(text)
        stream.flush()


class SilentView(PlainView):
    """Shows nothing: the result is printed as JSON in the end."""

    def __init__(self, *, language: Language) -> None:
        super().__init__(language=language, reader=PartReader(), out=None, notes=sys.stderr)

    def update(self, fold: Fold) -> None:
        return None


def render_markdown(text: str) -> Markdown:
    # Links are written out: a terminal that hides where they lead helps nobody.
    return Markdown(mend_emphasis(clean_text(text)), hyperlinks=False, code_theme="ansi_dark")


def describe_part(part: Part, *, language: Language) -> Line:
    """One line for everything that is not text."""
    block = part.block
    match part.kind:
        case "tool_call":
            return _describe_finished_call(block, language=language)
        case "reasoning":
            return Line(texts.REASONING.in_language(language).format(count=len(block["text"])), style="dim italic")
        case "approval":
            return _describe_decision(block["approval"], language=language)
        case "notice":
            return Line(clean_text(f"! {block['message']}"), style="yellow")
        case "withdrawn":
            return Line(texts.WITHDRAWN.in_language(language), style="yellow")
        case _:
            return Line(clean_text(str(block.get("type", part.kind))), style="dim")


def describe_call(block: Block) -> str:
    """Name and arguments of a tool call, on one line."""
    arguments = block["arguments"]
    written = block["arguments_text"] if arguments is None else json.dumps(arguments, ensure_ascii=False)
    flat = " ".join(clean_text(written).split())
    cut = flat if len(flat) <= _ARGUMENTS_WIDTH else f"{flat[: _ARGUMENTS_WIDTH - 1]}…"
    return clean_text(f"{block['name']} {'' if cut == '{}' else cut}").strip()


def render_end(fold: Fold, *, language: Language) -> Line:
    """How a run ended, when that is not simply an answer."""
    line = Line()
    if fold.state is MessageState.CANCELLED:
        line.append(f"{texts.RUN_CANCELLED.in_language(language)}\n", style="yellow")
    elif fold.state is MessageState.FAILED and fold.error is not None:
        message = texts.RUN_FAILED.in_language(language).format(message=fold.error["message"])
        line.append(clean_text(f"{message}\n"), style="red")
        if fold.error["hint"]:
            line.append(clean_text(f"{fold.error['hint']}\n"), style="yellow")
    if fold.state is MessageState.COMPLETE and fold.input_tokens:
        usage = texts.RUN_USAGE.in_language(language)
        shown = usage.format(model=fold.model, input=fold.input_tokens, output=fold.output_tokens)
        line.append(clean_text(f"{shown}\n"), style="dim")
    return line


def read_lines(text: Text, *, language: Language) -> Iterator[str]:
    yield from text.in_language(language).splitlines()


def _describe_finished_call(block: Block, *, language: Language) -> Line:
    mark, style = _MARKS.get(block["status"], ("–", "yellow"))
    line = Line(no_wrap=True, overflow="ellipsis").append(f"{mark} ", style=style).append(describe_call(block))
    status = texts.TOOL_STATUSES[block["status"]].in_language(language)
    duration = "" if block["duration_ms"] is None else f" · {block['duration_ms'] / 1000:.2f} s"
    line.append(f" · {status}{duration}", style="dim" if block["status"] == "ok" else style)
    error = block["error"]
    if error is not None:
        line.append(clean_text(f" · {' '.join(str(error['message']).split())}"), style=style)
    return line


def _describe_decision(approval: Block, *, language: Language) -> Line:
    state = texts.APPROVAL_STATES[approval["state"]].in_language(language)
    reason = f": {approval['reason']}" if approval.get("reason") else ""
    style = "green" if approval["state"] == "approved" else "yellow"
    return Line(clean_text(f"» {state.format(who=approval.get('decided_by'))}{reason}"), style=style)


def _is_under_way(block: Block) -> bool:
    return block["type"] == "tool_call" and block["status"] in {"streaming", "running", "awaiting_approval"}
