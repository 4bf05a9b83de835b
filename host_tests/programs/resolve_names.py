"""Looks names up. Standard input: the names; argument: the name server's port. Prints of each the
address or the error, and how often another task ran meanwhile."""

import asyncio
import json
import socket
import sys

from net import resolve


class Redirected:
    def __getattr__(self, name):
        return getattr(socket, name)

    def getaddrinfo(self, host, port):
        assert (host, port) == ("192.0.2.53", 53)
        return socket.getaddrinfo("127.0.0.1", int(sys.argv[1]))


class Hurried:
    def __getattr__(self, name):
        return getattr(asyncio, name)

    def wait_for(self, task, seconds):
        return asyncio.wait_for(task, seconds / 10)


resolve.socket, resolve.asyncio = Redirected(), Hurried()
turns = 0


async def count():
    global turns
    while True:
        turns += 1
        await asyncio.sleep_ms(1)


async def main():
    asyncio.create_task(count())
    for name in json.load(sys.stdin):
        before = turns
        try:
            answer = await resolve.resolve(name, "192.0.2.53")
        except OSError as error:
            answer = str(error)
        print(json.dumps([answer, turns - before]))


asyncio.run(main())
