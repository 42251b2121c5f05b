"""The visitors: a process that reads what to request from stdin, and writes what came of it.

Each line of stdin is a round, as JSON. Requests start when the round's timetable says, whatever
has become of the ones before, as visitors do; so a server that lags has them all waiting, and their
time counts from when they were due.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp

from tests.soak.kinds import HUNG_UP, KINDS
from tests.soak.plans import timetable

TIMEOUT = 30.0
"""Seconds after which an answer is given up for good."""
CONNECTIONS = 24


async def request(session, url, planned):
    """Make one request; return what the client was told."""
    kind = KINDS[planned["kind"]]
    body = {"json": dict(kind.json)} if kind.json else {}
    headers = {"traceparent": f"00-{planned['trace']}-{planned['trace'][:16]}-01"}
    patience = TIMEOUT if planned["hangs_up"] is None else planned["hangs_up"]
    target = url + kind.path.format(slug=planned["book"])
    try:
        async with (
            asyncio.timeout(patience),
            session.request(kind.method, target, headers=headers, **body) as response,
        ):
            await response.read()
            return str(response.status)
    except TimeoutError:
        return HUNG_UP if planned["hangs_up"] is not None else "no answer"
    except aiohttp.ClientError as error:
        return type(error).__name__


async def play(session, url, plan, started):
    """Make the requests of a plan, each in its time; return one line about each."""

    async def one(planned):
        await asyncio.sleep(started + planned["due"] - time.monotonic())
        outcome = await request(session, url, planned)
        took = time.monotonic() - started - planned["due"]
        will_hang_up = planned["hangs_up"] is not None
        return planned["trace"], planned["kind"], outcome, took * 1000, will_hang_up

    return await asyncio.gather(*map(one, plan))


async def main():
    """Answer each line of stdin by one."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        plan = asked.get("plan") or timetable(
            asked["seed"], asked["seconds"], asked["rate"], asked["books"]
        )
        # A new one for each round: the servers drop connections that wait for longer.
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:
            outcomes = await play(session, asked["url"], plan, time.monotonic())
        sys.stdout.write(json.dumps(outcomes) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
