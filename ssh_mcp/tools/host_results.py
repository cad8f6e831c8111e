"""Turns what the hosts made of a command into the answer, within its budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ssh_mcp.commands.capture import CapturedStream, StreamName
from ssh_mcp.commands.domain import EndKind
from ssh_mcp.commands.fleet import HostRun
from ssh_mcp.commands.judging import Judgement
from ssh_mcp.commands.output_text import CleanStream, ShownText, share_room
from ssh_mcp.errors import AccessRefused, ConnectionBroke, ShellUnfit
from ssh_mcp.records.outputs import OutputStore
from ssh_mcp.results import HostResult, HostStatus

# Both forms of an answer have 40 000 characters; the rest is for what frames the outputs of twenty hosts.
_OUTPUT_ROOM = 26_000
_MAX_NOTE = 400

_STATUS: Mapping[EndKind, HostStatus] = {
    EndKind.EXITED: "done",
    EndKind.TIMED_OUT: "timed_out",
    EndKind.OUTPUT_LIMIT: "output_limit",
}
_NOTES = {
    EndKind.TIMED_OUT: "the time limit was reached; everything the command started was ended",
    EndKind.OUTPUT_LIMIT: "it wrote too much and was stopped; narrow it with head, tail or grep",
}


@dataclass(frozen=True, slots=True)
class RunNotes:
    """What is known of a run beside its end."""

    audit_id: int | None = None
    replay: str = ""


@dataclass(frozen=True, slots=True)
class _Shown:
    stdout: ShownText
    stderr: ShownText


def make_host_results(
    runs: Sequence[HostRun],
    *,
    judgement: Judgement,
    notes: Mapping[str, RunNotes],
    outputs: OutputStore,
) -> list[HostResult]:
    """The hosts share the room, so that a talkative one does not hide the others."""
    nothing = RunNotes()
    return [
        _make_result(
            run, shown=shown, judgement=judgement, notes=notes.get(run.target.asset.id, nothing), outputs=outputs
        )
        for run, shown in zip(runs, _share(runs), strict=True)
    ]


def _share(runs: Sequence[HostRun]) -> list[_Shown]:
    streams = [
        (CleanStream(run.streams["stdout"]), CleanStream(run.streams["stderr"])) if run.streams else None
        for run in runs
    ]
    sizes = [stream.size for pair in streams if pair for stream in pair]
    rooms = iter(share_room(sizes, room=_OUTPUT_ROOM))
    nothing = ShownText("", is_cut=False)
    return [
        _Shown(pair[0].show(next(rooms)), pair[1].show(next(rooms))) if pair else _Shown(nothing, nothing)
        for pair in streams
    ]


def _make_result(
    run: HostRun, *, shown: _Shown, judgement: Judgement, notes: RunNotes, outputs: OutputStore
) -> HostResult:
    streams = run.streams or {}
    is_cut = shown.stdout.is_cut or shown.stderr.is_cut
    if is_cut:
        _keep_whole(run.output_id, streams, outputs=outputs)
    ending = run.ending
    return HostResult(
        asset=run.target.asset.id,
        account=run.target.account.name,
        status=_status_of(run),
        exit_code=ending.exit.code if ending else None,
        signal=ending.exit.signal if ending else None,
        stdout=shown.stdout.text,
        stderr=shown.stderr.text,
        truncated=is_cut,
        bytes=sum(stream.total_bytes for stream in streams.values()),
        milliseconds=ending.milliseconds if ending else 0,
        classification=judgement.command_class.value,
        audit_id=notes.audit_id,
        output_id=run.output_id if is_cut else None,
        replay=notes.replay,
        note=_note_of(run)[:_MAX_NOTE],
    )


def _keep_whole(output_id: str, streams: Mapping[StreamName, CapturedStream], *, outputs: OutputStore) -> None:
    """What was cut for the answer alone is still in memory; what was longer is in a file already."""
    for name, stream in streams.items():
        if not stream.left_out_bytes and not outputs.has(output_id, name):
            outputs.save(output_id, name, stream.head + stream.tail)


def _status_of(run: HostRun) -> HostStatus:
    if run.ending is not None:
        return _STATUS[run.ending.kind]
    if isinstance(run.error, AccessRefused | ShellUnfit):
        return "refused"
    return "unknown" if isinstance(run.error, ConnectionBroke) else "unreachable"


def _note_of(run: HostRun) -> str:
    if run.error is not None:
        return str(run.error)
    if run.ending is None:
        return ""
    return "; ".join(note for note in (_NOTES.get(run.ending.kind, ""), run.ending.note) if note)


def write_host_texts(hosts: Sequence[HostResult]) -> list[str]:
    """One block per host for people and models."""
    return [_write_host(host) for host in hosts]


def _write_host(host: HostResult) -> str:
    title = f"{host.asset} ({host.account}): {_describe_end(host)}, {host.milliseconds} ms"
    lines = [title, *([f"[{host.note}]"] if host.note else [])]
    if host.stdout:
        lines.append(host.stdout)
    if host.stderr:
        lines += ["[stderr]", host.stderr]
    if not host.stdout and not host.stderr and host.status == "done":
        lines.append("[no output]")
    if host.output_id:
        lines.append(f"[more: ssh-read-output output_id={host.output_id}]")
    if host.replay:
        lines.append(f"[replay: {host.replay}]")
    return "\n".join(lines)


def _describe_end(host: HostResult) -> str:
    if host.status != "done":
        return host.status.replace("_", " ")
    return f"killed by SIG{host.signal}" if host.signal else f"exit {host.exit_code}"
