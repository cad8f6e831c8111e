"""Several tool sources as one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.agent.domain import ConfirmationNeeded, Json, ServerStatus, ToolOutcome, ToolSpec, ToolStatistics
from backend.agent.guarding.redaction import redact
from backend.agent.interfaces import ToolSource


class CombinedTools:
    """Implements ToolSource. A name that two sources offer belongs to the first: nobody can shadow our own tools."""

    def __init__(self, *sources: ToolSource) -> None:
        self._sources = sources

    def tools(self) -> Sequence[ToolSpec]:
        taken: set[str] = set()
        combined: list[ToolSpec] = []
        for source in self._sources:
            offered = [spec for spec in source.tools() if spec.name not in taken]
            taken.update(spec.name for spec in offered)
            combined.extend(offered)
        return combined

    def servers(self) -> Sequence[ServerStatus]:
        """Reasons are quoted from the servers' own output, so they pass the same door as results."""
        return [
            status if status.error is None else replace(status, error=redact(status.error))
            for source in self._sources
            for status in source.servers()
        ]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        merged: dict[str, ToolStatistics] = {}
        for source in reversed(self._sources):
            merged.update(source.statistics())
        return merged

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        return await self._source_of(name).call(name, arguments=arguments)

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        return await self._source_of(name).confirm(name, arguments=arguments, state=state)

    def _source_of(self, name: str) -> ToolSource:
        """The last source answers for names nobody offers: it knows best why not."""
        for source in self._sources:
            if any(spec.name == name for spec in source.tools()):
                return source
        return self._sources[-1]
