"""What a line that begins with a slash does."""

from collections.abc import Callable, Mapping
from datetime import datetime

from rich.table import Table
from rich.text import Text as Line

from backend.terminal import texts
from backend.terminal.backend_client import Body, Refused
from backend.terminal.conversation import Conversation
from backend.terminal.parts import clean_text
from backend.terminal.turns import Leave

_DEFAULT_MODEL = "default"


def run_command(conversation: Conversation, line: str) -> None:
    """Do what the line says; raise Leave at `/quit`."""
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        conversation.write(conversation.say(texts.UNKNOWN_COMMAND, name=name), style="yellow")
    else:
        command(conversation, rest.strip())


def _show_help(conversation: Conversation, _rest: str) -> None:
    conversation.write(texts.HELP.in_language(conversation.language))


def _leave(_conversation: Conversation, _rest: str) -> None:
    raise Leave


def _list_sessions(conversation: Conversation, query: str) -> None:
    sessions = conversation.client.list_sessions(query=query)
    conversation.listed = [session["id"] for session in sessions]
    if not sessions:
        conversation.write(conversation.say(texts.NO_SESSIONS))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for number, session in enumerate(sessions, start=1):
        mark = "●" if session["active_run_id"] else "*" if session["id"] == conversation.session_id else ""
        table.add_row(str(number), mark, _write_time(session["updated_at"]), _describe_session(conversation, session))
    conversation.console.print(table)


def _describe_session(conversation: Conversation, session: Body) -> Line:
    line = Line(clean_text(session["title"] or conversation.say(texts.UNTITLED)))
    if session["snippet"]:
        line.append(f"\n{clean_text(session['snippet'])}", style="dim")
    return line


def _open_session(conversation: Conversation, name: str) -> None:
    if not name.isdigit():
        conversation.open(name)
    elif 1 <= int(name) <= len(conversation.listed):
        conversation.open(conversation.listed[int(name) - 1])
    else:
        conversation.write(conversation.say(texts.NO_SUCH_NUMBER, name=name), style="yellow")


def _begin_session(conversation: Conversation, _rest: str) -> None:
    conversation.session_id = None
    conversation.write(conversation.say(texts.NEW_SESSION))


def _choose_model(conversation: Conversation, name: str) -> None:
    if name:
        conversation.model = None if name == _DEFAULT_MODEL else name
    else:
        _list_models(conversation)
    chosen = conversation.model or conversation.say(texts.MODEL_DEFAULT)
    conversation.write(conversation.say(texts.MODEL_CHOSEN, name=chosen))


def _list_models(conversation: Conversation) -> None:
    try:
        models = conversation.client.list_models()["items"]
    except Refused as error:
        if error.status != 404:
            raise
        # A backend with one model has nothing to choose from.
        return
    for model in models:
        conversation.write(f"  {model['name']}")


def _list_tools(conversation: Conversation, _rest: str) -> None:
    listed = conversation.client.list_tools()
    table = Table(box=None, show_header=False, pad_edge=False)
    for tool in listed["items"]:
        style = "" if tool["risk"] == "read" else "red" if tool["risk"] == "destructive" else "yellow"
        title = tool["title"] or tool["description"].partition("\n")[0]
        table.add_row(clean_text(tool["name"]), Line(tool["risk"], style=style), tool["server"], clean_text(title))
    conversation.console.print(table)
    for server in listed["servers"]:
        error = f": {server['error']}" if server["error"] else ""
        conversation.write(f"{server['name']} {server['state']} ({server['tools']}){error}", style="dim")


def _ask_approvals(conversation: Conversation, _rest: str) -> None:
    if not conversation.ask_open_approvals():
        conversation.write(conversation.say(texts.NOTHING_OPEN))


def _cancel(conversation: Conversation, _rest: str) -> None:
    run_id = conversation.find_active_run()
    if run_id is None:
        conversation.write(conversation.say(texts.NOTHING_RUNS))
        return
    conversation.client.cancel_run(run_id)
    conversation.write(conversation.say(texts.RUN_CANCELLED), style="yellow")


def _write_time(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%m-%d %H:%M")


COMMANDS: Mapping[str, Callable[[Conversation, str], None]] = {
    "/sessions": _list_sessions,
    "/open": _open_session,
    "/new": _begin_session,
    "/model": _choose_model,
    "/tools": _list_tools,
    "/approvals": _ask_approvals,
    "/cancel": _cancel,
    "/help": _show_help,
    "/quit": _leave,
}
