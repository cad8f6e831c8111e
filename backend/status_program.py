"""`ding-robot status`: the health report now, on the screen, in a file, in a chat group."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from backend.features.notifications.domain import Audience, DeliveryState
from backend.features.patrol.service import PatrolProcess
from backend.features.reports.domain import Report
from backend.features.reports.rendering import write_data, write_markdown, write_page
from backend.patrol_setup import apply_webhook
from backend.records import new_id
from backend.settings import Settings
from backend.vocabulary.errors import OpsError
from backend.watch_program import (
    deliver,
    look_at_everything,
    name_actor,
    name_command,
    open_watch,
    read_settings,
)
from backend.web.watch import Watch

EXIT_DONE, EXIT_NOT_SENT = 0, 1
ALL_CHANNELS = "all"


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """`ding-robot status`."""

    webhook: str | None
    channel: str | None
    format: str | None
    output: Path | None
    language: str | None
    looks_first: bool


def send_status(options: StatusOptions) -> int:
    """Returns the exit code."""
    settings = read_settings(webhook=options.webhook, language=options.language)
    try:
        return asyncio.run(_send_status(settings, options))
    except OpsError as error:
        sys.exit(f"{error.message.en} {'' if error.hint is None else error.hint.en}".strip())
    except KeyboardInterrupt:
        return EXIT_NOT_SENT


async def _send_status(settings: Settings, options: StatusOptions) -> int:
    language = settings.notifications.chosen_language
    channels = _choose_channels(settings, options)
    process = PatrolProcess(owner=name_command(), is_quiet=True)
    async with open_watch(settings, process=process, looks=options.looks_first) as (watch, starter):
        if options.looks_first:
            await look_at_everything(watch, starter, is_silent=False, language=language)
        report = await watch.reports.build()
        if channels is None or options.format is not None or options.output is not None:
            _write_report(report, options=options, audience=watch.reports.audience)
        if channels is None:
            return EXIT_DONE
        return await _send_report(watch, channels=channels or None)


async def _send_report(watch: Watch, *, channels: list[str] | None) -> int:
    key = f"report:{name_actor()}:{new_id()}"
    await watch.reports.send(key=key, channels=channels, by=name_actor())
    await deliver(watch, key=key)
    deliveries = await watch.notifications.find_deliveries(key)
    reasons = await _read_reasons(watch)
    for delivery in deliveries:
        is_sent = delivery.state is DeliveryState.SENT
        reason = None if is_sent else delivery.error or reasons.get(delivery.channel)
        print(f"{delivery.channel}: {delivery.state.value}{f' ({reason})' if reason else ''}", file=sys.stderr)
        if reason is not None and (advice := advise(reason)):
            print(advice, file=sys.stderr)
    if deliveries and all(delivery.state is DeliveryState.SENT for delivery in deliveries):
        return EXIT_DONE
    if not deliveries:
        print("No channel is configured; see DINGTALK_WEBHOOK_URL or --webhook.", file=sys.stderr)
    return EXIT_NOT_SENT


def advise(reason: str) -> str:
    """What to set, by the words in which robots refuse."""
    words = reason.lower()
    if "keyword" in words or "key words" in words:
        return "The robot asks for a keyword: name it in DINGTALK_KEYWORD or FEISHU_KEYWORD."
    if "sign" in words or "timestamp" in words:
        return "The robot asks for a signature: put its secret into DINGTALK_SECRET or FEISHU_SECRET."
    return ""


async def _read_reasons(watch: Watch) -> dict[str, str]:
    """What the robots of each channel said last, for a message that they have not even been asked about."""
    return {
        status.name: "; ".join(robot.detail for robot in status.robots if robot.detail)
        for status in await watch.notifications.list_channels()
    }


def _choose_channels(settings: Settings, options: StatusOptions) -> list[str] | None:
    """None when nothing is to be sent, an empty list for all channels."""
    if options.webhook is not None:
        return [apply_webhook(settings, options.webhook)]
    if options.channel is None:
        return None
    return [] if options.channel == "all" else [options.channel]


def _write_report(report: Report, *, options: StatusOptions, audience: Audience) -> None:
    format_ = options.format or guess_format(options.output)
    if format_ == "json":
        text = json.dumps(write_data(report), ensure_ascii=False, indent=2) + "\n"
    elif format_ == "html":
        text = write_page(report, audience=audience)
    else:
        text = write_markdown(report, audience=audience)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
        print(f"written to {options.output}", file=sys.stderr)
    elif format_ == "markdown" and sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        print(text, end="")


def guess_format(output: Path | None) -> str:
    """Markdown unless the file is called otherwise."""
    suffix = "" if output is None else output.suffix.lower()
    return {".html": "html", ".htm": "html", ".json": "json"}.get(suffix, "markdown")
