"""What programs do, decided from their description, environment and limits; and what the registry answers."""

import pytest

from simulator.world.estate import read_catalogue
from simulator.world.programs.program import Cache, Program
from simulator.world.programs.registry import Found, Refused, Registry, full_reference, is_valid_reference
from simulator.world.programs.run_plan import Surroundings, plan_run
from simulator.world.programs.shell_script import read_script

MIB = 1024 * 1024
SERVICE = Program(name="service", ports=(8080,), port_env="PORT", required_env=("TOKEN",), memory_mib=64)


def test_a_program_with_all_it_needs_listens_after_its_start_up_time() -> None:
    plan = plan_run(SERVICE, Surroundings(env={"TOKEN": "x"}, version="1.0.0", memory_limit=0))

    assert plan.end is None
    assert plan.listens_on == (8080,)
    assert plan.listens_after == pytest.approx(1.53)
    assert [line.text for line in plan.lines] == ["starting version 1.0.0", "listening on :8080"]


def test_the_port_may_come_from_the_environment() -> None:
    plan = plan_run(SERVICE, Surroundings(env={"TOKEN": "x", "PORT": "9000"}, version="1", memory_limit=0))

    assert plan.listens_on == (9000,)


def test_an_empty_required_variable_counts_as_missing() -> None:
    plan = plan_run(SERVICE, Surroundings(env={"TOKEN": ""}, version="1", memory_limit=0))

    assert plan.end is not None
    assert (plan.end.code, plan.end.reason) == (1, "Error")
    assert plan.lines[-1].level == "ERROR"


def test_a_limit_below_the_base_memory_kills_at_once() -> None:
    plan = plan_run(SERVICE, Surroundings(env={"TOKEN": "x"}, version="1", memory_limit=32 * MIB))

    assert plan.end is not None
    assert (plan.end.code, plan.end.reason) == (137, "OOMKilled")


@pytest.mark.parametrize(("limit_mib", "is_killed"), [(64 + 128, False), (64 + 127, True), (0, False)])
def test_a_cache_is_loaded_as_far_as_the_limit_allows(limit_mib: int, is_killed: bool) -> None:
    program = Program(name="cache", memory_mib=64, ports=(80,), cache=Cache(size_mib=128, step_mib=32))

    plan = plan_run(program, Surroundings(env={}, version="1", memory_limit=limit_mib * MIB))

    assert (plan.end is not None) is is_killed
    assert plan.memory_bytes == (limit_mib if is_killed else 64 + 128) * MIB


def test_a_script_that_ends_tells_its_lines_and_exit_code() -> None:
    script = read_script(["sh", "-c", "echo one; sleep 2; echo two && exit 4"])

    assert [text for _, text in script.lines] == ["one", "two"]
    assert script.exit_code == 4
    assert script.ends_after == pytest.approx(2.05)


def test_an_endless_loop_repeats_its_lines() -> None:
    script = read_script(["sh", "-c", "while true; do echo beat; sleep 30; done"])

    assert script.ends_after is None
    assert script.repeated == ("beat",)
    assert script.repeats_every == pytest.approx(30.05)


def test_an_unknown_command_ends_with_127() -> None:
    script = read_script(["sh", "-c", "gunicorn app"])

    assert (script.exit_code, script.lines[0][1]) == (127, "sh: gunicorn: not found")


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("webshop/cart:1", "docker.io/webshop/cart:1"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
    ],
)
def test_references_are_completed_as_the_runtime_does(short: str, full: str) -> None:
    assert full_reference(short) == full


def test_an_unknown_repository_is_refused_differently_from_an_unknown_tag() -> None:
    registry = Registry(read_catalogue())

    unknown, wrong_tag, found = (registry.look_up(name) for name in ("nobody/app:1", "nginx:0.0", "nginx:1.28.0"))

    assert isinstance(unknown, Refused)
    assert "pull access denied" in unknown.message
    assert isinstance(wrong_tag, Refused)
    assert wrong_tag.message.endswith("docker.io/library/nginx:0.0: not found")
    assert isinstance(found, Found)


@pytest.mark.parametrize(
    ("reference", "is_valid"), [("nginx", True), ("Web/App:v1", False), ("", False), ("a b", False)]
)
def test_image_names_are_checked(reference: str, is_valid: bool) -> None:
    assert is_valid_reference(reference) is is_valid
