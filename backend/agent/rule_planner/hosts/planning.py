"""Chooses the next step for a question about hosts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.general import answer_failures
from backend.agent.rule_planner.answers.markdown import paragraphs
from backend.agent.rule_planner.calls import Answer, CallTools, Plan
from backend.agent.rule_planner.hosts import answers, figures
from backend.agent.rule_planner.hosts.calls import (
    ASSETS,
    EXECUTE,
    FACTS,
    MAX_HOSTS,
    MAX_RUN_HOSTS,
    execute,
    list_assets,
    read_facts,
)
from backend.agent.rule_planner.hosts.intents import (
    ControlService,
    FindPortOwner,
    HostIntent,
    HostTopic,
    KillProcess,
    ListHosts,
    LookAtHost,
    ReadJournal,
    RunCommand,
    ServiceAction,
)
from backend.agent.rule_planner.hosts.judging import JudgeHost
from backend.agent.rule_planner.hosts.reading import Asset, CommandRun, HostLook, read_assets, read_looks, read_run
from backend.agent.rule_planner.hosts.topics import parts_of
from backend.agent.rule_planner.results import ToolResult, TurnResults
from backend.vocabulary.language import Language
from host_facts.domain import ListenerFacts

_OF_PORTS = ("listeners",)
LOCAL = "local"
"""The asset that is the tool server's own machine."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a plan is made from."""

    results: TurnResults
    judge: JudgeHost
    language: Language


def plan_host(intent: HostIntent, results: TurnResults, *, judge: JudgeHost, language: Language) -> Plan:
    turn = _Turn(results, judge, language)
    missing = results.missing([list_assets()])
    if missing:
        return CallTools(missing)
    listed = results.of(ASSETS)[-1]
    if not listed.is_ok:
        return Answer(answer_failures([listed], language=language))
    assets = read_assets(listed)
    if isinstance(intent, ListHosts):
        return Answer(answers.list_hosts(assets, language=language))
    hosts = _choose(intent, assets)
    if not hosts:
        return Answer(answers.ask_for_host(intent.host, assets, language=language))
    return _plan_on(hosts, intent, turn=turn)


def plan_named_host(names: Sequence[str], results: TurnResults, *, judge: JudgeHost, language: Language) -> Plan | None:
    """A look at the first host of these names; None where no host has one of them."""
    missing = results.missing([list_assets()])
    if missing:
        return CallTools(missing)
    listed = results.of(ASSETS)[-1]
    assets = read_assets(listed) if listed.is_ok else ()
    host = next((name for name in names if any(_has_name(asset, name) for asset in assets)), None)
    if host is None:
        return None
    return plan_host(LookAtHost(HostTopic.HEALTH, host=host), results, judge=judge, language=language)


def _plan_on(
    hosts: Sequence[str],
    intent: LookAtHost | FindPortOwner | KillProcess | ControlService | ReadJournal | RunCommand,
    *,
    turn: _Turn,
) -> Plan:
    match intent:
        case LookAtHost():
            return _look(intent, hosts, turn=turn)
        case FindPortOwner():
            return _find_owner(intent, hosts, turn=turn)
        case KillProcess():
            return _kill(intent, hosts[0], turn=turn)
        case ControlService():
            return _control(intent, hosts[0], turn=turn)
        case ReadJournal():
            return _run_once(f"journalctl -u {intent.unit} -n {intent.lines} --no-pager", hosts[0], turn=turn)
        case RunCommand():
            return _run_side_by_side(intent.command, hosts, turn=turn)


def _choose(intent: HostIntent, assets: Sequence[Asset]) -> list[str]:
    """The named host; for looks all of them, for actions only one that cannot be mistaken. Empty: somebody must say."""
    if isinstance(intent, ListHosts):
        return []
    if isinstance(intent, RunCommand) and (several := _choose_several(intent, assets)):
        return several
    if intent.host is not None:
        return _named({intent.host}, assets)[:1]
    ids = [asset.id for asset in assets]
    if isinstance(intent, LookAtHost) or len(ids) == 1:
        return ids
    return [LOCAL] if LOCAL in ids else []


def _choose_several(intent: RunCommand, assets: Sequence[Asset]) -> list[str]:
    if intent.is_everywhere:
        return [asset.id for asset in assets]
    named = _named(intent.beside, assets)
    return named if len(named) > 1 else []


def _named(names: Collection[str], assets: Sequence[Asset]) -> list[str]:
    return [asset.id for asset in assets if any(_has_name(asset, name) for name in names)]


def _has_name(asset: Asset, name: str) -> bool:
    return name in {asset.id.lower(), asset.name.lower(), asset.address}


def _look(intent: LookAtHost, hosts: Sequence[str], *, turn: _Turn) -> Plan:
    looked = hosts[: MAX_HOSTS * 5]
    parts = parts_of(intent.topic)
    groups = [looked[start : start + MAX_HOSTS] for start in range(0, len(looked), MAX_HOSTS)]
    calls = [read_facts(group, parts=parts) for group in groups]
    missing = turn.results.missing(calls)
    if missing:
        return CallTools(missing)
    looks = [look for result in turn.results.of(FACTS) for look in read_looks(result)]
    text = answers.answer_topic(intent.topic, looks, judge=turn.judge, language=turn.language)
    return Answer(text + answers.say_left_out(len(hosts) - len(looked), language=turn.language))


def _find_owner(intent: FindPortOwner, hosts: Sequence[str], *, turn: _Turn) -> Plan:
    looks = _facts_of(hosts[:1], results=turn.results)
    if not isinstance(looks, list):
        return looks
    return Answer(answers.answer_port(looks[0], port=intent.port, language=turn.language))


def _facts_of(hosts: Sequence[str], *, results: TurnResults) -> list[HostLook] | CallTools:
    missing = results.missing([read_facts(hosts, parts=_OF_PORTS)])
    if missing:
        return CallTools(missing)
    last = results.of(FACTS)[-1]
    return list(read_looks(last)) or [HostLook(host, None, "no answer") for host in hosts]


def _kill(intent: KillProcess, host: str, *, turn: _Turn) -> Plan:
    """Look who it is, ask for the kill, look again. The process is looked up anew: a number may be somebody else's."""
    done = turn.results.last(EXECUTE)
    if done is not None:
        return _after_kill(intent, host, done=done, turn=turn)
    pid = intent.pid
    if pid is None:
        looks = _facts_of([host], results=turn.results)
        if not isinstance(looks, list):
            return looks
        owner = _owner_of(looks[0], port=intent.port)
        if owner is None or owner.pid is None:
            return Answer(answers.answer_port(looks[0], port=intent.port or 0, language=turn.language))
        pid = owner.pid
    return CallTools((execute(f"kill {pid}", hosts=[host]),))


def _after_kill(intent: KillProcess, host: str, *, done: ToolResult, turn: _Turn) -> Plan:
    run = read_run(done)
    if done.outcome.status is not ToolStatus.OK or run.status != "done" or intent.port is None:
        return Answer(answers.answer_command(done, run, language=turn.language))
    looks = _facts_of([host], results=turn.results.after(done))
    if not isinstance(looks, list):
        return looks
    return Answer(answers.answer_killed(run, looks[0], port=intent.port, language=turn.language))


def _owner_of(look: HostLook, *, port: int | None) -> ListenerFacts | None:
    found = figures.listeners_on(look, port=port or 0)
    return next((listener for listener in found if listener.pid is not None), found[0] if found else None)


def _control(intent: ControlService, host: str, *, turn: _Turn) -> Plan:
    if intent.action is ServiceAction.STATUS:
        return _run_once(f"systemctl status {intent.unit} --no-pager -n 20", host, turn=turn)
    order = f"systemctl {intent.action.value} {intent.unit}"
    made = _run_of(order, turn.results)
    if made is None:
        return CallTools((execute(order, hosts=[host]),))
    run = read_run(made)
    if made.outcome.status is not ToolStatus.OK or run.status != "done":
        return Answer(answers.answer_command(made, run, language=turn.language))
    check = f"systemctl is-active {intent.unit}"
    checked = _run_of(check, turn.results)
    if checked is None:
        return CallTools((execute(check, hosts=[host]),))
    state: CommandRun = read_run(checked)
    return Answer(answers.answer_service(run, state, unit=intent.unit, language=turn.language))


def _run_side_by_side(command: str, hosts: Sequence[str], *, turn: _Turn) -> Plan:
    groups = [hosts[start : start + MAX_RUN_HOSTS] for start in range(0, len(hosts), MAX_RUN_HOSTS)]
    missing = turn.results.missing([execute(command, hosts=group) for group in groups])
    if missing:
        return CallTools(missing)
    told = [answers.answer_command(made, read_run(made), language=turn.language) for made in turn.results.of(EXECUTE)]
    return Answer(paragraphs(*told))


def _run_once(command: str, host: str, *, turn: _Turn) -> Plan:
    made = _run_of(command, turn.results)
    if made is None:
        return CallTools((execute(command, hosts=[host]),))
    return Answer(answers.answer_command(made, read_run(made), language=turn.language))


def _run_of(command: str, results: TurnResults) -> ToolResult | None:
    return next((result for result in results.of(EXECUTE) if result.arguments.get("command") == command), None)
