"""Every check of hosts, in the order in which people care."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.features.patrol.checks.certificates import CERTIFICATE_EXPIRY, find_expiring_certificates
from backend.features.patrol.checks.clock import CLOCK, find_wrong_clock
from backend.features.patrol.checks.disks import DISK_USAGE, find_full_disks
from backend.features.patrol.checks.failed_units import FAILED_UNITS, find_failed_units
from backend.features.patrol.checks.filling_disks import DISK_FILLING, find_filling_disks
from backend.features.patrol.checks.inodes import INODE_USAGE, find_scarce_inodes
from backend.features.patrol.checks.load import LOAD, find_high_load
from backend.features.patrol.checks.makeshift_servers import MAKESHIFT_SERVERS, find_makeshift_servers
from backend.features.patrol.checks.memory import MEMORY, SWAP, find_scarce_memory, find_scarce_swap
from backend.features.patrol.checks.network_errors import NETWORK_ERRORS, find_network_errors
from backend.features.patrol.checks.oom_kills import OOM_KILLS, find_oom_kills
from backend.features.patrol.checks.open_files import OPEN_FILES, find_scarce_file_handles
from backend.features.patrol.checks.reachability import UNREACHABLE
from backend.features.patrol.checks.read_only_mounts import READ_ONLY_MOUNTS, find_read_only_mounts
from backend.features.patrol.checks.reboots import REBOOT, find_reboot
from backend.features.patrol.checks.view import HostView
from backend.features.patrol.checks.zombies import ZOMBIES, find_zombies
from backend.features.patrol.domain import CheckResult
from backend.vocabulary.language import Text

HostRule = Callable[[HostView], CheckResult]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, with its name for people."""

    id: str
    title: Text
    look: HostRule


HOST_CHECKS: tuple[Check, ...] = (
    Check(DISK_USAGE, Text(en="Disk usage", zh="磁盘用量"), find_full_disks),
    Check(DISK_FILLING, Text(en="Disk filling up", zh="磁盘增长"), find_filling_disks),
    Check(INODE_USAGE, Text(en="Inodes", zh="inode"), find_scarce_inodes),
    Check(READ_ONLY_MOUNTS, Text(en="Read-only filesystems", zh="只读文件系统"), find_read_only_mounts),
    Check(OOM_KILLS, Text(en="Killed for want of memory", zh="内存不足被杀"), find_oom_kills),
    Check(MEMORY, Text(en="Memory", zh="内存"), find_scarce_memory),
    Check(SWAP, Text(en="Swap", zh="交换空间"), find_scarce_swap),
    Check(LOAD, Text(en="Load", zh="负载"), find_high_load),
    Check(FAILED_UNITS, Text(en="Failed services", zh="失败的服务"), find_failed_units),
    Check(ZOMBIES, Text(en="Zombies", zh="僵尸进程"), find_zombies),
    Check(MAKESHIFT_SERVERS, Text(en="Makeshift servers", zh="临时服务"), find_makeshift_servers),
    Check(REBOOT, Text(en="Reboot", zh="重启"), find_reboot),
    Check(CERTIFICATE_EXPIRY, Text(en="Certificates", zh="证书到期"), find_expiring_certificates),
    Check(CLOCK, Text(en="Clock", zh="时钟"), find_wrong_clock),
    Check(OPEN_FILES, Text(en="File handles", zh="文件句柄"), find_scarce_file_handles),
    Check(NETWORK_ERRORS, Text(en="Network errors", zh="网卡错误"), find_network_errors),
)

CHECK_TITLES = {check.id: check.title for check in HOST_CHECKS} | {UNREACHABLE: Text(en="Unreachable", zh="无法连接")}
"""Names for people; a check of a cluster is named by its condition."""


def look_at_host(view: HostView) -> list[CheckResult]:
    """Every check that is switched on."""
    return [check.look(view) for check in HOST_CHECKS if check.id not in view.settings.switched_off]
