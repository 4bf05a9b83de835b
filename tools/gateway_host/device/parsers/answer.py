"""What a web server answers to a request of the gateway's: of an update, or of the probe that
looks where a link leads."""

from parsers.finished import Asyncio, Spoken, run

from net import reachability
from update import fetch

_FIRST, _SIZE = 100, 1124
_MOST = 2048 + 256


async def _resolve(host, name_server):
    return "192.0.2.1"


fetch.resolve = reachability.resolve = _resolve


def take(data):
    spoken = []

    def stream():
        spoken.append(Spoken(data, 1024))
        return spoken[-1]

    fetch.asyncio = reachability.asyncio = Asyncio(stream)
    got = bytearray()

    async def keep(piece):
        got.extend(piece)

    came = "failed"
    try:
        run(fetch.fetch("http://a.example/p", "192.0.2.1", _FIRST, _SIZE, keep))
        assert len(got) == _SIZE - _FIRST, len(got)
        came = "fetched"
    except OSError as error:
        assert str(error)
    assert len(got) <= _SIZE - _FIRST, len(got)
    assert spoken[0].taken <= _MOST + _SIZE, "%d bytes are taken" % spoken[0].taken
    got[:] = b""
    try:
        run(fetch.fetch("http://a.example/m", "192.0.2.1", 0, _SIZE, keep, True))
    except OSError as error:
        assert str(error)
    assert len(got) <= _SIZE, len(got)
    assert spoken[1].taken <= _MOST + _SIZE, "%d bytes are taken" % spoken[1].taken
    status, location, _ = run(reachability._get("192.0.2.1", 80, "a.example"))
    assert spoken[-1].taken <= _MOST, "%d bytes are taken" % spoken[-1].taken
    assert status is None or -99 <= status <= 999, status
    if location is not None:
        run(reachability._is_near(reachability._host_of(location), "192.0.2.1", "192.0.2.1"))
    run(reachability._probe(("a.example", 80), "192.0.2.1", "192.0.2.1"))
    return came
