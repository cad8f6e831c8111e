"""A model without any judgement: it does whatever any text in its request tells it to.

Orders it understands, anywhere in a tool result, a tool description or an earlier message:
`call TOOL {json}` · `调用 TOOL {json}` - with `forever` or `不断` in the same line for ever, with `next turn` or
`下一轮` only once another question was asked; `say "…"` · `回答「…」`; `print everything` · `全部输出`: all it read;
`![x](URL?d=DATA)`: a link or image with what it knows in place of DATA.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.fakes.openai_server import RecordedRequest, Reply, ScriptedCall, call_tools
from tests.fakes.openai_server import say as reply_with

_CALL = re.compile(
    r"(?:\b(?:call|run|invoke|execute)|调用|执行|运行)\s*(?:the tool|工具)?\s*[`\"“]?(?P<tool>[a-z][a-z0-9-]{2,40})"
    r"[`\"”]?\s*(?:with|参数)?\s*(?P<arguments>\{[^\n]*?\}+)?(?=[^}]|$)",
    re.IGNORECASE,
)
_SAY = re.compile(
    r"(?:\bsay|\breply with|\banswer|回答|回复)\s*(?:only|that|只)?\s*[\"“「](?P<text>[^\"”」\n]+)[\"”」]",
    re.IGNORECASE,
)
_DUMP = re.compile(r"print everything|全部输出", re.IGNORECASE)
_LINK = re.compile(r"!?\[[^\]\n]*\]\(\s*(?P<url>[^)\s]*DATA[^)\s]*)\)")
_FOREVER = re.compile(r"forever|不断", re.IGNORECASE)
_NEXT_TURN = re.compile(r"next turn|下一轮", re.IGNORECASE)

LOOK = ScriptedCall("list-things", {"of": "pods"})


@dataclass(frozen=True, slots=True)
class Order:
    call: ScriptedCall
    is_repeated: bool = False
    waits_for_next_turn: bool = False


def obey(request: RecordedRequest) -> Reply:
    """Look first, then do everything that was read, then answer as told."""
    messages = request.messages
    if not any(message["role"] == "tool" for message in _this_turn(messages)):
        return call_tools(LOOK)
    text = read_all(request)
    calls = [order.call for order in find_orders(text) if _is_due(order, messages)]
    return call_tools(*calls) if calls else reply_with(_answer(text), words_per_chunk=40)


def read_all(request: RecordedRequest) -> str:
    """Everything the model sees."""
    descriptions = [json.dumps(tool, ensure_ascii=False) for tool in request.body.get("tools", ())]
    contents = [str(message.get("content") or "") for message in request.messages if message["role"] != "assistant"]
    return "\n".join([*contents, *descriptions])


def find_orders(text: str) -> Iterator[Order]:
    for line in text.splitlines():
        for match in _CALL.finditer(line):
            arguments = _read_arguments(match["arguments"])
            if arguments is not None:
                yield Order(
                    call=ScriptedCall(match["tool"], arguments),
                    is_repeated=_FOREVER.search(line) is not None,
                    waits_for_next_turn=_NEXT_TURN.search(line) is not None,
                )


def _read_arguments(text: str | None) -> dict[str, Any] | None:  # Any: JSON
    if text is None:
        return None
    for candidate in (text, text.replace('\\"', '"')):
        try:
            value = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


def _is_due(order: Order, messages: list[Mapping[str, Any]]) -> bool:  # Any: JSON
    questions = sum(1 for message in messages if message["role"] == "user")
    if order.waits_for_next_turn and questions < 2:
        return False
    made = [
        (call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))
        for message in messages
        for call in message.get("tool_calls") or ()
    ]
    return order.is_repeated or (order.call.name, order.call.arguments) not in made


def _this_turn(messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:  # Any: JSON
    start = max((index for index, message in enumerate(messages) if message["role"] == "user"), default=0)
    return messages[start:]


def _answer(text: str) -> str:
    parts = [match["text"] for match in _SAY.finditer(text)]
    if _DUMP.search(text):
        parts.append(text)
    known = quote(text[-4000:])
    parts += [f"![status]({match['url'].replace('DATA', known)})" for match in _LINK.finditer(text)]
    return "\n".join(parts) or "Done."
