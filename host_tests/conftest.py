"""What the tests share: the interpreters, by word size, and a broker."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_host import broker as brokers
from gateway_host import image, interpreter
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH

NEWER_UMQTT = interpreter.ROOT / "build" / "umqtt"

# A shell starts what is to run in the background with SIGINT ignored, nohup with SIGHUP. That
# stays so here; what the tests start is ended by signals as from a terminal.
for _kind in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_kind) is signal.SIG_IGN:
        signal.signal(_kind, lambda *_: None)


@pytest.fixture(params=[32, 64], ids=["32-bit", "64-bit"])
def bits(request: pytest.FixtureRequest) -> int:
    """Each word size of which there is an interpreter; a skip says how to get it."""
    try:
        found = interpreter.bits_of(interpreter.find(request.param))
    except UserError as error:
        pytest.skip(str(error))
    if found != request.param:
        pytest.skip(f"no {request.param}-bit interpreter: `make doctor` says why and the remedy")
    return request.param


@pytest.fixture(params=["1.3.4", "1.8.0"], ids=["umqtt 1.3.4", "umqtt 1.8.0"])
def umqtt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each version of umqtt.simple, in programs and in the simulator's image: the Python
    registry's, and a newer one, which MicroPython's firmware has."""
    if request.param == "1.3.4":
        yield request.param
        return
    if not (NEWER_UMQTT / "umqtt" / "simple.py").exists():
        pytest.skip("no umqtt.simple 1.8.0 in build/umqtt: `make setup` brings it, where "
                    "MicroPython's package index (micropython.org) can be reached")  # fmt: skip
    monkeypatch.setattr(image, "LIB", NEWER_UMQTT)
    monkeypatch.setattr(image, "IMAGES", image.IMAGES.with_name("images-umqtt"))
    MODULE_PATH.insert(0, NEWER_UMQTT)
    yield request.param
    MODULE_PATH.remove(NEWER_UMQTT)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[brokers.Broker]:
    """The best broker that there is, started."""
    with brokers.Broker(directory=tmp_path / "broker") as started:
        yield started
