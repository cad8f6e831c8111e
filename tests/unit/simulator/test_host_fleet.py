"""Fleets of any size, their doors and the inventory that names them."""

import time
from pathlib import Path

import asyncssh
import pytest
import yaml

from simulator.hosts.estate.fleet import Fleet, UnknownHost
from simulator.hosts.login.inventory import write_inventory
from simulator.hosts.login.server import SshFleet
from simulator.settings import read_options


def test_a_fleet_grows_to_the_wanted_size_with_names_and_addresses_of_their_own() -> None:
    fleet = Fleet(now=time.time)
    servers = len(fleet)

    fleet.add_spares(200)
    fleet.add_spares(10)

    assert len(fleet) == 200
    assert len({host.address for host in fleet}) == 200
    assert [host.name for host in fleet][servers] == "web-001"


def test_an_unknown_host_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownHost, match="db-1"):
        Fleet(now=time.time).get("nope")


async def test_every_host_has_a_door_with_a_key_of_its_own_and_stands_in_the_inventory(tmp_path: Path) -> None:
    fleet = Fleet(now=time.time)
    served = SshFleet(fleet)
    await served.open()
    inventory = tmp_path / "estate" / "hosts.yaml"

    write_inventory(inventory, served.doors, client_key=served.client_key)
    await served.close()

    document = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    key = inventory.with_suffix(".key")
    assert [host["id"] for host in document["hosts"]] == [host.name for host in fleet]
    assert len({host["host_keys"][0] for host in document["hosts"]}) == len(fleet)
    assert document["defaults"]["login"]["keys"] == [key.name]
    assert key.stat().st_mode & 0o777 == 0o600
    assert asyncssh.read_private_key(str(key)).get_fingerprint() == served.client_key.get_fingerprint()
    assert len(inventory.with_suffix(".known_hosts").read_text(encoding="utf-8").splitlines()) == len(fleet)


async def test_ports_follow_each_other_from_a_chosen_one_and_run_out_with_a_clear_error() -> None:
    served = SshFleet(Fleet(now=time.time))

    with pytest.raises(OSError, match="need ports up to"):
        await served.open(first_port=65533)

    assert served.doors == []


@pytest.mark.parametrize(
    "arguments", [["--inventory", "x.yaml"], ["--hosts", "5"], ["--ssh-port", "0", "--hosts", "5000"]]
)
def test_options_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(arguments)
