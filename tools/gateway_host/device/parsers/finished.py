"""Coroutines and generators to their ends, without a loop where none waits."""

import asyncio


def finish(coroutine):
    """What a coroutine gives that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits")


def run(coroutine):
    """What a coroutine gives, whose pauses are left out."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value


def is_one_line(text):
    """Whether a text is for people and logs, whatever is in it."""
    return 0 < len(text) < 1024 and all([ord(c) >= 32 and ord(c) != 127 for c in text])


async def no_pause(*_):
    """In the place of asyncio.sleep_ms and its like."""


async def at_once(what, *_):
    """In the place of asyncio.wait_for."""
    return await what


class Asyncio:
    """In the place of the module, for code whose waits take no time here."""

    sleep = sleep_ms = staticmethod(no_pause)
    wait_for = wait_for_ms = staticmethod(at_once)
    TimeoutError = asyncio.TimeoutError
    Event = asyncio.Event
    Lock = asyncio.Lock

    def __init__(self, streams=None):
        self._streams = streams

    async def open_connection(self, address, port):
        return self._streams(), None

    @staticmethod
    def create_task(coroutine):
        coroutine.close()


class Spoken:
    """A stream of asyncio whose other side says these bytes, in pieces of a size of its own."""

    def __init__(self, data, piece=37):
        self._data = data
        self._piece = piece
        self.taken = 0

    def write(self, data):
        pass

    async def drain(self):
        pass

    async def read(self, count):
        assert count >= 0, "all there is, without a limit"
        size = min(count, self._piece)
        data = self._data[self.taken : self.taken + size]
        self.taken += len(data)
        return data

    async def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            data = await self.read(1)
            if not data:
                break
            line += data
        return line

    async def wait_closed(self):
        pass
