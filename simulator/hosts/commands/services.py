"""systemctl and service."""

from __future__ import annotations

import fnmatch
import json
from itertools import pairwise

from simulator.hosts.commands.numbers import moment, span, table
from simulator.hosts.machine.service_control import ServiceControl
from simulator.hosts.machine.units import Unit
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options

_WORDS = (
    "failed all no-legend no-pager plain full state= type= property= value lines= output= now quiet user system "
    "recursive force no-block"
)
_CHANGES = {"start", "stop", "restart", "reload", "reload-or-restart", "try-restart", "enable", "disable", "kill"}
_CHANGES |= {"reset-failed", "daemon-reload", "mask", "unmask"}
_FOOTER = (
    "LOAD   = Reflects whether the unit definition was properly loaded.",
    "ACTIVE = The high-level unit activation state, i.e. generalization of SUB.",
    "SUB    = The low-level unit activation state, values depend on unit type.",
)


def systemctl(call: Call) -> int:
    options = read_options(call.arguments, flags="alqrf", values="pnotsH", words=_WORDS)
    verb, *names = options.operands or ["list-units"]
    if verb in _CHANGES:
        return _change(call, verb, names)
    viewers = {
        "list-units": _list_units,
        "status": _status,
        "show": _show,
        "is-active": _is_active,
        "is-failed": _is_failed,
        "is-enabled": _is_enabled,
        "list-unit-files": _list_unit_files,
        "cat": _cat,
        "is-system-running": _is_system_running,
        "list-timers": lambda call, *_: call.write_lines("0 timers listed."),
    }
    if verb not in viewers:
        call.streams.stderr.write(f"Unknown command verb {verb}.\n")
        return 1
    return viewers[verb](call, options, names)


def _matching(call: Call, options: Options, patterns: list[str]) -> list[Unit]:
    state = "failed" if options.has("failed") else options.get("state")
    kind = options.get("t", "type")
    return [
        unit
        for unit in sorted(call.host.units.values(), key=lambda unit: unit.name)
        if (not state or unit.state in state.split(",") or unit.sub_state in state.split(","))
        and (not kind or unit.kind_of_unit in kind.split(","))
        and (not patterns or any(fnmatch.fnmatchcase(unit.name, _full(pattern)) for pattern in patterns))
        and (state or options.has("a", "all") or unit.state != "inactive" or patterns)
    ]


def _full(name: str) -> str:
    return name if "." in name or "*" in name else f"{name}.service"


def _list_units(call: Call, options: Options, patterns: list[str]) -> int:
    units = _matching(call, options, patterns)
    if options.get("o", "output") == "json":
        rows = [
            {"unit": u.name, "load": "loaded", "active": u.state, "sub": u.sub_state, "description": u.description}
            for u in units
        ]
        return call.write_lines(json.dumps(rows, separators=(",", ":")))
    is_plain = options.has("plain", "no-legend")
    dots = {unit.name: "" if options.has("plain") else "● " if unit.state == "failed" else "  " for unit in units}
    rows_ = [[dots[unit.name] + unit.name, "loaded", unit.state, unit.sub_state, unit.description] for unit in units]
    if is_plain:
        return call.write_lines(*table(rows_))
    header = [["  UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"]] if units else []
    call.write_lines(*table([*header, *rows_]))
    if units:
        call.write_lines("", *_FOOTER)
    return (
        call.write_lines("", f"{len(units)} loaded units listed.")
        if units
        else call.write_lines("0 loaded units listed.")
    )


def _status(call: Call, options: Options, names: list[str]) -> int:
    if not names:
        failed = sum(1 for unit in call.host.units.values() if unit.state == "failed")
        state = "degraded" if failed else "running"
        return call.write_lines(
            f"● {call.host.name}", f"    State: {state}", "     Jobs: 0 queued", f"   Failed: {failed} units"
        )
    status = 0
    for name in _expand(call, options, names):
        unit = ServiceControl(call.host).find(name)
        if unit is None:
            call.streams.stderr.write(f"Unit {_full(name)} could not be found.\n")
            status = 4
            continue
        _write_status(call, unit, lines=int(options.get("n", "lines", default="10") or 10))
        status = status or (0 if unit.state == "active" else 3)
    return status


def _expand(call: Call, options: Options, names: list[str]) -> list[str]:
    """A pattern stands for the units it fits, within the state asked for; it may fit none."""
    plain = [name for name in names if not set(name) & set("*?[")]
    patterns = [name for name in names if name not in plain]
    return plain + ([unit.name for unit in _matching(call, options, patterns)] if patterns else [])


def _write_status(call: Call, unit: Unit, *, lines: int) -> None:
    mark = {"active": "●", "failed": "×"}.get(unit.state, "○")
    enabled = "enabled" if unit.is_enabled else "disabled"
    since = f"{moment(unit.since):%a %Y-%m-%d %H:%M:%S} UTC; {span(call.host.now() - unit.since)} ago"
    result = " (Result: exit-code)" if unit.state == "failed" and unit.exit_code else ""
    inner = " (dead)" if unit.state == "inactive" else result or f" ({unit.sub_state})"
    call.write_lines(
        f"{mark} {unit.name} - {unit.description}",
        f"     Loaded: loaded (/lib/systemd/system/{unit.name}; {enabled}; preset: enabled)",
        f"     Active: {unit.state}{inner} since {since}",
    )
    process = call.host.processes.find(unit.main_pid)
    if process is not None:
        call.write_lines(
            f"   Main PID: {process.pid} ({process.name})",
            f"      Tasks: {process.threads} (limit: 4653)",
            f"     Memory: {process.memory_bytes / 1024**2:.1f}M",
            f"     CGroup: /system.slice/{unit.name}",
            f"             └─{process.pid} {process.command}",
        )
    elif unit.state == "failed":
        call.write_lines(f"    Process: ExecStart={unit.command} (code=exited, status={unit.exit_code}/FAILURE)")
    entries = [entry for entry in call.host.journal.entries if entry.unit == unit.name][-lines:]
    if entries:
        call.write("\n")
    for entry in entries:
        pid = f"[{entry.pid}]" if entry.pid else ""
        call.write(f"{moment(entry.at):%b %d %H:%M:%S} {call.host.name} {entry.identifier}{pid}: {entry.message}\n")


def _show(call: Call, options: Options, names: list[str]) -> int:
    wanted = [word for word in _properties_of(call.arguments) for word in word.split(",")]
    if not names:
        failed = sum(1 for unit in call.host.units.values() if unit.state == "failed")
        everything = {"Version": "252", "NFailedUnits": str(failed), "SystemState": "degraded" if failed else "running"}
        return call.write_lines(*(f"{key}={value}" for key, value in everything.items() if not wanted or key in wanted))
    blocks = []
    for unit in _matching(call, options, names):
        properties = _describe(unit)
        blocks.append("\n".join(f"{key}={value}" for key, value in properties.items() if not wanted or key in wanted))
    return call.write_lines("\n\n".join(blocks)) if blocks else 0


def _properties_of(arguments: tuple[str, ...]) -> list[str]:
    """`-p` may stand there several times, which the option reader does not keep."""
    found = [word.partition("=")[2] for word in arguments if word.startswith("--property=")]
    return found + [after for word, after in pairwise(arguments) if word == "-p"]


def _describe(unit: Unit) -> dict[str, str]:
    changed = f"{moment(unit.since):%a %Y-%m-%d %H:%M:%S} UTC"
    return {
        "Id": unit.name,
        "Description": unit.description,
        "LoadState": "loaded",
        "ActiveState": unit.state,
        "SubState": unit.sub_state,
        "MainPID": str(unit.main_pid),
        "ExecMainStatus": str(unit.exit_code),
        "Result": "exit-code" if unit.state == "failed" else "success",
        "StateChangeTimestamp": changed,
        "ActiveEnterTimestamp": changed if unit.state == "active" else "",
    }


def _is_active(call: Call, _options: Options, names: list[str]) -> int:
    units = [ServiceControl(call.host).find(name) for name in names]
    call.write_lines(*(unit.state if unit else "inactive" for unit in units))
    return 0 if any(unit and unit.state == "active" for unit in units) else 3


def _is_failed(call: Call, _options: Options, names: list[str]) -> int:
    units = [ServiceControl(call.host).find(name) for name in names]
    call.write_lines(*(unit.state if unit else "inactive" for unit in units))
    return 0 if any(unit and unit.state == "failed" for unit in units) else 1


def _is_enabled(call: Call, _options: Options, names: list[str]) -> int:
    unit = ServiceControl(call.host).find(names[0]) if names else None
    if unit is None:
        return call.fail("No such file or directory")
    call.write_lines("enabled" if unit.is_enabled else "disabled")
    return 0 if unit.is_enabled else 1


def _list_unit_files(call: Call, options: Options, patterns: list[str]) -> int:
    options.flags["all"] = ""
    units = _matching(call, options, patterns)
    rows = [["UNIT FILE", "STATE", "PRESET"]]
    rows += [[unit.name, "enabled" if unit.is_enabled else "disabled", "enabled"] for unit in units]
    return call.write_lines(*table(rows), "", f"{len(units)} unit files listed.")


def _cat(call: Call, _options: Options, names: list[str]) -> int:
    unit = ServiceControl(call.host).find(names[0]) if names else None
    if unit is None:
        call.streams.stderr.write(f"No files found for {names[0] if names else ''}.\n")
        return 1
    return call.write_lines(
        f"# /lib/systemd/system/{unit.name}",
        "[Unit]",
        f"Description={unit.description}",
        "",
        "[Service]",
        f"User={unit.user}",
        f"ExecStart={unit.command}",
        f"Restart={unit.restart}",
    )


def _is_system_running(call: Call, _options: Options, _names: list[str]) -> int:
    has_failed = any(unit.state == "failed" for unit in call.host.units.values())
    call.write_lines("degraded" if has_failed else "running")
    return int(has_failed)


def _change(call: Call, verb: str, names: list[str]) -> int:
    if not call.state.is_root:
        what = names[0] if names else verb
        call.streams.stderr.write(f"Failed to {verb} {_full(what)}: Access denied\n")
        return 4
    if verb == "daemon-reload":
        return 0
    control = ServiceControl(call.host)
    units = list(call.host.units.values()) if verb == "reset-failed" and not names else []
    for name in names:
        unit = control.find(name)
        if unit is None:
            call.streams.stderr.write(f"Failed to {verb} {_full(name)}: Unit {_full(name)} not found.\n")
            return 5
        units.append(unit)
    # Every unit is tried, also after one that fails.
    results = [_change_one(call, control, verb, unit) for unit in units]
    call.host.changed()
    return max(results, default=0)


def _change_one(call: Call, control: ServiceControl, verb: str, unit: Unit) -> int:
    match verb:
        case "start":
            is_up = control.start(unit)
        case "restart" | "reload-or-restart":
            is_up = control.restart(unit)
        case "try-restart" if unit.state == "active":
            is_up = control.restart(unit)
        case "stop":
            control.stop(unit)
            return 0
        case "reload":
            call.host.say("systemd", f"Reloaded {unit.name} - {unit.description}.", pid=1, unit=unit.name)
            return 0
        case "reset-failed":
            control.reset_failed(unit)
            return 0
        case "enable" | "disable":
            unit.is_enabled = verb == "enable"
            return 0
        case _:
            return 0
    if not is_up:
        call.streams.stderr.write(
            f"Job for {unit.name} failed because the control process exited with error code.\n"
            f'See "systemctl status {unit.name}" and "journalctl -xeu {unit.name}" for details.\n'
        )
    return 0 if is_up else 1


def service(call: Call) -> int:
    if len(call.arguments) < 2:
        return call.fail("usage: service SERVICE COMMAND")
    name, verb = call.arguments[:2]
    if verb == "status":
        return _status(call, Options(), [name])
    return _change(call, verb, [name]) if verb in _CHANGES else call.fail(f"unknown command {verb}")


COMMANDS: dict[str, Command] = {"systemctl": systemctl, "service": service}
