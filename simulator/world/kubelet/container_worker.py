"""One container of one pod on its node: image, configuration, start, probes, exit, back-off and restart."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.identity import image_digest
from simulator.world.kubelet.container_run import ContainerRun, termination_message
from simulator.world.kubelet.container_start import command_of, memory_problem, mounted_files, surroundings_of
from simulator.world.kubelet.container_user import check_user
from simulator.world.kubelet.dependency_calls import DependencyCalls
from simulator.world.kubelet.environment import ConfigError, resolve_environment
from simulator.world.kubelet.executables import start_error
from simulator.world.kubelet.image_pull import ImagePull, Says
from simulator.world.kubelet.node_memory import NodeMemory
from simulator.world.kubelet.probe_check import ProbeScene, check_probe
from simulator.world.kubelet.probe_worker import ProbeKind, ProbeOutcome, ProbeReports, ProbeWorker
from simulator.world.kubelet.restarts import SYNC_SECONDS, Restarts
from simulator.world.kubelet.start_hook import KILLED_BECAUSE, hook_fails
from simulator.world.kubelet.status import running, terminated, volume_mounts, waiting
from simulator.world.programs.registry import Found
from simulator.world.programs.run_plan import RunPlan, foreign_plan, plan_run

KILLED_EXIT_CODE = 137
START_ERROR_EXIT_CODE = 128

PROBE_KINDS: tuple[ProbeKind, ...] = ("startup", "readiness", "liveness")


@dataclass(frozen=True, slots=True)
class PodPlace:
    """What a container needs to know of its pod; `read` answers the pod's current object."""

    read: Callable[[], JsonObject]
    address: Callable[[], str]
    images: set[str]
    record: Callable[..., None]
    changed: Callable[[], None]
    taken_ports: Callable[[], set[int]]
    paths: set[str]
    """Files that containers of the pod have left in shared volumes."""
    architecture: str
    memory: NodeMemory
    started: Callable[["ContainerWorker"], None]


class ContainerWorker:
    """A small state machine; `changed` of its place is called after every visible step."""

    def __init__(self, container: JsonObject, *, engine: Engine, place: PodPlace, is_init: bool = False) -> None:
        self.spec = container
        self.name: str = container["name"]
        self.is_init = is_init
        self.is_sidecar = is_init and container.get("restartPolicy") == "Always"
        self.state = waiting("ContainerCreating")
        self.last_state: JsonObject = {}
        self.restart_count = 0
        self.is_ready = False
        self.is_started = False
        self.run: ContainerRun | None = None
        self.previous_run: ContainerRun | None = None
        self._engine = engine
        self._place = place
        self._image: Found | None = None
        self._probes: dict[ProbeKind, ProbeWorker] = {}
        self._calls: DependencyCalls | None = None
        self._epoch = 0
        self._is_stopping = False
        self._end_waiting: Callable[[], None] = lambda: None
        self._says = Says(self._record)
        self._restarts = Restarts(
            name=self.name,
            engine=engine,
            says=self._says,
            later=self._later,
            show=self._show_waiting,
            restart=self._restart,
        )
        self._pull = ImagePull(
            engine=engine,
            images=place.images,
            says=self._says,
            later=self._later,
            show=self._show,
            tell_pod=self._tell_of_secrets,
            architecture=place.architecture,
        )

    @property
    def is_running(self) -> bool:
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        """Of the container's last state when it is not running."""
        ended = self.state.get("terminated")
        return int(ended["exitCode"]) if ended else None

    def begin(self) -> None:
        """Bring the container up from nothing."""
        if not self._is_stopping:
            self._pull.ensure(self.spec, pod=self._place.read(), then=self._create)

    def retry_now(self) -> None:
        """A ConfigMap or Secret the container may be waiting for has appeared."""
        if (self.state.get("waiting") or {}).get("reason") == "CreateContainerConfigError":
            self._epoch += 1
            self._later(0.6, self.begin)

    def stop(self, *, grace_seconds: float) -> None:
        """The pod is going: end the process, or whatever keeps it from starting."""
        self._epoch += 1
        self._is_stopping = True
        self._stop_probes()
        if self.run is None or not self.is_running:
            return
        self._says.normal("Killing", f"Stopping container {self.name}")
        self._terminate(grace_seconds=grace_seconds)

    def end_by_signal(self, number: int) -> None:
        """Somebody on the node has killed its process."""
        if self.is_running and self.run is not None:
            self._ended(code=128 + number, reason="Error")

    def abandon(self) -> None:
        """The pod object is gone: forget everything that is planned."""
        self._epoch += 1
        self._is_stopping = True
        self._stop_probes()
        if self.run is not None:
            self._place.memory.end(self.run)

    def is_listening(self, port: int) -> bool:
        return self.is_running and self.run is not None and self.run.is_listening(port, at=self._engine.now)

    def previous_shown(self) -> ContainerRun | None:
        """The run that `lastState` describes: while the container waits for its restart, that is the latest run."""
        is_waiting = "waiting" in self.state and bool(self.last_state)
        return self.run if is_waiting else self.previous_run

    def status(self) -> JsonObject:
        shown: JsonObject = {
            "name": self.name,
            "state": self.state,
            "lastState": self.last_state,
            "ready": self.is_ready,
            "restartCount": self.restart_count,
            "image": self.run.image if self.run else self.spec["image"],
            "imageID": self._image_id() if self.run else "",
        }
        if self.run is not None:
            shown["containerID"] = self.run.container_id
        shown["started"] = self.is_started
        mounts = volume_mounts(self.spec)
        return {**shown, "volumeMounts": mounts} if mounts else shown

    def _image_id(self) -> str:
        if self.run is None:
            return ""
        repository = self.run.image.rsplit(":", 1)[0]
        return f"{repository}@{image_digest(self.run.image)}"

    def _create(self, image: Found) -> None:
        self._image = image
        pod = self._place.read()
        try:
            check_user(pod, self.spec, image_user=image.user)
            env = resolve_environment(pod, self.spec, store=self._engine.state.store)
        except ConfigError as error:
            self._says.warning("Failed", f"Error: {error}")
            self._show(waiting("CreateContainerConfigError", str(error)))
            self._later(self._engine.identities.between(*SYNC_SECONDS), self.begin)
            return
        self._says.normal("Created", f"Created container: {self.name}")
        self._later(self._engine.identities.between(0.15, 0.4), lambda: self._start(image, env=env))

    def _start(self, image: Found, *, env: dict[str, str]) -> None:
        command = command_of(self.spec) if image.program.is_shell else self.spec.get("command") or []
        if problem := start_error(image.program, command) or memory_problem(self.spec):
            self._refuse_start(image, problem)
            return
        self._says.normal("Started", f"Started container {self.name}")
        run = self._begin_run(image, plan=self._plan(image, env=env), env=env)
        self.state = running(since=self._engine.now)
        self.is_started = "startupProbe" not in self.spec
        serves = not self.is_init or self.is_sidecar
        self.is_ready = self.is_started and "readinessProbe" not in self.spec and serves
        if run.plan.end is not None:
            end = run.plan.end
            self._later(end.offset, lambda: self._ended(code=end.code, reason=end.reason))
        self._place.memory.begin(run, container=self.spec, kill=self._kill_by_kernel)
        self._place.started(self)
        read, changed = self._place.read, self._wake_probes
        self._calls = DependencyCalls(run, env=env, caller=read, engine=self._engine, changed=changed)
        self._wait_for_address(run)
        if hook_fails(self.spec, run=run, paths=self._place.paths):
            self._end_after_hook()
        else:
            self._start_probes(run)
        self._place.changed()

    def _end_after_hook(self) -> None:
        self.is_ready = False
        self._says.warning(KILLED_BECAUSE, "PostStartHook failed")
        self._says.normal("Killing", KILLED_BECAUSE)
        self._terminate(grace_seconds=self._place.read()["spec"].get("terminationGracePeriodSeconds", 30))

    def _plan(self, image: Found, *, env: dict[str, str]) -> RunPlan:
        if self._place.architecture not in image.architectures:
            return foreign_plan(command_of(self.spec), program=image.program)
        return plan_run(
            image.program,
            surroundings_of(
                self._place.read(),
                self.spec,
                image=image,
                env=env,
                engine=self._engine,
                taken_ports=self._place.taken_ports(),
                paths=self._place.paths,
            ),
        )

    def _begin_run(self, image: Found, *, plan: RunPlan, env: dict[str, str]) -> ContainerRun:
        if self.run is not None:
            self.previous_run = self.run
            self.restart_count += 1
        container_id = self._engine.identities.container_id()
        run = ContainerRun(container_id, self.name, image.program, plan, self._engine.now, image.name, env)
        self.run = run
        return run

    def _refuse_start(self, image: Found, problem: str) -> None:
        """The runtime made the container and cannot start what it should run."""
        run = self._begin_run(image, plan=RunPlan(()), env={})
        self._says.warning("Failed", f"Error: {problem}")
        run.ended_at = self._engine.now
        self.state = terminated(
            code=START_ERROR_EXIT_CODE,
            reason="StartError",
            started=0.0,
            finished=self._engine.now,
            container_id=run.container_id,
            message=problem,
        )
        if self._is_to_restart(START_ERROR_EXIT_CODE):
            self._restarts.plan(started_at=run.started_at, read=self._place.read)
        self._place.changed()

    def _wait_for_address(self, run: ContainerRun) -> None:
        """A script that waits for an address ends as soon as it answers."""
        if not run.plan.waits_for:
            return
        pod = self._place.read()
        network = self._engine.network

        def look() -> None:
            is_there = network.trouble(run.plan.waits_for, caller=self._place.read()) is None
            if self.run is run and self.is_running and is_there:
                self._later(1.0, lambda: self._ended(code=0, reason="Completed"))

        self._end_waiting = network.listen(run.plan.waits_for, namespace=pod["metadata"]["namespace"], listener=look)

    def _kill_by_kernel(self) -> None:
        """The node has no memory left, and this is the process it costs."""
        self._epoch += 1
        self._ended(code=KILLED_EXIT_CODE, reason="OOMKilled")

    def _start_probes(self, run: ContainerRun) -> None:
        reports = ProbeReports(check=self._check, failed=self._probe_failed, decided=self._probe_decided)
        for kind in PROBE_KINDS:
            spec = self.spec.get(f"{kind}Probe")
            if spec:
                self._probes[kind] = ProbeWorker(
                    kind, spec, reports=reports, agenda=self._engine.agenda, identities=self._engine.identities
                )
        first = ("startup",) if "startup" in self._probes else ("readiness", "liveness")
        self._begin_probing(first, run=run)

    def _begin_probing(self, kinds: tuple[str, ...], *, run: ContainerRun) -> None:
        for kind, probe in self._probes.items():
            if kind in kinds:
                probe.start(process_started_at=run.started_at)

    def _check(self, _kind: ProbeKind, spec: JsonObject) -> ProbeOutcome:
        run, calls = self.run, self._calls
        if run is None or calls is None:
            return ProbeOutcome("container is not running")
        scene = ProbeScene(self._place.address(), self._engine.now, calls.health_complaints, self._files)
        return check_probe(spec, run=run, container=self.spec, scene=scene)

    def _files(self) -> set[str]:
        return {*self._place.paths, *mounted_files(self._place.read(), self.spec, engine=self._engine)}

    def _probe_failed(self, kind: ProbeKind, output: str) -> None:
        self._says.warning("Unhealthy", f"{kind.capitalize()} probe failed: {output}")

    def _probe_decided(self, kind: ProbeKind, is_success: bool) -> None:
        if kind == "readiness":
            if self.is_ready != is_success:
                self.is_ready = is_success
                self._place.changed()
        elif not is_success:
            self._says.normal("Killing", f"Container {self.name} failed {kind} probe, will be restarted")
            self._stop_probes()
            grace = self._place.read()["spec"].get("terminationGracePeriodSeconds", 30)
            self._terminate(grace_seconds=grace)
        elif kind == "startup" and not self.is_started and self.run is not None:
            self.is_started = True
            self.is_ready = "readiness" not in self._probes
            self._begin_probing(("readiness", "liveness"), run=self.run)
            self._place.changed()

    def _terminate(self, *, grace_seconds: float) -> None:
        """SIGTERM now; the program ends when it is done, or is killed when its grace period is over."""
        run = self.run
        if run is None:
            return
        program = run.program
        self._epoch += 1
        if program.stop_seconds > grace_seconds:
            self._later(grace_seconds, lambda: self._ended(code=KILLED_EXIT_CODE, reason="Error"))
            return
        if program.stopping:
            run.say(program.stopping, at=self._engine.now)
        code = program.stop_exit_code
        reason = "Completed" if code == 0 else "Error"
        self._later(program.stop_seconds, lambda: self._ended(code=code, reason=reason))

    def _ended(self, *, code: int, reason: str) -> None:
        run = self.run
        if run is None:
            return
        run.ended_at = self._engine.now
        self._place.memory.end(run)
        if code == 0:
            self._place.paths.update(run.plan.touches)
        self._stop_probes()
        self._epoch += 1
        self.is_ready = self.is_init and code == 0
        self.is_started = False
        self.state = terminated(
            code=code,
            reason=reason,
            started=run.started_at,
            finished=self._engine.now,
            container_id=run.container_id,
            message=termination_message(self.spec, run) if code else "",
        )
        if not self._is_stopping and self._is_to_restart(code):
            self._restarts.plan(started_at=run.started_at, read=self._place.read)
        self._place.changed()

    def _is_to_restart(self, code: int) -> bool:
        policy = self._place.read()["spec"].get("restartPolicy", "Always")
        if self.is_sidecar:
            return True
        if self.is_init:
            return code != 0 and policy != "Never"
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    def _restart(self) -> None:
        self._keep_ending()
        self.begin()

    def _show_waiting(self, state: JsonObject) -> None:
        self._keep_ending()
        self._show(state)

    def _keep_ending(self) -> None:
        if "terminated" in self.state:
            self.last_state = self.state

    def _stop_probes(self) -> None:
        for probe in self._probes.values():
            probe.stop()
        self._probes.clear()
        if self._calls is not None:
            self._calls.stop()
            self._calls = None
        self._end_waiting()
        self._end_waiting = lambda: None

    def _wake_probes(self) -> None:
        for probe in self._probes.values():
            probe.wake()

    def _show(self, state: JsonObject) -> None:
        if self.state != state:
            self.state = state
            self._place.changed()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something unless the container has entered another phase of its life by then."""
        epoch = self._epoch

        def run() -> None:
            if epoch == self._epoch:
                action()

        self._engine.agenda.after(seconds, run)

    def _tell_of_secrets(self, message: str) -> None:
        self._place.record(reason="FailedToRetrieveImagePullSecret", message=message, warning=True)

    def _record(self, *, reason: str, message: str, warning: bool) -> None:
        section = "initContainers" if self.is_init else "containers"
        self._place.record(reason=reason, message=message, warning=warning, field_path=f"spec.{section}{{{self.name}}}")
