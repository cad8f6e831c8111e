"""ssh-host-facts on this machine, over a real sshd, and on hosts that cannot be read."""

from __future__ import annotations

from host_facts.domain import HostFacts
from tests.fakes.openssh import SshServer
from tests.integration.ssh_mcp.conftest import Estate, OpenTools, Person, structured, text_of


async def test_facts_come_from_every_host_and_reasons_where_there_are_none(
    estate: Estate, server: SshServer, open_tools: OpenTools
) -> None:
    estate.add("web", server)
    estate.add("gone", server, port=1, is_known=False)
    estate.add("new", server, address="localhost", is_known=False)
    person = Person()
    async with open_tools(person=person, read_only=True) as tools:
        result = await tools.call("ssh-host-facts", assets=["local", "web", "gone", "new", "nowhere"])

    hosts = {host["asset"]: host for host in structured(result)["hosts"]}
    local, web = (HostFacts.model_validate(hosts[name]["facts"]) for name in ("local", "web"))
    assert local.hostname == web.hostname
    assert local.memory is not None
    assert web.memory is not None
    assert local.memory.total_bytes == web.memory.total_bytes
    assert web.filesystems
    assert web.cpu is not None
    assert web.cpu.used_ratio is not None
    assert [hosts[name]["error_kind"] for name in ("gone", "new", "nowhere")] == [
        "unreachable",
        "forbidden",
        "not_found",
    ]
    assert f"web ({web.hostname})" in text_of(result)
    assert "cannot be connected" in text_of(result)
    assert person.questions == []


async def test_certificates_are_looked_at_where_they_are_said_to_be(open_tools: OpenTools) -> None:
    async with open_tools() as tools:
        none = structured(await tools.call("ssh-host-facts", assets=["local"], certificate_paths=["/nowhere/*.crt"]))
        wrong = structured(await tools.call("ssh-host-facts", assets=["local"], certificate_paths=["$(reboot)"]))

    assert none["hosts"][0]["facts"]["certificates"] == []
    assert wrong["hosts"][0]["error_kind"] == "bad_arguments"
