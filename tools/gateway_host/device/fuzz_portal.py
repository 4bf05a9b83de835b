"""Runs in the interpreter: feeds what comes on stdin to the hotspot's receivers (fuzz_portal.py).

A record is a length (2 bytes, low first), a kind (H, D or I) and bytes. Every answer has to be one
that its protocol knows, and nothing may end in another exception than a refusal.
"""

import gc
import json
import sys

from system.modules import unload
from hotspot.dns_server import answer
from hotspot.http_request import Request, RequestError
from hotspot.improv import Receiver
from hotspot.portal import Portal

_EVERY = 10000
_TEXTS = ("portal_en", "portal_nl", "portal_fr", "portal_de")
_PAGES = 200  # every so many pages one is made wholly
_ADDRESS = b"\x7f\x00\x00\x01"
_STATUSES = (200, 302, 303, 403, 404, 413)
_REFUSALS = (400, 405, 413, 431, 501, 505)


class Provisioning:
    """A stand-in that takes everything and does nothing."""

    state = "ready"
    result = ssid = None
    networks = [("Woning_5", -50, "wpa2"), ("Camping", -70, "open"), ("", -66, "wpa2")]

    async def scan(self):
        pass

    def submit(self, ssid, key, delay_ms):
        from hotspot.credentials import check_network

        check_network(ssid, key, "wpa2")


class Fuzzed:
    """`counts`: what came of the sequences, by name."""

    def __init__(self):
        self.counts = {"served": 0, "refused": 0, "unfinished": 0, "answered": 0, "commands": 0}
        self._portal = Portal(Provisioning(), "5020000042", "4.3.2.1", list)
        self._portal._token = b"0123456789abcdef"
        self._portal._renew = lambda: None  # so that forms are taken
        self._pages = 0

    def take(self, kind, data):
        """What is wrong, or None."""
        if kind == ord("H"):
            return self._http(data)
        if kind == ord("D"):
            reply = answer(data, _ADDRESS)
            if reply is not None:
                self.counts["answered"] += 1
                if reply[:2] != data[:2] or not reply[2] & 0x80 or len(reply) > len(data) + 27:
                    return "reply " + reply.hex()
        else:
            receiver = Receiver()
            for at in range(0, len(data), 7):
                self.counts["commands"] += len(receiver.feed(data[at : at + 7]))
            if len(receiver._held) > 265:
                return "the receiver keeps too much"

    def _http(self, data):
        request = Request()
        try:
            whole = False
            at = 0
            while not whole and at < len(data):
                whole = request.feed(data[at : at + 256])
                at += 256
            if len(request._line) > 512 or len(request.body) > 576:
                return "too much is kept"
            if not whole:
                self.counts["unfinished"] += 1
                return
            status, fields, body = _finish(self._portal.handle(request))
        except RequestError as error:
            self.counts["refused"] += 1
            return None if error.status in _REFUSALS else "status %d" % error.status
        self.counts["served"] += 1
        if status not in _STATUSES or not fields.endswith(b"\r\n"):
            return "answer %s %s" % (status, fields)
        if not isinstance(body, bytes):
            self._pages += 1
            if self._pages % _PAGES == 0:
                for _ in body:
                    pass
                body.close()


def _finish(coroutine):
    """What a coroutine gives that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits")


def heap():
    """Bytes in use, without what the last page has left."""
    unload("hotspot.gzip_parts", "hotspot.page", "portal_static", *_TEXTS)
    gc.collect()
    return gc.mem_alloc()


def main():
    """Until the input ends."""
    source = sys.stdin.buffer
    fuzzed = Fuzzed()
    count = 0
    while True:
        head = source.read(2)
        size = head[0] | head[1] << 8
        if not size:
            break
        record = source.read(size)
        try:
            wrong = fuzzed.take(record[0], record[1:])
        except Exception as error:
            wrong = repr(error)
        if wrong:
            print(json.dumps({"case": count, "wrong": wrong, "bytes": record.hex()}))
            return
        count += 1
        if count % _EVERY == 0:
            record = None
            used = heap()
            print(json.dumps({"case": count, "heap": used}))
    record = None
    used = heap()
    last = {"case": count, "heap": used}
    last.update(fuzzed.counts)
    print(json.dumps(last))


main()
