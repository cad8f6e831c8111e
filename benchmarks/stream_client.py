"""Follows event streams over raw sockets and notes when each stamped word arrives.

Reads `HOST PORT` and then a run id per line and stream; prints `ready` when all streams are open, and in the end one
JSON object.
"""

import asyncio
import json
import re
import sys
import time

_STAMP = re.compile(rb"<([0-9]+\.[0-9]+)>")


class Follower(asyncio.Protocol):
    """One stream. Cheap on purpose: the client must not be what is measured."""

    def __init__(self, run_id: str, *, host: str) -> None:
        self._request = f"GET /api/v2/runs/{run_id}/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._rest = b""
        self.delays: list[float] = []
        self.is_open = asyncio.get_running_loop().create_future()
        self.is_over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
            transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.is_open.done():
            self.is_open.set_result(data.split(b"\r\n", 1)[0])
        text = self._rest + data
        end = text.rfind(b"\n\n") + 2
        whole, self._rest = text[:end], text[end:]
        self.delays.extend(now - float(stamp) for stamp in _STAMP.findall(whole))
        if b"RUN_FINISHED" in whole or b"RUN_ERROR" in whole:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_over.done():
            self.is_over.set_result(None)


async def follow_all(host: str, port: int, run_ids: list[str]) -> None:
    loop = asyncio.get_running_loop()
    followers = []
    for run_id in run_ids:
        _transport, follower = await loop.create_connection(lambda r=run_id: Follower(r, host=host), host, port)  # type: ignore[misc]  # a default binds the loop's value
        followers.append(follower)
    heads = await asyncio.gather(*(follower.is_open for follower in followers))
    refused = sum(1 for head in heads if b" 200 " not in head)
    print("ready", flush=True)
    await asyncio.gather(*(follower.is_over for follower in followers))
    counts = [len(follower.delays) for follower in followers]
    delays = [delay for follower in followers for delay in follower.delays]
    print(json.dumps({"counts": counts, "delays": delays, "refused": refused}), flush=True)


def main() -> None:
    host, port = sys.stdin.readline().split()
    asyncio.run(follow_all(host, int(port), sys.stdin.read().split()))


if __name__ == "__main__":
    main()
