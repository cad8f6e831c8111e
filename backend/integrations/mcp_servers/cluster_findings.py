"""Clusters as the Kubernetes tools diagnose them."""

import logging
import shlex
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.agent.domain import Json, ToolOutcome, ToolStatus
from backend.agent.interfaces import ToolSource
from backend.features.hosts.domain import Listing, LookState, Target, TargetKind, choose_watched
from backend.features.patrol.domain import Fix, Grade, Reading
from backend.features.patrol.interfaces import ClusterLook
from backend.integrations.mcp_servers.host_facts import call_reading, find_tool, is_offered_nowhere
from backend.vocabulary.errors import ErrorKind, Unavailable
from backend.vocabulary.language import Text
from k8s_diagnosis.conditions import CONDITIONS

LIST_TOOL = "k8s-list-clusters"
DIAGNOSE_TOOL = "k8s-diagnose"
DEFAULT_CLUSTER = "default"
ONLY_CLUSTER = Target(TargetKind.CLUSTER, "default", "cluster")
_MAX_PAGES = 20
_SHOWN_EVIDENCE = 5
_SHOWN_EFFECTS = 5
_CONFIDENT = 0.7
"""Below it the signs fit another cause too: a warning at most."""
_log = logging.getLogger(__name__)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Words(_Answer):
    en: str
    zh: str


class _Fix(_Answer):
    command: str = ""


class _Effect(_Answer):
    condition: str
    object: str


class _Finding(_Answer):
    condition: str
    object: str
    subject: str = ""
    severity: str = "warning"
    cause: _Words
    confidence: float = 1.0
    evidence: list[str] | None = None
    next_step: _Words | None = None
    fix: _Fix | None = None
    effects: list[_Effect] = Field(default_factory=list)


class _Diagnosis(_Answer):
    findings: list[_Finding]
    unknown: list[Any] = Field(default_factory=list)  # Any: texts, or objects that say what and why
    next_cursor: str | None = None


class McpClusterFindings:
    """Implements ClusterSource on the tool source. It calls only tools that are declared as reading."""

    def __init__(self, tools: ToolSource, *, watch: str = DEFAULT_CLUSTER) -> None:
        """`watch` are patterns of cluster names, separated by commas; `default` is the default context."""
        self._tools = tools
        self._watch = watch

    async def list_clusters(self) -> Listing:
        if is_offered_nowhere(self._tools, DIAGNOSE_TOOL):
            return Listing(())
        if find_tool(self._tools, DIAGNOSE_TOOL) is None:
            raise Unavailable(
                Text(
                    en=f"The clusters cannot be looked at: no connected tool server offers {DIAGNOSE_TOOL}.",
                    zh=f"无法检查集群：没有已连接的工具服务器提供 {DIAGNOSE_TOOL}。",
                )
            )
        if find_tool(self._tools, LIST_TOOL) is None:
            return Listing((ONLY_CLUSTER,))
        outcome = await call_reading(self._tools, LIST_TOOL, arguments={})
        if outcome.status is not ToolStatus.OK or outcome.structured is None:
            raise Unavailable(
                Text(
                    en=f"The clusters cannot be listed: {outcome.text[:300]}",
                    zh=f"无法列出集群：{outcome.text[:300]}",
                )
            )
        return Listing(self._choose(_read_clusters(outcome.structured)))

    def _choose(self, clusters: Mapping[str, bool]) -> tuple[Target, ...]:
        """`clusters` says of each name whether it is the default."""
        targets = [Target(TargetKind.CLUSTER, name, name) for name in clusters]
        chosen = choose_watched(targets, watch=self._watch, skip="")
        asks_for_default = DEFAULT_CLUSTER in {part.strip() for part in self._watch.split(",")}
        default = [target for target in targets if asks_for_default and clusters[target.id]]
        return tuple(dict.fromkeys([*default, *chosen]))

    async def read(self, cluster: Target) -> ClusterLook:
        readings: list[Reading] = []
        unknown: list[str] = []
        cursor: str | None = None
        for _page in range(_MAX_PAGES):
            outcome = await self._diagnose(cluster, cursor=cursor)
            page = _read_diagnosis(outcome)
            if page is None:
                return _failed_look(cluster, outcome)
            readings += map(_read_finding, page.findings)
            unknown += [_describe_unknown(part) for part in page.unknown]
            cursor = page.next_cursor
            if cursor is None:
                break
        return ClusterLook(
            cluster=cluster,
            state=LookState.READ,
            readings=tuple(readings),
            unknown=tuple(dict.fromkeys(unknown)),
        )

    async def _diagnose(self, cluster: Target, *, cursor: str | None) -> ToolOutcome:
        arguments: dict[str, Any] = {  # Any: JSON arguments
            "all_namespaces": True,
            **name_cluster(self._tools, DIAGNOSE_TOOL, cluster=cluster),
        }
        if cursor is not None:
            arguments["cursor"] = cursor
        return await call_reading(self._tools, DIAGNOSE_TOOL, arguments=arguments)


def name_cluster(tools: ToolSource, tool: str, *, cluster: Target) -> dict[str, str]:
    """The argument that chooses a cluster; empty where the tool knows only one."""
    spec = find_tool(tools, tool)
    takes = set() if spec is None else set(spec.input_schema.get("properties", {}))
    return {"cluster": cluster.id} if cluster != ONLY_CLUSTER and "cluster" in takes else {}


def _read_clusters(structured: Json) -> dict[str, bool]:
    """Names of clusters, and whether each is the default one."""
    columns, rows = structured.get("columns"), structured.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list) or "name" not in columns:
        raise Unavailable(Text(en=f"{LIST_TOOL} answered in an unknown form.", zh=f"{LIST_TOOL} 的返回格式无法识别。"))
    records = [dict(zip(columns, row, strict=False)) for row in rows if isinstance(row, list)]
    return {str(record["name"]): record.get("is_default") == "yes" for record in records if "name" in record}


def _read_diagnosis(outcome: ToolOutcome) -> _Diagnosis | None:
    if outcome.status is not ToolStatus.OK or outcome.structured is None:
        return None
    try:
        return _Diagnosis.model_validate(outcome.structured)
    except ValidationError as error:
        _log.warning("%s answered in an unknown form: %s", DIAGNOSE_TOOL, error)
        return None


def _failed_look(cluster: Target, outcome: ToolOutcome) -> ClusterLook:
    """A cluster whose API server does not answer is silent; everything else is our own trouble."""
    kind = None if outcome.failure is None else outcome.failure.kind
    is_silent = kind is ErrorKind.TOOL_SERVER_UNREACHABLE and "cannot reach" in outcome.text.lower()
    return ClusterLook(
        cluster=cluster,
        state=LookState.UNREACHABLE if is_silent else LookState.UNKNOWN,
        reason=outcome.text[:300] or f"{DIAGNOSE_TOOL} answered in an unknown form",
    )


def _read_finding(finding: _Finding) -> Reading:
    is_critical = finding.severity == "critical" and finding.confidence >= _CONFIDENT
    effects = tuple(f"→ {effect.object}: {effect.condition}" for effect in finding.effects[:_SHOWN_EFFECTS])
    return Reading(
        check=finding.condition,
        subject=finding.object,
        grade=Grade.CRITICAL if is_critical else Grade.WARNING,
        title=_name_finding(finding),
        cause=Text(en=finding.cause.en, zh=finding.cause.zh),
        fixes=_read_fixes(finding),
        evidence=tuple(line[:300] for line in (finding.evidence or ())[:_SHOWN_EVIDENCE]) + effects,
    )


def _name_finding(finding: _Finding) -> Text:
    """The id of a condition that is not known here names it as well."""
    known = CONDITIONS.get(finding.condition)
    if known is None:
        return Text(en=f"{finding.object}: {finding.condition}", zh=f"{finding.object}:{finding.condition}")
    return Text(en=f"{finding.object}: {known.title.en}", zh=f"{finding.object}:{known.title.zh}")


def _read_fixes(finding: _Finding) -> tuple[Fix, ...]:
    fixes = []
    if finding.next_step is not None:
        fixes.append(Fix(Text(en=finding.next_step.en, zh=finding.next_step.zh)))
    if finding.fix is not None and finding.fix.command:
        fixes.append(
            Fix(
                Text(en="The change that would end it:", zh="可消除该问题的修改："), finding.fix.command, is_change=True
            )
        )
    return tuple(fixes) or (Fix(Text(en="Look at the object.", zh="查看该对象。"), _write_describe(finding.object)),)


def _write_describe(path: str) -> str:
    """How to look at `Kind/namespace/name`, or at `Kind/name` outside of namespaces."""
    kind, *rest = path.split("/")
    words = [kind.lower(), rest[-1], "-n", rest[0]] if len(rest) == 2 else [kind.lower(), *rest]
    return shlex.join(["kubectl", "describe", *words])


def _describe_unknown(part: object) -> str:
    if isinstance(part, dict):
        return ": ".join(str(value) for value in part.values() if isinstance(value, str))[:200]
    return str(part)[:200]
