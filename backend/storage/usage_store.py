"""What model calls used and cost, in the database."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from backend.agent.model_routing.spending import Spending
from backend.features.chat.usage import ModelUsage, UsageFilter
from backend.storage.database import Database
from backend.storage.tables import usage


class SqlUsageStore:
    """Implements the agent's SpendingLedger and the chat's UsageReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, spending: Spending) -> None:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(usage).values(
            id=spending.id,
            run_id=spending.run_id,
            session_id=spending.session_id,
            day=spending.at.strftime("%Y-%m-%d"),
            model=spending.model,
            input_tokens=spending.usage.input_tokens,
            output_tokens=spending.usage.output_tokens,
            cost_micros=spending.cost_micros,
            created_at=spending.at,
        )
        async with self._database.write() as connection:
            await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))

    async def count_tokens_of_day(self, day: str) -> int:
        statement = select(func.sum(usage.c.input_tokens + usage.c.output_tokens)).where(usage.c.day == day)
        async with self._database.read() as connection:
            return int(await connection.scalar(statement) or 0)

    async def read(self, wanted: UsageFilter) -> list[ModelUsage]:
        async with self._database.read() as connection:
            rows = (await connection.execute(_select(wanted))).all()
        return [
            ModelUsage(
                model=row.model,
                calls=row.calls,
                input_tokens=int(row.input_tokens),
                output_tokens=int(row.output_tokens),
                cost_micros=int(row.cost_micros),
            )
            for row in rows
        ]


def _select(wanted: UsageFilter) -> Select[Any]:  # Any: see rows.py
    statement = (
        select(
            usage.c.model,
            func.count().label("calls"),
            func.sum(usage.c.input_tokens).label("input_tokens"),
            func.sum(usage.c.output_tokens).label("output_tokens"),
            func.sum(usage.c.cost_micros).label("cost_micros"),
        )
        .group_by(usage.c.model)
        .order_by(usage.c.model)
    )
    for column, value in (
        (usage.c.run_id, wanted.run_id),
        (usage.c.session_id, wanted.session_id),
        (usage.c.day, wanted.day),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement
