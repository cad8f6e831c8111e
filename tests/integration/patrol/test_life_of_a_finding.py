"""A finding opens once, is repeated only when it is worse, and closes when it is gone."""

import asyncio
import json
from datetime import timedelta

import pytest

from backend.features.hosts.domain import LookState
from backend.features.patrol.domain import FindingState, Fix, Grade, Reading, RunState, Trigger
from backend.vocabulary.errors import AlreadyDecided, InvalidInput
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity
from host_facts.domain import CpuFacts
from tests.fakes.watching import make_disk, make_facts
from tests.integration.patrol.conftest import Desk, Place

ON_BOTH_DATABASES = True


def fill_disk(place: Place, used: float, *, host: str = "web-1") -> None:
    place.hosts.facts[host] = make_facts(host, filesystems=(make_disk("/var", used=used),))


async def test_full_disk_is_found_told_once_and_told_again_when_it_is_gone(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    runs = [await desk.look() for _ in range(3)]
    told_while_open = list(desk.titles)
    fill_disk(place, 0.5)
    for _ in range(3):
        await desk.look()

    [finding] = await desk.all_findings()
    assert [run.opened for run in runs] == [1, 0, 0]
    assert told_while_open == ["Alert: web-1: /var is 90% full, 5.0 GiB left"]
    assert desk.titles[1:] == ["Recovered (alert ended): web-1: /var is 90% full, 5.0 GiB left"]
    assert (finding.state, finding.closed_by) == (FindingState.CLOSED, "patrol")


async def test_worse_is_told_at_once_and_swinging_at_the_mark_is_not(place: Place, desk: Desk) -> None:
    for used in (0.90, 0.91, 0.96, 0.94, 0.96, 0.94, 0.96):
        fill_disk(place, used)
        await desk.look()

    assert [title.split(":")[0] for title in desk.titles] == ["Alert", "Alert, worse"]


async def test_a_clear_step_is_told_within_the_same_severity(place: Place, desk: Desk) -> None:
    for used in (0.86, 0.88, 0.915, 0.92):
        fill_disk(place, used)
        await desk.look()

    assert [title.split(" (")[0] for title in desk.titles] == [
        "Alert: web-1: /var is 86% full, 7.0 GiB left",
        "Alert, worse: web-1: /var is 91% full, 4.2 GiB left",
    ]


async def test_between_the_marks_a_finding_neither_begins_nor_ends(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.83)
    await desk.look()
    before = await desk.all_findings()
    for used in (0.86, 0.83, 0.83, 0.83):
        fill_disk(place, used)
        await desk.look()

    [finding] = await desk.all_findings()
    assert before == []
    assert finding.state is FindingState.OPEN


async def test_what_comes_and_goes_needs_several_looks_in_a_row(place: Place, desk: Desk) -> None:
    busy = CpuFacts(cores=2, load_1m=9, load_5m=9, load_15m=9)
    states = []
    for cpu in (busy, None, busy, busy):
        place.hosts.facts["web-1"] = make_facts() if cpu is None else make_facts(cpu=cpu)
        await desk.look()
        states.append([finding.state.value for finding in await desk.all_findings()])

    assert states == [["suspected"], [], ["suspected"], ["open"]]


async def test_host_that_is_silent_is_found_and_one_we_may_not_look_at_is_not(place: Place, desk: Desk) -> None:
    place.hosts.silent["web-1"] = "connection timed out"
    place.hosts.refused["web-2"] = "permission denied (publickey)"
    for _ in range(2):
        run = await desk.look()

    [finding] = await desk.all_findings()
    assert (finding.check, finding.target.id) == ("unreachable", "web-1")
    assert (run.unreachable, run.unknown) == (1, 1)
    [silent, refused] = await desk.hosts.list_targets()
    assert (silent.state, refused.state) == (LookState.UNREACHABLE, LookState.UNKNOWN)
    assert "publickey" in refused.reason


@pytest.mark.parametrize("way", ["part", "host", "list"])
async def test_what_cannot_be_seen_changes_nothing(place: Place, desk: Desk, way: str) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    if way == "part":
        unknown = {"filesystems": "df: permission denied"}
        place.hosts.facts["web-1"] = make_facts(filesystems=None, unknown=unknown)
    elif way == "host":
        place.hosts.facts.clear()
        place.hosts.refused["web-1"] = "permission denied"
    else:
        place.hosts.problem = "the tool server is not connected"
    for _ in range(4):
        await desk.look()

    [finding] = await desk.all_findings()
    assert finding.state is FindingState.OPEN
    assert len([title for title in desk.titles if "web-1" in title]) == 1
    assert (finding.unknown_since is not None) == (way != "list")


async def test_filesystem_that_did_not_answer_is_not_taken_for_one_that_is_well(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    unknown = {"filesystems": "/var did not answer in 5 s"}
    place.hosts.facts["web-1"] = make_facts(filesystems=(make_disk("/", used=0.97),), unknown=unknown)
    for _ in range(3):
        await desk.look()

    states = {finding.subject: finding.state for finding in await desk.all_findings()}
    assert states == {"/var": FindingState.OPEN, "/": FindingState.OPEN}


async def test_patrol_that_can_see_nothing_at_all_says_that_it_failed(place: Place, desk: Desk) -> None:
    place.hosts.problem = "no connected tool server offers ssh-asset-list"

    run = await desk.look()

    assert (run.state, run.problem) == (RunState.FAILED, place.hosts.problem)


@pytest.mark.parametrize("way", ["list", "every host"])
async def test_blind_patrol_is_told_once_and_so_is_its_end(place: Place, desk: Desk, way: str) -> None:
    fill_disk(place, 0.3)
    for is_blind in (False, True, True, True, False, True, False):
        if way == "list":
            place.hosts.problem = "no connected tool server offers ssh-asset-list" if is_blind else None
        else:
            place.hosts.refused = {"web-1": "the key was refused"} if is_blind else {}
        await desk.look()

    assert desk.titles == ["Alert: patrol can see nothing", "Recovered (alert ended): patrol can see again"]


async def test_host_that_leaves_the_inventory_takes_its_findings_along(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    fill_disk(place, 0.3, host="web-2")
    await desk.look()
    del place.hosts.facts["web-1"]
    await desk.look()

    [finding] = await desk.all_findings()
    assert finding.state is FindingState.CLOSED
    assert [target.target.id for target in await desk.hosts.list_targets()] == ["web-2"]
    assert len(desk.titles) == 1


async def test_host_that_is_missing_in_an_incomplete_list_keeps_its_findings(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    place.hosts.facts.clear()
    place.hosts.gap = "inventory jump-a.yaml: cannot be read"
    run = await desk.look()

    [finding] = await desk.all_findings()
    assert finding.state is FindingState.OPEN
    assert run.problem == place.hosts.gap


async def test_silence_keeps_it_quiet_until_it_is_over(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    [finding] = await desk.all_findings()
    await desk.findings.silence(finding.id, by="anna", duration=timedelta(minutes=12), reason="we know")

    fill_disk(place, 0.97)
    for _ in range(2):
        await desk.look()
    quiet = list(desk.titles)
    await desk.look()

    assert len(quiet) == 1
    assert desk.titles[1].startswith("Alert, worse")


async def test_silence_holds_for_the_next_episode_too(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    [finding] = await desk.all_findings()
    await desk.findings.silence(finding.id, by="anna", duration=timedelta(hours=8), reason="")
    for used in (0.3, 0.3, 0.9):
        fill_disk(place, used)
        await desk.look()

    states = [finding.state for finding in await desk.all_findings()]
    assert states == [FindingState.CLOSED, FindingState.OPEN]
    assert len(desk.titles) == 1


async def test_acknowledged_finding_is_told_again_only_when_more_severe(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.86)
    await desk.look()
    [finding] = await desk.all_findings()
    await desk.findings.acknowledge(finding.id, by="anna", note="cleaning up")
    for used in (0.93, 0.94, 0.97):
        fill_disk(place, used)
        await desk.look()

    detail = await desk.findings.read(finding.id)
    assert [title.split(":")[0] for title in desk.titles] == ["Alert", "Alert, worse"]
    assert detail.finding.acknowledged is not None
    assert [event.kind.value for event in detail.history] == [
        "opened", "announced", "acknowledged", "worsened", "announced",
    ]  # fmt: skip


async def test_finding_closed_by_a_person_is_a_new_one_when_it_is_still_there(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    [finding] = await desk.all_findings()
    await desk.findings.close(finding.id, by="anna", note="done")
    with pytest.raises(AlreadyDecided):
        await desk.findings.close(finding.id, by="ben", note="")
    await desk.look()

    states = [(found.state, found.closed_by) for found in await desk.all_findings()]
    assert states == [(FindingState.CLOSED, "anna"), (FindingState.OPEN, None)]


async def test_silence_without_an_end_is_refused(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.9)
    await desk.look()
    [finding] = await desk.all_findings()

    with pytest.raises(InvalidInput, match="at most 30 days"):
        await desk.findings.silence(finding.id, by="anna", duration=timedelta(days=400), reason="")


def unready(workload: str) -> Reading:
    return Reading(
        check="crash-exit-error",
        subject=workload,
        grade=Grade.CRITICAL,
        title=Text(en=f"{workload} crashes", zh=f"{workload} 崩溃"),
        cause=Text(en="exit code 1", zh="退出码 1"),
        fixes=(Fix(Text(en="Read the log.", zh="查看日志。"), "kubectl logs deploy/web"),),
    )


async def test_findings_of_a_cluster_live_like_those_of_hosts(place: Place, desk: Desk) -> None:
    place.clusters.readings = (unready("Deployment/default/web"),)
    await desk.look()
    place.clusters.readings = ()
    for _ in range(2):
        await desk.look()

    assert [title.split(":")[0] for title in desk.titles] == ["Alert", "Recovered (alert ended)"]


async def test_condition_that_can_no_longer_be_seen_is_not_gone(place: Place, desk: Desk) -> None:
    place.clusters.readings = (unready("Deployment/default/web"),)
    await desk.look()
    place.clusters.readings, place.clusters.unknown = (), ("pods: forbidden",)
    for _ in range(4):
        await desk.look()
    [hidden] = await desk.all_findings()
    place.clusters.unknown = ()
    for _ in range(2):
        await desk.look()

    [finding] = await desk.all_findings()
    assert hidden.state is FindingState.OPEN
    assert finding.state is FindingState.CLOSED


async def test_model_explains_a_finding_once_and_people_read_it(place: Place, desk: Desk) -> None:
    place.explainer.words = "The journal grew since Tuesday."
    fill_disk(place, 0.9)
    for _ in range(3):
        await desk.look()

    [text] = [body["markdown"]["text"] for body in place.robot.shown]
    assert "The model says (scripted): The journal grew since Tuesday." in text
    assert len(place.explainer.asked) == 1


async def test_model_that_is_too_slow_delays_nothing(place: Place) -> None:
    place.explainer.words, place.explainer.hold = "late", asyncio.Event()
    place.settings = place.settings.model_copy(update={"explain_seconds": 0.05})
    desk = place.open()
    fill_disk(place, 0.9)

    run = await desk.look()

    assert run.state is RunState.FINISHED
    assert len(desk.titles) == 1


async def test_one_patrol_at_a_time(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.5)
    place.hosts.hold = asyncio.Event()
    first, is_new = await desk.patrol.start(trigger=Trigger.PERSON, by="anna")
    second, is_second_new = await desk.patrol.start(trigger=Trigger.SCHEDULE, by="patrol")
    place.hosts.hold.set()
    await desk.starter.wait()

    assert (is_new, is_second_new) == (True, False)
    assert first.id == second.id


async def test_cancelled_patrol_ends_after_the_looks_under_way(place: Place, desk: Desk) -> None:
    for number in range(40):
        fill_disk(place, 0.5, host=f"web-{number}")
    place.hosts.hold = asyncio.Event()
    run, _ = await desk.patrol.start(trigger=Trigger.PERSON, by="anna")
    async with asyncio.timeout(10):
        while not place.hosts.reads:
            await asyncio.sleep(0)
    await desk.patrol.cancel(run.id, by="anna")
    place.hosts.hold.set()
    await desk.starter.wait()

    ended = await desk.patrol.get_run(run.id)
    assert ended.state is RunState.CANCELLED
    assert 0 < ended.looked < 40


async def test_log_of_a_patrol_is_stored_and_read_in_order(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.97)
    run = await desk.look()

    entries = await desk.log.read(after=0, limit=100, run_id=run.id)

    kinds = [json.loads(data)["type"] for _seq, data in entries]
    assert kinds == ["run-started", "run-planned", "looked", "finding", "run-finished"]


async def test_trend_of_a_check_is_kept(place: Place, desk: Desk) -> None:
    for used in (0.5, 0.6, 0.7):
        fill_disk(place, used)
        await desk.look()
    [target] = await desk.hosts.list_targets()

    points = await desk.findings.read_trend(target.target, check="disk-usage", subject="/var", since=None, limit=100)

    assert [point.value for point in points] == [0.5, 0.6, 0.7]


async def test_severe_is_told_with_its_severity(place: Place, desk: Desk) -> None:
    fill_disk(place, 0.99)

    await desk.look()

    assert (await desk.findings.count_open())[Severity.CRITICAL] == 1
    assert place.robot.shown[0]["markdown"]["text"].startswith("### 🔴")
