"""Every fault of a host is seen in its facts, is absent from healthy hosts, and heals when its fix is applied."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from host_facts.domain import HostFacts
from simulator.api_resources import NODES
from simulator.world import host_scenarios, load_scenarios
from simulator.world.outages import OutageKind
from tests.fakes.simulated_host import look_at, run_now
from tests.fakes.simulated_world import LivingWorld

Sign = Callable[[HostFacts], bool]


def fullest(facts: HostFacts) -> float:
    return max(item.used_ratio for item in facts.filesystems or ())


def days_of_first_certificate(facts: HostFacts) -> float:
    return ((facts.certificates or ())[0].expires_at - facts.taken_at) / timedelta(days=1)


SIGNS: dict[str, Sign] = {
    "host-disk-full": lambda facts: fullest(facts) > 0.95,
    "host-deleted-file-open": lambda facts: fullest(facts) > 0.95,
    "host-journal-large": lambda facts: fullest(facts) > 0.95,
    "host-node-disk-full": lambda facts: fullest(facts) > 0.95,
    "host-inodes-exhausted": lambda facts: max(i.inodes_used_ratio or 0 for i in facts.filesystems or ()) > 0.95,
    "host-oom-kill": lambda facts: any(p.command.endswith("load_all.py") for p in facts.top_processes or ()),
    "host-zombies": lambda facts: bool(facts.zombies),
    "host-unit-failed": lambda facts: bool(facts.failed_units),
    "host-read-only": lambda facts: any(item.was_remounted_read_only for item in facts.filesystems or ()),
    "host-clock-drift": lambda facts: facts.clock is not None and abs(facts.clock.offset_seconds or 0) > 60,
    "host-certificate-expiring": lambda facts: days_of_first_certificate(facts) < 14,
    "host-load-high": lambda facts: facts.cpu is not None and facts.cpu.load_5m > 2 * facts.cpu.cores,
    "host-swap-thrashing": lambda facts: facts.memory is not None and facts.memory.swap_used_bytes > 500 * 1024**2,
    "host-port-taken": lambda facts: [u.name for u in facts.failed_units or ()] == ["billing.service"],
    "host-open-files": lambda facts: (facts.open_files_ratio or 0) > 0.9,
}
IDS = [scenario.id for scenario in host_scenarios()]
# Those that touch the same host do not show each other's signs, so they share worlds.
GROUPS = [
    [name for name in IDS if name not in {"host-deleted-file-open", "host-node-disk-full", "host-port-taken"}],
    ["host-deleted-file-open", "host-node-disk-full", "host-port-taken"],
]


def host_of(scenario_id: str) -> str:
    return load_scenarios([scenario_id])[0].object_at_fault.rpartition("/")[2]


@pytest.fixture(scope="module")
def healthy() -> LivingWorld:
    return LivingWorld()


@pytest.fixture(scope="module", params=GROUPS, ids=["first", "second"])
def broken(request: pytest.FixtureRequest) -> tuple[LivingWorld, list[str]]:
    return LivingWorld(*request.param), request.param


def test_every_scenario_has_a_sign() -> None:
    assert set(SIGNS) == set(IDS)


def test_a_healthy_host_shows_no_sign_and_nothing_unknown(healthy: LivingWorld) -> None:
    for host in healthy.world.fleet:
        facts = look_at(host)

        shown = [name for name, sign in SIGNS.items() if name != "host-certificate-expiring" and sign(facts)]
        assert shown == [], host.name
        assert facts.unknown == {}, host.name
        assert facts.oom_kills == (), host.name


def test_an_account_without_rights_sees_all_but_the_owners_of_sockets(healthy: LivingWorld) -> None:
    facts = look_at(healthy.world.fleet.get("gateway-1"), user="ops")

    assert facts.unknown == {}
    assert {item.process for item in facts.listeners or ()} == {""}


def test_each_fault_is_seen_and_its_fix_heals_it(broken: tuple[LivingWorld, list[str]]) -> None:
    living, ids = broken
    seen = {name: SIGNS[name](look_at(living.world.fleet.get(host_of(name)))) for name in ids}
    assert seen == dict.fromkeys(ids, True)

    for name in ids:
        living.heal(load_scenarios([name])[0])

    living.pass_time(1)
    after = {name: SIGNS[name](look_at(living.world.fleet.get(host_of(name)))) for name in ids}
    assert after == dict.fromkeys(ids, False)


def test_an_out_of_memory_kill_of_a_pod_is_in_the_kernel_log_of_its_node() -> None:
    living = LivingWorld("oom-killed")
    pod = living.pods("recommendation")[0]

    facts = look_at(living.world.fleet.get(pod["spec"]["nodeName"]))

    ended = pod["status"]["containerStatuses"][0]["lastState"]["terminated"]
    kills = facts.oom_kills or ()
    assert ended["finishedAt"] in {kill.at.strftime("%Y-%m-%dT%H:%M:%SZ") for kill in kills if kill.at}
    assert all(pod["metadata"]["uid"].replace("-", "_") in kill.cgroup for kill in kills)


def test_a_full_disk_of_a_node_is_disk_pressure_for_the_cluster_until_it_is_cleaned() -> None:
    living = LivingWorld("host-node-disk-full")
    living.wait_for(lambda: disk_pressure(living, "node-3") == "True", at_most=60)

    run_now(living.world.fleet.get("node-3"), "rm /var/crash/core.2214")

    # A kubelet waits five minutes before it believes that the pressure is over.
    living.pass_time(600, step=5)
    assert disk_pressure(living, "node-3") == "False"


def disk_pressure(living: LivingWorld, node: str) -> str:
    conditions = living.store.get(NODES, name=node)["status"]["conditions"]
    return next(str(item["status"]) for item in conditions if item["type"] == "DiskPressure")


def test_stopping_the_kubelet_by_hand_is_noticed_by_the_cluster(healthy: LivingWorld) -> None:
    host = healthy.world.fleet.get("node-2")

    run_now(host, "systemctl stop kubelet")
    was_stopped = healthy.world.outages.is_on("kubelet-stopped", at="node-2")
    run_now(host, "systemctl start kubelet")

    assert was_stopped
    assert not healthy.world.outages.is_on("kubelet-stopped", at="node-2")


@pytest.mark.parametrize(
    ("outage", "sign", "repair"),
    [
        ("disk-full", "df -P / | grep -c ' 9[5-9]% '", "find /var/log -size +10G -delete"),
        ("kubelet-stopped", "systemctl is-failed kubelet", "systemctl start kubelet"),
        ("container-runtime-stopped", "systemctl is-failed containerd", "systemctl restart containerd"),
        ("process-ids-exhausted", "ps -eo nlwp | grep -c '^ *32000$'", "pkill stress-fork"),
    ],
)
def test_an_outage_of_a_node_is_seen_on_its_host_and_repaired_there(
    healthy: LivingWorld, outage: OutageKind, sign: str, repair: str
) -> None:
    host = healthy.world.fleet.get("node-2")
    before = run_now(host, sign).status

    healthy.world.outages.begin(outage, at="node-2")
    during = run_now(host, sign).status
    run_now(host, repair)

    assert (before, during) == (1, 0)
    assert not healthy.world.outages.is_on(outage, at="node-2")


def test_the_processes_of_pods_run_on_their_node(healthy: LivingWorld) -> None:
    pod = healthy.pods("web")[0]

    listed = run_now(healthy.world.fleet.get(pod["spec"]["nodeName"]), "crictl ps | grep web; ps -ef").stdout

    assert pod["metadata"]["name"] in listed
    assert "containerd" in listed
