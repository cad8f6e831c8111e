"""File handles that run out."""

from backend.features.patrol.checks.view import HostView, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Reading, percent
from backend.vocabulary.language import Text

OPEN_FILES = "open-files"
_STEP = 0.05


def find_scarce_file_handles(view: HostView) -> CheckResult:
    """The share of the host's file handles that is in use."""
    used = view.facts.open_files_ratio
    if used is None:
        return could_not_look(OPEN_FILES, view.facts, part="open_files")
    settings = view.settings
    reading = Reading(
        check=OPEN_FILES,
        subject="",
        grade=grade_high(
            used, warning=settings.open_files_warning, critical=settings.open_files_critical, slack=settings.slack
        ),
        title=Text(en=f"{percent(used)} of all file handles are in use", zh=f"文件句柄已使用 {percent(used)}"),
        cause=Text(
            en="Some program opens files or connections and does not close them; at the end nothing can be opened.",
            zh="有程序打开文件或连接后没有关闭；耗尽后任何程序都无法再打开文件。",
        ),
        fixes=(
            Fix(
                Text(en="Find who holds most.", zh="找出持有最多的进程。"),
                "for p in /proc/[0-9]*; do echo $(ls $p/fd 2>/dev/null | wc -l) ${p#/proc/}; done | sort -rn | head",
            ),
            Fix(
                Text(en="Raise the limit for now.", zh="临时提高上限。"),
                "sysctl -w fs.file-max=2097152",
                is_change=True,
            ),
        ),
        value=used,
        step=_STEP,
        needs_looks=view.repeat,
    )
    return CheckResult(OPEN_FILES, (reading,))
