"""The launcher's options and the kubeconfig it writes."""

import stat
from pathlib import Path

import pytest
import yaml

from simulator.kubeconfig import write_kubeconfig
from simulator.settings import read_options


def test_no_scenario_is_a_healthy_world() -> None:
    options = read_options([])

    assert (options.port, options.kubeconfig, options.scenarios, options.seed) == (0, None, (), 7)
    assert not options.requires_token


def test_scenarios_are_named_or_those_of_the_demo() -> None:
    assert read_options(["--scenario", "a", "--scenario", "b", "--scenario", "a"]).scenarios == ("a", "b")
    assert read_options(["--scenarios", "demo"]).scenarios is None
    assert read_options(["--scenarios", "none"]).scenarios == ()


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--scenario", "a", "--scenarios", "demo"], ["--what"]])
def test_wrong_options_end_the_program(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(arguments)

    assert "error:" in capsys.readouterr().err


def test_kubeconfig_holds_server_and_token_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "below" / "kubeconfig"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)

    write_kubeconfig(path, server="http://127.0.0.1:6443", token="secret")

    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert written["clusters"][0]["cluster"]["server"] == "http://127.0.0.1:6443"
    assert written["users"][0]["user"]["token"] == "secret"
    assert written["current-context"] == written["contexts"][0]["name"]
    assert [entry.name for entry in path.parent.iterdir()] == ["kubeconfig"]
