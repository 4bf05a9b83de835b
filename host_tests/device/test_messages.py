"""Messages on their way to the socket: in pieces or as a whole, dropped where that is better."""

import asyncio
import gc
import sys
import unittest

from system.counters import Counters
from cloud import uplink as uplink_module
from cloud.backoff import Backoff
from cloud.mqtt_link import UplinkError
from cloud.mqtt_wire import Body, taken
from cloud.pings import Pings
from cloud.uplink import Uplink


def unfinished():
    """The pieces of a message for which memory is too short."""
    yield "{"
    raise MemoryError


class Commands:
    take = skip = most_bytes = None
    topics = ()

    def on(self, name, carry_out):
        pass


class Network:
    """One that is always there."""

    @staticmethod
    def online():
        return True


class Stream:
    """As asyncio's; the socket takes `room` bytes at once, or breaks."""

    def __init__(self, room=None, error=None):
        self.s = self
        self.out_buf = b""
        self.written = 0
        self.longest = 0
        self.most_kept = 0
        self.sum = 0
        self._room = room
        self._error = error

    def write(self, data):
        if self._error:
            raise self._error
        self.written += len(data)
        self.longest = max(self.longest, len(data))
        if self.sum is not None:
            self.sum += sum(data)
        if self._room is not None:
            self.out_buf += bytes(data)
            self.most_kept = max(self.most_kept, len(self.out_buf))

    async def drain(self):
        await asyncio.sleep_ms(0)
        while len(self.out_buf) > self._room:
            self.out_buf = self.out_buf[self._room :]
            await asyncio.sleep_ms(0)
        self.out_buf = b""

    def close(self):
        pass


class Umqtt:
    """As umqtt.simple writes to its socket. A ping is answered at once."""

    def __init__(self, wire, answered):
        self._wire = wire
        self._answered = answered

    def ping(self):
        self._wire.write(b"\xc0\0")
        self._answered()

    def publish(self, topic, body, retained):
        self._wire.write(topic)
        self._wire.write(body, len(body))


def connected(stream):
    """(an Uplink on this stream, its Counters)."""
    counters = Counters()
    settings = {"host": "broker", "port": 1883}
    will = ("will", "")
    uplink = Uplink("5010", settings, None, None, None, None, will, Commands(), counters)
    uplink.connected = True
    uplink._client._packets = Umqtt(uplink._client._wire, uplink._pings.answered)
    uplink._acceptance.begin("topic", 100000)
    uplink._acceptance.passed()  # no ping follows
    uplink._link._stream = uplink._link._socket = stream
    return uplink, counters.counts


def gone(uplink):
    """How many messages were published, and dropped."""
    said = uplink.describe()
    return said["published"], said["dropped"]


class Pieces(unittest.TestCase):
    def test_memory_is_short(self):
        uplink, counts = connected(Stream())
        asyncio.run(uplink.publish("topic", unfinished()))
        self.assertEqual(counts, {"uplink.memory": 1})
        self.assertEqual(uplink.describe()["dropped"], 1)
        self.assertTrue(uplink.connected)

    def test_the_connection_goes_meanwhile(self):
        """What was put together is not held until there is another one."""
        uplink, _ = connected(Stream())

        def pieces():
            yield "{}"
            uplink._close()

        asyncio.run(uplink.publish("topic", pieces()))
        self.assertEqual(uplink.describe()["dropped"], 1)
        head, body = uplink._client._wire.take()
        self.assertEqual((body, len(head)), (None, 0))


class Again(unittest.TestCase):
    """What a function gives twice: to be counted, and to be sent."""

    def send(self, *texts):
        """(the uplink, whether it was sent, the bytes that went out, the errors). texts: what the
        function gives each time, a letter a piece."""
        stream, made = Stream(), list(texts)
        uplink, counts = connected(stream)
        sent = asyncio.run(uplink.publish("topic", lambda: iter(made.pop(0))))
        return uplink, sent, stream.written, counts

    def test_it_is_never_held(self):
        def pieces():
            for _ in range(200):
                yield "x" * 500

        stream = Stream()
        stream.sum = None
        uplink, counts = connected(stream)
        gc.collect()
        free = gc.mem_free()
        least = [free]
        write = stream.write

        def watched(data):
            gc.collect()
            least[0] = min(least[0], gc.mem_free())
            write(data)

        stream.write = watched
        self.assertTrue(asyncio.run(uplink.publish("topic", pieces)))
        self.assertEqual((stream.written, counts), (len("topic") + 100000, {}))
        self.assertTrue(free - least[0] < 8000, (free, least))

    def test_one_that_has_changed_ends_the_connection(self):
        """Never more goes than the broker was told, and nothing follows."""
        for later in ("abcd", "ab", ""):
            uplink, sent, written, counts = self.send("abc", later)
            self.assertFalse(sent)
            self.assertEqual(counts, {"uplink.changed": 1})
            self.assertFalse(uplink.connected)
            self.assertTrue(written <= len("topicabc"))
            self.assertEqual(gone(uplink), (0, 1))

    def test_of_the_same_length_it_goes(self):
        uplink, sent, written, counts = self.send("abc", "abx")
        self.assertEqual((sent, written, counts), (True, len("topicabc"), {}))


class Whole(unittest.TestCase):
    SIZE = 20_000

    def setUp(self):
        self.data = bytearray(i * 7 & 255 for i in range(self.SIZE))
        self.view = memoryview(self.data)

    def send(self, uplink):
        """What `send` gives, and the turns that another task had meanwhile."""
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep_ms(0)

        async def both():
            beside = asyncio.create_task(other())
            sent = await uplink.send("topic", Body(self.SIZE, (self.view,)))
            beside.cancel()
            return sent

        return asyncio.run(both()), turns

    def test_all_of_it_goes_in_small_chunks_and_others_run_between(self):
        for room in (None, 1, 300, 1024):
            stream = Stream(room)
            uplink, counts = connected(stream)
            sent, turns = self.send(uplink)
            self.assertTrue(sent)
            self.assertEqual(stream.written, self.SIZE + len("topic"))
            self.assertEqual(stream.sum, sum(self.data) + sum(b"topic"))
            self.assertTrue(stream.longest <= 1024)
            self.assertTrue(stream.most_kept <= 1024)
            self.assertTrue(turns >= self.SIZE // 1024)
            self.assertEqual((counts, gone(uplink)), ({}, (1, 0)))

    def test_a_connection_that_is_not_there(self):
        uplink, counts = connected(Stream())
        uplink._close()
        self.assertEqual(self.send(uplink)[0], False)
        self.assertEqual((counts, gone(uplink)), ({}, (0, 1)))

    def test_a_connection_that_breaks(self):
        uplink, counts = connected(Stream(error=OSError(104)))
        self.assertEqual(self.send(uplink)[0], False)
        self.assertEqual((counts, gone(uplink)), ({"uplink.lost": 1}, (0, 1)))
        self.assertFalse(uplink.connected)

    def test_what_does_not_move_is_given_up(self):
        """A broker that reads nothing: `watch` closes, and who sends gets on."""

        class Stuck(Stream):
            def __init__(self):
                super().__init__(0)
                self.closed = asyncio.Event()

            async def drain(self):
                await self.closed.wait()
                raise OSError(9)

            def close(self):
                self.closed.set()

        class Hurried:
            def __getattr__(self, name):
                return getattr(asyncio, name)

            def sleep(self, seconds):
                return asyncio.sleep_ms(seconds)

        async def both():
            watching = asyncio.create_task(uplink.watch())
            sent = await uplink.send("topic", Body(self.SIZE, (self.view,)))
            watching.cancel()
            return sent

        uplink, counts = connected(Stuck())
        uplink._pings.begin(200)
        uplink_module.asyncio = Hurried()
        try:
            self.assertEqual(asyncio.run(both()), False)
        finally:
            uplink_module.asyncio = asyncio
        self.assertEqual((counts, gone(uplink)), ({"uplink.lost": 1}, (0, 1)))

    def test_it_allocates_little(self):
        """At most 2000 bytes for 20,000, also where a slice's bounds are an object."""
        stream = Stream()
        stream.sum = None
        uplink, _ = connected(stream)

        async def measured():
            await uplink.send("topic", Body(self.SIZE, (self.view,)))
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(10):
                await uplink.send("topic", Body(self.SIZE, (self.view,)))
            taken = gc.mem_alloc() - before
            gc.enable()
            return taken // 10

        taken = asyncio.run(measured())
        print("allocated for a message of %d bytes: %d" % (self.SIZE, taken))
        word = 4 if sys.maxsize < 1 << 32 else 8
        self.assertTrue(taken <= word // 4 * 2000)


class Asked(unittest.TestCase):
    def pings(self, keepalive_s, seconds, answers):
        """In which seconds a ping goes out, and in which the broker is given up, where it is; it
        is heard where `answers` says so."""
        sent = []

        def ping():
            sent.append(second)
            return True

        pings = Pings(ping)
        pings.begin(keepalive_s)
        for second in range(1, seconds + 1):
            if pings.second(True):
                return sent, second
            if sent[-1:] == [second] and answers(second):
                pings.heard()
        return sent, None

    def test_one_in_half_of_the_keep_alive(self):
        for keepalive, due in ((30, [15, 30, 45, 60]), (600, [])):
            self.assertEqual(self.pings(keepalive, 60, lambda _: True), (due, None))
        self.assertEqual(self.pings(600, 1000, lambda _: True), ([300, 600, 900], None))

    def test_one_without_an_answer_is_repeated_and_then_it_is_over(self):
        self.assertEqual(self.pings(30, 100, lambda _: False), ([15, 25, 35], 45))
        self.assertEqual(self.pings(600, 400, lambda _: False), ([300, 310, 320], 330))

    def test_one_that_is_answered_late_breaks_nothing(self):
        self.assertEqual(
            self.pings(600, 700, lambda s: s == 310), ([300, 310, 610, 620, 630], 640)
        )


class Tries(unittest.TestCase):
    NETWORK = [1, 2, 4, 8, 16, 20, 20, 20, 20, 20]
    REFUSED = [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]

    def pauses(self, ends):
        """The pauses between tries that `ends` makes fail: a function of their number."""
        taken = []

        class Counted:
            def __getattr__(self, name):
                return getattr(asyncio, name)

            async def sleep_ms(self, ms):
                taken.append(ms // 1000)
                if len(taken) == 10:
                    raise KeyboardInterrupt

        class Longest(Backoff):
            def _by_chance(self, most_ms):
                return most_ms

        async def connect():
            ends(uplink, len(taken))

        uplink, counts = connected(Stream())
        uplink._close()
        uplink._network = Network
        uplink._connect = connect
        uplink._backoff = Longest("5010")
        with_time, uplink_module.asyncio = uplink_module.asyncio, Counted()
        try:
            asyncio.run(uplink.run())
        except KeyboardInterrupt:
            pass
        finally:
            uplink_module.asyncio = with_time
            asyncio.new_event_loop()
        return taken, counts

    def fails(self, error):
        def ends(_uplink, _number):
            raise error

        return self.pauses(ends)

    def test_a_network_that_is_not_there_is_tried_often(self):
        self.assertEqual(self.fails(OSError(113)), (self.NETWORK, {"uplink.network": 10}))

    def test_a_broker_that_refuses_is_tried_seldom(self):
        error = UplinkError("uplink.tls", "the broker's certificate has expired")
        self.assertEqual(self.fails(error), (self.REFUSED, {"uplink.tls": 10}))

    def test_a_connection_that_lasted_begins_anew(self):
        """Every third one lasts 30 s."""

        def ends(uplink, number):
            uplink.connected = True
            uplink._age = 30 if number % 3 == 2 else 29
            raise UplinkError("uplink.lost", "")

        pauses = [1, 2, 1, 2, 4, 1, 2, 4, 1, 2]
        self.assertEqual(self.pauses(ends), (pauses, {"uplink.lost": 10}))


def bytes_or_none(chunk):
    return None if chunk is None else bytes(chunk)


class Chunks(unittest.TestCase):
    SIZES = (0, 1, 15, 16, 17, 40, 3, 3, 10, 1)

    def test_all_of_it_in_order(self):
        pieces = [bytes([65 + k]) * size for k, size in enumerate(self.SIZES)]
        whole = b"head" + b"".join(pieces)
        body = Body(len(whole) - 4, taken(pieces))
        self.assertEqual(len(body), len(whole) - 4)
        found = list(map(bytes_or_none, body.chunks(b"head", memoryview(bytearray(16)))))
        chunks = [chunk for chunk in found if chunk is not None]
        self.assertEqual(b"".join(chunks), whole)
        self.assertEqual(pieces, [])
        self.assertTrue(max(len(chunk) for chunk in chunks) <= 16)
        self.assertTrue(len(chunks) <= 9)

    def test_others_have_their_turn_between_short_pieces(self):
        """However many a chunk has."""
        pieces = [bytes([65 + k]) * 10 for k in range(20)]
        body = Body(200, (piece for piece in pieces))
        room, made = memoryview(bytearray(1024)), []
        for chunk in body.chunks(b"head", room):
            made.append(chunk and bytes(chunk))
        self.assertEqual(made, [None] * 10 + [b"head" + b"".join(pieces)])


if __name__ == "__main__":
    unittest.main()
