"""Which filesystems, processes and zombies become facts."""

from host_facts.domain import MemoryFacts
from host_facts.filesystems import choose_filesystems
from host_facts.process_rules import choose_top_processes, find_zombies
from host_facts.rates import add_swap_traffic, measure_processes, used_ratio
from host_facts.readings import DiskUsage, InodeUsage, Look, Mount, Process, ProcessorTimes

GIB = 1024**3


def usage(device: str, at: str, *, used: float = 0.5) -> DiskUsage:
    return DiskUsage(device, at, GIB, int(GIB * used), int(GIB * (1 - used)))


def mount(device: str, at: str, kind: str, options: str = "rw,relatime") -> Mount:
    return Mount(device, at, kind, frozenset(options.split(",")))


def process(pid: int, *, parent: int = 1, state: str = "S", cpu: float = 0.0, memory: int = 1) -> Process:
    return Process(pid, parent, "app", state, cpu, memory, 60.0, f"program-{pid}")


def chosen(*pairs: tuple[DiskUsage, Mount]) -> list[str]:
    found = choose_filesystems([pair[0] for pair in pairs], mounts=[pair[1] for pair in pairs])
    return [item.mount_point for item in found]


RUNTIME_PLACES = [
    ("overlay", "/var/lib/docker/overlay2/a/merged", "overlay"),
    ("tmpfs", "/var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/t", "tmpfs"),
    ("shm", "/run/containerd/io.containerd/s/shm", "tmpfs"),
    ("tmpfs", "/run/user/1000", "tmpfs"),
    ("/dev/loop3", "/snap/core20/1", "squashfs"),
    ("udev", "/dev", "devtmpfs"),
]
STORAGE_PLACES = [
    ("/dev/sda1", "/", "ext4"),
    ("tmpfs", "/dev/shm", "tmpfs"),
    ("nas:/export", "/mnt/nas", "nfs4"),
    ("tmpfs", "/run", "tmpfs"),
    ("tmpfs", "/tmp", "tmpfs"),
]


def test_images_and_runtime_mounts_are_no_storage_and_a_tmpfs_is() -> None:
    places = [*RUNTIME_PLACES, *STORAGE_PLACES]

    found = chosen(*((usage(device, at), mount(device, at, kind)) for device, at, kind in places))

    assert found == [at for _, at, _ in STORAGE_PLACES]


def test_the_root_of_a_container_counts_though_it_is_an_overlay() -> None:
    assert chosen((usage("overlay", "/"), mount("overlay", "/", "overlay"))) == ["/"]


def test_mounts_of_one_device_count_once_under_the_shortest_name() -> None:
    assert chosen(
        (usage("/dev/sdb1", "/srv/data"), mount("/dev/sdb1", "/srv/data", "ext4")),
        (usage("/dev/sdb1", "/srv"), mount("/dev/sdb1", "/srv", "ext4")),
        (usage("tmpfs", "/tmp"), mount("tmpfs", "/tmp", "tmpfs")),
        (usage("tmpfs", "/run"), mount("tmpfs", "/run", "tmpfs")),
    ) == ["/run", "/srv", "/tmp"]


def test_read_only_is_a_remount_when_fstab_wants_it_writable_or_the_kernel_says_so() -> None:
    usages = [usage("/dev/sda1", "/a"), usage("/dev/sdb1", "/b"), usage("/dev/sdc1", "/c")]
    mounts = [mount(item.device, item.mount_point, "ext4", "ro,relatime") for item in usages]
    intended = [mount("UUID=1", "/a", "ext4", "defaults"), mount("UUID=2", "/b", "ext4", "ro")]

    found = choose_filesystems(usages, mounts=mounts, intended=intended, remounted={"sdc1"})

    assert {item.mount_point: item.was_remounted_read_only for item in found} == {"/a": True, "/b": False, "/c": True}
    assert all(item.is_read_only for item in found)


def test_the_used_share_is_that_of_df_and_inodes_are_joined_by_mount_point() -> None:
    usages = [DiskUsage("/dev/a", "/", 100, 60, 30)]

    found = choose_filesystems(usages, mounts=[], inodes=[InodeUsage("/", 200, 50)])

    assert found[0].used_ratio == 0.6667
    assert found[0].inodes_used_ratio == 0.25


def test_the_busiest_and_the_largest_processes_are_shown() -> None:
    processes = [process(n, cpu=n if n < 15 else 0, memory=n) for n in range(1, 41)]

    shown = choose_top_processes(processes)

    assert [item.pid for item in shown][:10] == list(range(14, 4, -1))
    assert {item.pid for item in shown} >= set(range(31, 41))
    assert len(shown) <= 20


def test_a_zombie_names_its_living_parent() -> None:
    zombies = find_zombies([process(10, state="Z", parent=5), process(5)])

    assert [(item.pid, item.parent_pid, item.parent_command) for item in zombies] == [(10, 5, "program-5")]


def look(
    *, busy: float, idle: float, ticks: dict[int, float] | None = None, uptime: float = 0.0, swapped: int = 0
) -> Look:
    return Look(ProcessorTimes(busy, idle, cores=2), uptime, swapped, swapped, ticks or {})


def test_use_of_processors_is_what_happened_between_two_looks() -> None:
    first, last = look(busy=1000, idle=9000), look(busy=1150, idle=9050)

    assert used_ratio(first, last) == 0.75
    assert used_ratio(None, last) is None
    assert used_ratio(first, first) is None


def test_a_process_is_measured_between_the_looks_and_a_new_one_counts_as_nothing() -> None:
    first = look(busy=0, idle=0, ticks={1: 500, 2: 0})
    last = look(busy=150, idle=50, ticks={1: 500, 2: 100, 3: 50})

    measured = measure_processes([process(1, cpu=90), process(2), process(3, cpu=99)], first=first, last=last)

    assert [item.cpu_percent for item in measured] == [0.0, 100.0, 0.0]


def test_swap_traffic_is_per_second() -> None:
    memory = MemoryFacts(total_bytes=1, available_bytes=1)

    known = add_swap_traffic(
        memory, first=look(busy=0, idle=0, uptime=10), last=look(busy=1, idle=1, uptime=12, swapped=8192)
    )

    assert known is not None
    assert known.swapped_in_bytes_per_second == 4096.0
