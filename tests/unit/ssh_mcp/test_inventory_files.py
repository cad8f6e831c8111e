"""Inventory files: our own, OpenSSH's and Ansible's. A bad entry is named and the others are there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ssh_mcp.inventories.ansible_inventory import read_ansible_inventory
from ssh_mcp.inventories.domain import Asset, Inventory, Tier
from ssh_mcp.inventories.openssh_config import read_openssh_config
from ssh_mcp.inventories.yaml_file import parse_yaml_inventory


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def by_id(inventory: Inventory) -> dict[str, Asset]:
    return {asset.id: asset for asset in inventory.assets}


def told(inventory: Inventory) -> str:
    return "\n".join(problem.text for problem in inventory.problems)


def own(text: str) -> Inventory:
    return parse_yaml_inventory(text, source="hosts", folder=Path("/etc/robot"))


class TestOwn:
    def test_defaults_hold_where_a_host_says_nothing(self) -> None:
        assets = by_id(
            own("""
version: 1
defaults:
  accounts: [ops, {name: root, keys: [root_key], password_env: ROOT_PASSWORD}]
  login: {keys: [keys/ops], certificates: [keys/ops-cert.pub], agent: true}
  tier: test
  port: 2200
hosts:
  - {id: web-1, address: 10.0.0.1}
  - {id: web-2, address: 10.0.0.2, port: 22, accounts: [deploy], tier: prod, groups: [web], labels: {team: shop},
     read_only: true}
""")
        )

        ops, root = assets["web-1"].accounts
        assert (str(assets["web-1"].endpoint), assets["web-1"].tier) == ("10.0.0.1:2200", Tier.TEST)
        assert (ops.name, ops.keys, ops.use_agent) == ("ops", (Path("/etc/robot/keys/ops"),), True)
        assert (root.keys, root.password_env, root.use_agent) == (
            (Path("/etc/robot/root_key"),),
            "ROOT_PASSWORD",
            False,
        )
        assert [account.name for account in assets["web-2"].accounts] == ["deploy"]
        assert (assets["web-2"].tier, assets["web-2"].is_read_only) == (Tier.PROD, True)

    def test_jump_hosts_are_followed(self) -> None:
        assets = by_id(
            own("""
version: 1
defaults: {accounts: [ops], jump: inner}
hosts:
  - {id: outer, address: outer.example, jump: []}
  - {id: inner, address: inner.example, jump: outer}
  - {id: db, address: db.example}
  - {id: direct, address: direct.example, jump: []}
  - {id: listed, address: listed.example, jump: [direct, inner]}
""")
        )

        routes = {name: [hop.endpoint.address for hop in asset.route] for name, asset in assets.items()}
        assert routes["db"] == ["outer.example", "inner.example"]
        assert routes["direct"] == []
        assert routes["listed"] == ["direct.example", "inner.example"]

    def test_bad_hosts_are_named_and_the_others_are_there(self) -> None:
        inventory = own("""
version: 1
defaults: {accounts: [ops]}
hosts:
  - {id: good, address: 10.0.0.1}
  - {id: typo, address: 10.0.0.2, read_onyl: true}
  - {id: nowhere}
  - {id: good, address: 10.0.0.3}
  - {id: text-port, address: 10.0.0.4, port: "22"}
  - {id: circle-1, address: a, jump: circle-2}
  - {id: circle-2, address: b, jump: circle-1}
  - {id: lost, address: c, jump: nobody}
  - {id: -oProxyCommand=x, address: d}
  - {id: option, address: -oProxyCommand=x}
  - just text
""")

        text = told(inventory)
        assert list(by_id(inventory)) == ["good"]
        assert "host 'typo': read_onyl: Extra inputs are not permitted" in text
        assert "host 'nowhere': address: Field required" in text
        assert "host 'good': the id is taken" in text
        assert "host 'circle-1': jump: 'circle-1' would be reached over itself" in text
        assert "host 'lost': jump: no usable host 'nobody' in this file" in text
        assert "host number 11:" in text
        assert len(inventory.problems) == 10

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("version: 1\nhosts: [", "no valid YAML"),
            ("hosts: []", "version: Field required"),
            ("version: 2\nhosts: []", "version: Input should be 1"),
            ("version: 1\ndefaults: {password: hunter2}", "defaults.password: Extra inputs are not permitted"),
            ("- a\n- b", "file: "),
        ],
    )
    def test_unusable_file_says_what_is_wrong_without_showing_values(self, text: str, problem: str) -> None:
        inventory = own(text)

        assert inventory.assets == ()
        assert problem in told(inventory)
        assert "hunter2" not in told(inventory)


OPENSSH = """
# comment
Include conf.d/*.conf
Host web-1 web-2
    HostName %h.example.com
    User deploy
    Port=2201
    IdentityFile "{folder}/key"
Host *.example.com !secret.example.com
    User wildcard
Host db
    HostName 10.0.0.9
    ProxyJump admin@bastion:2222,inner
    HostKeyAlias database
Host bastion
    HostName bastion.example.com
    ProxyJump none
Host inner
    HostName 10.0.0.3
    Port 2203
Host proxied
    ProxyCommand nc %h %p
Match originalhost web-2 exec "touch {folder}/executed"
    User evil
Match originalhost web-2
    Compression yes
    User matched
Host *
    User ops
    Port 22
"""


class TestOpenssh:
    @pytest.fixture
    def inventory(self, tmp_path: Path) -> Inventory:
        write(tmp_path / "key", "")
        write(tmp_path / "conf.d" / "first.conf", "Host included\n  HostName 10.1.1.1\n  User first\n")
        path = write(tmp_path / "config", OPENSSH.replace("{folder}", str(tmp_path)))
        return read_openssh_config(path, source="ssh-config", has_agent=True)

    def test_every_named_host_is_an_asset(self, inventory: Inventory) -> None:
        assets = by_id(inventory)

        assert list(assets) == ["included", "web-1", "web-2", "db", "bastion", "inner"]
        assert str(assets["web-1"].endpoint) == "web-1.example.com:2201"
        assert assets["web-1"].accounts[0].name == "deploy"
        assert [path.name for path in assets["web-1"].accounts[0].keys] == ["key"]
        assert (assets["included"].address, assets["included"].accounts[0].name) == ("10.1.1.1", "first")
        assert assets["db"].endpoint.host_key_alias == "database"
        assert assets["db"].tier is Tier.PROD

    def test_jump_hosts_use_their_own_entries(self, inventory: Inventory) -> None:
        first, second = by_id(inventory)["db"].route

        assert (str(first.endpoint), first.account.name) == ("bastion.example.com:2222", "admin")
        assert (str(second.endpoint), second.account.name) == ("10.0.0.3:2203", "ops")

    def test_nothing_is_executed_and_what_is_left_out_is_told(self, inventory: Inventory, tmp_path: Path) -> None:
        assert not (tmp_path / "executed").exists()
        assert "Match originalhost web-2 exec" in told(inventory)
        assert "host 'proxied': it is reached by a ProxyCommand" in told(inventory)

    @pytest.mark.parametrize("name", ["included", "web-1", "web-2", "db", "bastion", "inner"])
    def test_options_are_those_that_the_ssh_client_finds(self, inventory: Inventory, name: str, tmp_path: Path) -> None:
        config = write(tmp_path / "judged", (tmp_path / "config").read_text().replace(" exec ", " user nobody exec "))
        config.write_text(config.read_text().replace("conf.d/", f"{tmp_path}/conf.d/"))

        shown = subprocess.run(
            ["ssh", "-G", "-F", str(config), name], capture_output=True, text=True, timeout=10, check=True
        )

        options = dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)
        asset = by_id(inventory)[name]
        assert (asset.endpoint.address, str(asset.endpoint.port), asset.accounts[0].name) == (
            options["hostname"],
            options["port"],
            options["user"],
        )

    def test_circles_are_told(self, tmp_path: Path) -> None:
        path = write(tmp_path / "config", "Host a\n ProxyJump b\nHost b\n ProxyJump a\nHost c\n Port x\n")

        inventory = read_openssh_config(path, source="ssh-config", has_agent=False)

        assert inventory.assets == ()
        assert "in a circle" in told(inventory)
        assert "'x' is no port" in told(inventory)

    def test_missing_file_is_a_problem(self, tmp_path: Path) -> None:
        inventory = read_openssh_config(tmp_path / "none", source="ssh-config", has_agent=False)

        assert "No such file" in told(inventory)


INI = """
lonely ansible_user=ops
[web]
web[01:03].example.com ansible_port=2201
web-x ansible_host=10.0.0.7 ansible_user='special user' # comment
[db]
db-[a:b]
broken[1:z9]
[prod:children]
web
[stage:children]
db
[prod:vars]
ansible_user=deploy
ansible_ssh_common_args='-o ProxyJump=jump@gate.example.com:2222 -o StrictHostKeyChecking=no'
[db:vars]
ansible_user = dba
ansible_password=hunter2
[web:bogus]
what
"""


class TestAnsible:
    def test_ini_hosts_get_the_variables_of_their_groups(self, tmp_path: Path) -> None:
        inventory = read_ansible_inventory(write(tmp_path / "hosts", INI), source="ansible")
        assets = by_id(inventory)

        assert list(assets) == [
            "lonely", "web01.example.com", "web02.example.com", "web03.example.com", "web-x", "db-a", "db-b",
        ]  # fmt: skip
        web = assets["web01.example.com"]
        assert (web.accounts[0].name, web.endpoint.port, web.groups, web.tier) == (
            "deploy", 2201, ("prod", "web"), Tier.PROD,
        )  # fmt: skip
        assert (str(web.route[0].endpoint), web.route[0].account.name) == ("gate.example.com:2222", "jump")
        assert (assets["web-x"].address, assets["web-x"].accounts[0].name) == ("10.0.0.7", "special user")
        assert (assets["db-a"].tier, assets["db-a"].accounts[0].name) == (Tier.STAGING, "dba")
        assert (assets["lonely"].tier, assets["lonely"].groups) == (Tier.PROD, ())
        assert "its password is not used" in told(inventory)
        assert "range 1:z9" in told(inventory)
        assert "no section of the kind 'bogus'" in told(inventory)
        assert "hunter2" not in told(inventory)

    def test_yaml_groups_files_beside_it_and_encrypted_values(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "inventory.yml",
            """
all:
  vars: {ansible_user: ops}
  children:
    test:
      hosts:
        app-[1:2]: {}
        here: {ansible_connection: local}
        templated: {ansible_host: "{{ lookup('x') }}"}
      vars:
        ansible_password: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          3132
""",
        )
        write(tmp_path / "group_vars" / "test.yml", "ansible_port: 2222\n")
        write(tmp_path / "group_vars" / "all" / "main.yml", "$ANSIBLE_VAULT;1.1;AES256\n3132\n")
        write(tmp_path / "host_vars" / "app-2", "ansible_host: 10.9.9.9\nenv: production\n")

        inventory = read_ansible_inventory(path, source="ansible")

        assets = by_id(inventory)
        assert list(assets) == ["app-1", "app-2"]
        assert (str(assets["app-1"].endpoint), assets["app-1"].tier) == ("app-1:2222", Tier.TEST)
        assert (str(assets["app-2"].endpoint), assets["app-2"].tier) == ("10.9.9.9:2222", Tier.PROD)
        assert "all/main.yml is encrypted and is not read" in told(inventory)
        assert "host 'templated': ansible_host is a template" in told(inventory)
        assert "host 'here' is this machine" in told(inventory)

    @pytest.mark.parametrize(
        ("text", "problem"), [("all: [", "no valid YAML"), ("- a", "no mapping of groups"), ("all: 7", "group 'all'")]
    )
    def test_unusable_yaml_says_why(self, text: str, problem: str, tmp_path: Path) -> None:
        inventory = read_ansible_inventory(write(tmp_path / "hosts.yaml", text), source="ansible")

        assert problem in told(inventory)
