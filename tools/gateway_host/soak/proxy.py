"""A network between gateways and broker that does harm on purpose.

Owns an event loop in a thread of its own. `mode` says what happens to what passes:

    pass        nothing
    refuse      connections are closed at once
    slow        a few hundred bytes at a time, each late
    black hole  nothing passes, and no end is noticed; later it goes on where it was
    half open   the broker's side is gone, the gateway's side does not notice
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from gateway_host.broker import HOST

MODES = ("pass", "refuse", "slow", "black hole", "half open")
_SLOW_BYTES = 400
_SLOW_S = 0.1
_LOOK_S = 0.05


class Proxy:
    """In front of the broker's port `target`, which can be changed; use it as a context
    manager. `port`: where gateways go."""

    def __init__(self, target: int):
        self.target = target
        self.mode = "pass"
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self) -> None:
        """Ends every connection, on both sides."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, HOST, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "refuse":
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            while self.mode in ("black hole", "half open"):
                await asyncio.sleep(_LOOK_S)
            broker_reader, broker = await asyncio.open_connection(HOST, self.target)
            self._writers.add(broker)
            try:
                await asyncio.gather(
                    self._pump(reader, broker, broker), self._pump(broker_reader, writer, broker)
                )
            finally:
                broker.transport.abort()
                self._writers.discard(broker)
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        broker: asyncio.StreamWriter,
    ) -> None:
        """One direction, until it ends."""
        dead = False
        while True:
            slow = self.mode == "slow"
            data = b""
            with contextlib.suppress(OSError):
                data = await source.read(_SLOW_BYTES if slow else 65536)
            if self.mode == "half open":
                dead = True
                broker.transport.abort()
            while self.mode == "black hole":
                await asyncio.sleep(_LOOK_S)
            if dead:
                if not data:  # the gateway's end, or the broker's, which nobody hears
                    await asyncio.sleep(_LOOK_S)
                    if target is broker:
                        raise ConnectionResetError
                    await asyncio.Event().wait()
                continue
            if not data:
                raise ConnectionResetError
            if slow:
                await asyncio.sleep(_SLOW_S)
            target.write(data)
            await target.drain()
