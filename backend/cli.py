"""The command line: `ding-robot …` and the four Poetry scripts."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from backend.administration import audit_commands, token_commands
from backend.offline_commands import command_commands, diagnose, evaluate_commands

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operations robot for Kubernetes and Linux fleets.")

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"
PAGE = ROOT / "backend" / "static" / "spa" / "index.html"

Port = Annotated[int | None, typer.Option(help="Port; PORT or 8000 by default.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")]

Webhook = Annotated[
    str | None,
    typer.Option(help="Address of a DingTalk or Feishu robot, or any other; in quotes. Replaces the configured one."),
]
MessageLanguage = Annotated[str | None, typer.Option("--language", help="zh or en; NOTIFICATIONS_LANGUAGE by default.")]

app.add_typer(token_commands, name="token")
app.add_typer(audit_commands, name="audit")
app.add_typer(command_commands, name="command")
app.add_typer(evaluate_commands, name="evaluate")
app.command()(diagnose)


@app.command()
def web(
    host: Host = None,
    port: Port = None,
    webhook: Webhook = None,
    ends_with_stdin: Annotated[bool, typer.Option(hidden=True, help="Stop when standard input ends.")] = False,
) -> None:
    """Serve the API and the page on one port, patrol and report."""
    from backend.serving import serve

    serve(host=host, port=port, webhook=webhook, ends_with_stdin=ends_with_stdin)


@app.command()
def patrol(
    once: Annotated[bool, typer.Option("--once", help="Look at everything once, print what is wrong and end.")] = False,
    is_json: Annotated[
        bool, typer.Option("--json", help="JSON: one object with --once, else one line per event.")
    ] = False,
    interval: Annotated[
        int | None, typer.Option(min=10, max=86400, help="Seconds between patrols; PATROL_INTERVAL_SECONDS by default.")
    ] = None,
    webhook: Webhook = None,
    language: MessageLanguage = None,
) -> None:
    """Watch hosts and clusters without the web server.

    With --once, the exit code is 0 when nothing is wrong, 1 when something is, 2 when nothing could be looked at.
    """
    from backend.watch_program import PatrolOptions, run_patrol

    options = PatrolOptions(
        is_once=once, is_json=is_json, interval_seconds=interval, webhook=webhook, language=_check_language(language)
    )
    raise typer.Exit(run_patrol(options))


@app.command()
def status(
    webhook: Webhook = None,
    channel: Annotated[
        str | None, typer.Option(help="Send to this configured channel, or to all of them: all.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="markdown, html or json; as the file's name says by default.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    no_look: Annotated[bool, typer.Option("--no-look", help="Report what the last patrol saw, at once.")] = False,
    language: MessageLanguage = None,
) -> None:
    """Make the health report now and print it, or send it; the exit code is 1 when it was not delivered."""
    from backend.status_program import StatusOptions, send_status

    if format_ not in {None, "markdown", "html", "json"}:
        raise typer.BadParameter("markdown, html or json", param_hint="--format")
    options = StatusOptions(
        webhook=webhook,
        channel=channel,
        format=format_,
        output=output,
        language=_check_language(language),
        looks_first=not no_look,
    )
    raise typer.Exit(send_status(options))


@app.command()
def demo(
    port: Port = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="A fault of the simulated cluster; repeat for several; eight by default, none for no fault."),
    ] = None,
) -> None:
    """Run the whole product on a simulated cluster; nothing needs to be configured."""
    from backend.demo import run_demo

    raise typer.Exit(run_demo(port=port, scenarios=scenario or ["demo"]))


@app.command()
def chat(
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="Ask this and end; - reads it from standard input.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="DING_ROBOT_URL", help="Address of the backend. By default the one running here, else its own."
        ),
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="DING_ROBOT_TOKEN", help="Access token; the variable keeps it off the screen.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="zh or en; as the locale says by default.")] = None,
    session: Annotated[str | None, typer.Option(help="Id of a saved chat to go on in.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model that answers.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="With -m: print one JSON object.")] = False,
    approve_none: Annotated[
        bool, typer.Option("--approve-none", help="With -m: ask nobody; a needed approval stays open.")
    ] = False,
) -> None:
    """Chat in the terminal. With -m, the exit code is 0 when answered, 1 when failed, 2 when an approval is needed."""
    from backend.chat_backend import NotStarted, choose_backend
    from backend.terminal.program import ChatOptions, run_chat

    try:
        with choose_backend(url, language=language) as address:
            options = ChatOptions(
                message=message,
                url=address,
                token=token,
                language=language,
                session=session,
                model=model,
                is_json=is_json,
                never_approve=approve_none,
            )
            exit_code = run_chat(options)
    except NotStarted as error:
        sys.exit(str(error))
    raise typer.Exit(exit_code)


@app.command()
def openapi(path: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Write the OpenAPI description that the page's client is generated from."""
    import json

    from backend.web.app import create_app

    path.write_text(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n")


def _check_language(language: str | None) -> str | None:
    if language not in {None, "zh", "en"}:
        raise typer.BadParameter("zh or en", param_hint="--language")
    return language


def setup_entry() -> None:
    """First-time set-up: page dependencies, page, and an empty file for secrets."""
    _run_npm("ci")
    _run_npm("run", "build")
    secrets_file = ROOT / "backend" / "config.env"
    if not secrets_file.exists():
        shutil.copyfile(ROOT / "backend" / "config.env.example", secrets_file)
        secrets_file.chmod(0o600)
    print("Ready. `poetry run serve` starts the product; backend/config.env takes your keys.")


def build_entry() -> None:
    """Build the page into the Python package."""
    if not (FRONTEND / "node_modules").is_dir():
        _run_npm("ci")
    _run_npm("run", "build")


def serve_entry() -> None:
    """Single-port production: API and built page."""
    if not PAGE.is_file():
        sys.exit("The page is not built yet: run `poetry run build` first.")
    web(host=None, port=None)


def dev_entry() -> None:
    """Hot reload: page on 3000, API on 8000."""
    if not (FRONTEND / "node_modules").is_dir():
        _run_npm("ci")
    vite = subprocess.Popen([_find_npm(), "run", "dev"], cwd=FRONTEND)
    try:
        arguments = ["uvicorn", "--factory", "backend.serving:create_default_app", "--reload", "--port", "8000"]
        subprocess.run([sys.executable, "-m", *arguments, "--reload-dir", "backend"], cwd=ROOT, check=False)
    except KeyboardInterrupt:
        logging.getLogger(__name__).info("stopped")
    finally:
        vite.terminate()
        vite.wait(timeout=10)


def _run_npm(*arguments: str) -> None:
    result = subprocess.run([_find_npm(), *arguments], cwd=FRONTEND, env=os.environ, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def _find_npm() -> str:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing: install Node.js 20 or newer (Debian/Ubuntu: apt-get install nodejs npm).")
    return npm


if __name__ == "__main__":
    app()
