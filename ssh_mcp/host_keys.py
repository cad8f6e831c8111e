"""Host keys on the command line of the server: `python -m ssh_mcp.host_keys list | approve | reject | forget`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ssh_mcp.connections.host_keys import HostKeys, NoSuchKey
from ssh_mcp.settings import SettingsInvalid, read_settings


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    try:
        settings = read_settings(os.environ)
    except SettingsInvalid as error:
        sys.exit(f"ssh_mcp: {error}")
    keys = HostKeys(settings.data_directory, files=settings.known_hosts)
    match options.action:
        case "list":
            _list(keys)
        case "approve":
            try:
                keys.approve(keys.find_pending([options.host], fingerprint=options.fingerprint))
            except NoSuchKey as error:
                sys.exit(str(error))
            print(f"{options.host} is trusted with {options.fingerprint}")
        case "reject":
            print(f"{keys.reject(options.host)} waiting keys of {options.host} forgotten")
        case _:
            removed = keys.forget(options.host)
            keys.reject(options.host)
            print(f"{removed} approved keys of {options.host} forgotten; the next connection shows its key anew")


def _list(keys: HostKeys) -> None:
    for line in keys.approved():
        print(f"trusted  {line}")
    for key in keys.pending():
        print(f"waiting  {key.host} {key.fingerprint} {key.algorithm} since {key.first_seen}")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ssh_mcp.host_keys",
        description="Host keys that were approved here or wait for it. Uses SSH_MCP_DATA_DIRECTORY as the server does.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="trusted and waiting keys")
    approve = actions.add_parser("approve", help="trust a waiting key")
    approve.add_argument("host", help="as listed: db-1 or [db-1]:2222")
    approve.add_argument("fingerprint", help="SHA256:…, compared with the host's own")
    for name, help_text in (("reject", "forget waiting keys"), ("forget", "stop trusting a host's approved keys")):
        actions.add_parser(name, help=help_text).add_argument("host")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
