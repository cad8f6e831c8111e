"""What people do on a host when something is wrong: look, find the culprit, act, see that it helped."""

import time

import pytest

from simulator.hosts.estate.fleet import Fleet
from simulator.hosts.machine.host import Host
from tests.fakes.simulated_host import run_now
from tests.fakes.simulated_world import LivingWorld

GIB = 1024**3


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(now=time.time)


def used_percent(host: Host, mount_point: str) -> int:
    line = run_now(host, f"df -P {mount_point} | tail -n 1").stdout
    return int(line.split()[4].rstrip("%"))


def test_the_holder_of_a_port_is_found_by_every_tool_and_killed(fleet: Fleet) -> None:
    host = fleet.get("app-1")
    pid = run_now(host, "lsof -t -i :8080").stdout.strip()

    assert f"pid={pid}," in run_now(host, "ss -ltnp 'sport = :8080'").stdout
    assert f"{pid}/java" in run_now(host, "netstat -tlnp | grep :8080").stdout
    assert run_now(host, f"kill -9 {pid}").status == 0
    assert run_now(host, f"kill -0 {pid}").status == 1


def test_a_service_that_is_killed_comes_back_when_its_unit_says_so(fleet: Fleet) -> None:
    host = fleet.get("cache-1")
    before = run_now(host, "pidof redis-server").stdout

    run_now(host, "pkill -9 redis-server")

    after = run_now(host, "pidof redis-server").stdout
    assert after
    assert after != before
    assert run_now(host, "systemctl is-active redis-server").stdout == "active\n"
    assert "Scheduled restart job" in run_now(host, "journalctl -u redis-server --no-pager").stdout


def test_stopping_a_service_frees_its_port(fleet: Fleet) -> None:
    host = fleet.get("gateway-1")

    run_now(host, "systemctl stop nginx")

    assert run_now(host, "curl -s http://localhost/").status == 7
    assert run_now(host, "systemctl status nginx").status == 3
    run_now(host, "systemctl start nginx")
    assert run_now(host, "curl -s http://localhost/").stdout == "ok\n"


@pytest.mark.parametrize(
    "repair",
    [
        "rm /var/log/big.log",
        "truncate -s 0 /var/log/big.log",
        ": > /var/log/big.log",
        "find /var/log -size +1G -delete",
    ],
)
def test_every_way_to_get_rid_of_a_large_file_frees_its_space(fleet: Fleet, repair: str) -> None:
    host = fleet.get("backup-1")
    run_now(host, "touch /var/log/big.log; truncate -s 30G /var/log/big.log")
    assert used_percent(host, "/") > 90
    assert "/var/log/big.log" in run_now(host, "du -a /var/log | sort -rn | head -n 3").stdout

    run_now(host, repair)

    assert used_percent(host, "/") < 30


def test_a_deleted_file_that_is_open_keeps_its_space_until_its_process_ends(fleet: Fleet) -> None:
    host = fleet.get("gateway-1")
    nginx = host.processes.find(host.units["nginx.service"].main_pid)
    assert nginx is not None
    nginx.writes_to = ("/var/log/big.log",)
    run_now(host, "touch /var/log/big.log; truncate -s 20G /var/log/big.log; rm /var/log/big.log")

    held = used_percent(host, "/")
    listed = run_now(host, "lsof +L1").stdout
    run_now(host, "systemctl restart nginx")

    assert held > 60
    assert "/var/log/big.log (deleted)" in listed
    assert used_percent(host, "/") < 30


def test_the_journal_is_chosen_by_unit_time_priority_and_pattern(fleet: Fleet) -> None:
    host = fleet.get("db-1")
    host.say("postgres", "ERROR: deadlock detected", unit="postgresql.service", priority=3)
    host.say("kernel", "eth0: link down", priority=4)

    def read(options: str) -> str:
        return run_now(host, f"journalctl --no-pager -o cat {options}").stdout

    assert read("-u postgresql -p err") == "ERROR: deadlock detected\n"
    assert read("-k --since '-1min'") == "eth0: link down\n"
    assert read("-g 'DEADLOCK' --since today") == "-- No entries --\n"
    assert read("-g deadlock -n 1") == "ERROR: deadlock detected\n"
    assert run_now(host, "journalctl --since nonsense").status == 1


def test_killing_the_process_of_a_container_on_its_node_restarts_the_container() -> None:
    living = LivingWorld()
    pod = living.pods("cart")[0]
    host = living.world.fleet.get(pod["spec"]["nodeName"])
    before = pod["status"]["containerStatuses"][0]["restartCount"]

    killed = run_now(host, "pkill -9 -f 'python -m cart'")

    living.pass_time(5)
    after = living.pods("cart")[0]["status"]["containerStatuses"][0]
    assert killed.status == 0
    assert after["restartCount"] == before + 1
    assert after["lastState"]["terminated"]["exitCode"] == 137


def test_neighbours_answer_on_the_ports_they_have(fleet: Fleet) -> None:
    host = fleet.get("app-1")

    assert run_now(host, "nc -z cache-1 6379").status == 0
    assert run_now(host, "nc -z cache-1 1234").status == 1
    assert run_now(host, "ping -c 1 192.0.2.21").status == 0
    assert run_now(host, "ping -c 1 nowhere.example.net").status == 2
