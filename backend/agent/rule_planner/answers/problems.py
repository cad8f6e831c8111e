"""What is not normal, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.agent.rule_planner.answers.markdown import choose, code, label, paragraphs, plain, table
from backend.agent.rule_planner.results import Problem
from backend.vocabulary.language import Language, Text

MAX_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is not normal: pods of one workload, a service, a deployment or a node."""

    kind: str
    namespace: str
    name: str
    status: str
    pods: tuple[str, ...] = ()
    restarts: str = ""
    problems: tuple[Problem, ...] = ()
    """Worst and surest first."""
    affected_services: tuple[str, ...] = ()
    """Services that have no ready pod because of this."""
    log_lines: tuple[str, ...] = ()
    detail_error: str = ""
    """Why its details could not be read."""
    to_change: str = ""
    """What has to be changed, where that is another object."""
    fix: str = ""
    """A command that repairs it."""
    effects: tuple[tuple[str, Text], ...] = ()
    """Other objects that suffer from it, and how."""

    @property
    def title(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def rank(self) -> tuple[bool, float, str]:
        if not self.problems:
            return True, 0.0, self.title
        first = self.problems[0]
        return not first.is_critical, -first.confidence, self.title


def answer_problems(cases: Sequence[Case], *, heading: str, notes: Sequence[str], language: Language) -> str:
    """Ranked: an overview table when there are several, then one section per case."""
    ordered = sorted(cases, key=lambda case: case.rank)
    overview = _overview(ordered, language=language) if len(ordered) > 1 else ""
    sections = [_section(number, case, language=language) for number, case in enumerate(ordered, start=1)]
    return paragraphs(heading, overview, *sections, *notes)


def describe_scope(namespace: str | None, *, all_namespaces: bool, language: Language) -> str:
    if namespace is not None:
        return choose(language, en=f"in namespace {code(namespace)}", zh=f"命名空间 {code(namespace)} 中")
    if all_namespaces:
        return choose(language, en="in all namespaces", zh="所有命名空间中")
    return choose(language, en="in the default namespace", zh="默认命名空间中")


def _overview(cases: Sequence[Case], *, language: Language) -> str:
    headings = (
        ["#", "Object", "Status", "Cause", "Confidence"]
        if language is Language.EN
        else ["#", "对象", "状态", "原因", "把握"]
    )
    rows = [
        [str(number), code(case.title), plain(case.status, limit=60) or "–", *_cause_cells(case, language=language)]
        for number, case in enumerate(cases, start=1)
    ]
    return table(headings, rows)


def _cause_cells(case: Case, *, language: Language) -> list[str]:
    if not case.problems:
        return [choose(language, en="not recognised", zh="未识别"), "–"]
    first = case.problems[0]
    return [plain(first.cause.in_language(language), limit=160), f"{first.confidence:.0%}"]


def _section(number: int, case: Case, *, language: Language) -> str:
    status = plain(case.status, limit=80)
    if case.restarts not in {"", "0"}:
        status += choose(language, en=f", {case.restarts} restarts", zh=f"，重启 {case.restarts} 次")
    lines = [f"### {number}. {code(case.title)}" + (f" — {status}" if status else "")]
    if case.pods:
        lines.append(
            f"- **Pod**: {', '.join(code(pod) for pod in case.pods[:5])}" + _more(case.pods, language=language)
        )
    if case.problems:
        lines += _explain(case.problems[0], language=language)
        lines += [_also(problem, language=language) for problem in case.problems[1:3]]
    else:
        lines += _admit(case, language=language)
    lines += _tell_chain(case, language=language)
    if case.affected_services and not case.effects:
        listed = ", ".join(code(name) for name in case.affected_services)
        lines.append(f"- {label('Affected services', '受影响的 Service', language=language)}{listed}")
    if case.log_lines:
        lines.append(f"- {label('Last log lines', '最后的日志', language=language)}")
        lines += [f"  - {code(line)}" for line in case.log_lines[-MAX_EVIDENCE:]]
    return "\n".join(lines)


def _tell_chain(case: Case, *, language: Language) -> list[str]:
    lines: list[str] = []
    if case.to_change:
        lines.append(f"- {label('To change', '需要修改', language=language)}{code(case.to_change)}")
    if case.fix:
        lines.append(f"- {label('Fix', '修复命令', language=language)}{code(case.fix)}")
    if case.effects:
        lines.append(f"- {label('Brings about', '由此导致', language=language)}")
        lines += [f"  - {code(path)}: {plain(cause.in_language(language))}" for path, cause in case.effects]
    return lines


def _explain(problem: Problem, *, language: Language) -> list[str]:
    lines = [f"- {label('Cause', '原因', language=language)}{_cause(problem, language=language)}"]
    if problem.evidence:
        lines.append(f"- {label('Evidence', '证据', language=language)}")
        lines += [f"  - {code(item)}" for item in problem.evidence[:MAX_EVIDENCE]]
    next_step = plain(problem.next_step.in_language(language))
    if next_step:
        lines.append(f"- {label('Next step', '下一步', language=language)}{next_step}")
    return lines


def _also(problem: Problem, *, language: Language) -> str:
    return f"- {label('Also', '此外', language=language)}{_cause(problem, language=language)}"


def _cause(problem: Problem, *, language: Language) -> str:
    cause = plain(problem.cause.in_language(language))
    sure, condition = f"{problem.confidence:.0%}", code(problem.condition)
    return cause + choose(language, en=f" (confidence {sure}, {condition})", zh=f"（把握 {sure}，{condition}）")


def _admit(case: Case, *, language: Language) -> list[str]:
    if case.detail_error:
        text = choose(language, en="its details could not be read", zh="没能读取其详情")
        return [f"- {text}: {plain(case.detail_error)}"]
    return [
        choose(
            language,
            en="- **Cause**: the rules recognise no cause; look at the events and logs.",
            zh="- **原因**：规则没有识别出原因，请查看事件和日志。",
        )
    ]


def _more(pods: Sequence[str], *, language: Language) -> str:
    rest = len(pods) - 5
    return choose(language, en=f" and {rest} more", zh=f" 等共 {len(pods)} 个") if rest > 0 else ""
