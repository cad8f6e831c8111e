"""How the output of several commands travels in one stream without any of them being able to forge another.

A marker line starts in column 0 with the tag of this one request. Every line of a command's output is moved one column
to the right on the host, so whatever a process name or a kernel message contains, it cannot become a marker, even when
it knows the tag. The last line of a section is `=` and the exit status of its command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"[0-9a-z]{16,64}")
_STATUS = re.compile(r"=(\d{1,3})")
_LONGEST_REASON = 160
_TIMED_OUT = {124, 137, 143}


@dataclass(frozen=True, slots=True)
class Section:
    """The output of one command, standard error included."""

    text: str
    exit_status: int | None
    """None when the output was cut before its end."""

    @property
    def is_cut(self) -> bool:
        return self.exit_status is None

    @property
    def has_timed_out(self) -> bool:
        return self.exit_status in _TIMED_OUT

    def explain_failure(self, tool: str) -> str:
        """Why nothing could be read, in one line for a person."""
        if self.has_timed_out:
            return f"{tool}: no answer in time"
        said = next((line.strip() for line in self.text.splitlines() if line.strip()), "")
        if not said:
            return f"{tool}: no output"
        return f"{tool}: {said}"[:_LONGEST_REASON]


def check_tag(tag: str) -> str:
    """The tag itself; raise ValueError when it could be guessed or would need quoting."""
    if not _TAG.fullmatch(tag):
        raise ValueError("a tag has 16 to 64 lower-case letters and digits")
    return tag


def write_section(name: str, command: str, *, tag: str, limit_bytes: int) -> str:
    """Shell text that prints one section; at most `limit_bytes` of output leave the host."""
    moved = f"{{ {command}; echo \"=$?\"; }} 2>&1 | head -c {limit_bytes} | sed 's/^/ /'"
    return f'echo "{tag} begin {name}"\n{moved}\necho\necho "{tag} end {name}"'


def read_sections(output: str, *, tag: str) -> dict[str, Section]:
    """Sections by name; one whose end is missing was cut."""
    sections: dict[str, Section] = {}
    name = ""
    lines: list[str] = []
    for line in output.split("\n"):
        if line.startswith(" ") and name:
            lines.append(line[1:].rstrip("\r"))
            continue
        mark = line.split()
        if len(mark) != 3 or mark[0] != tag:
            continue
        if mark[1] == "begin":
            name, lines = mark[2], []
        elif mark[1] == "end" and mark[2] == name:
            sections[name] = _close(lines)
            name = ""
    if name:
        sections[name] = Section(text="\n".join(lines), exit_status=None)
    return sections


def _close(lines: list[str]) -> Section:
    status = _STATUS.fullmatch(lines[-1]) if lines else None
    if status is None:
        # The line at which the output was cut may be half a line.
        return Section(text="\n".join(lines[:-1]), exit_status=None)
    return Section(text="\n".join(lines[:-1]), exit_status=int(status[1]))
