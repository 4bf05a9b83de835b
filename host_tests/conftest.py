"""What the tests share: the interpreters, by word size, and a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_host import broker as brokers
from gateway_host import interpreter
from gateway_host.errors import UserError


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


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[brokers.Broker]:
    """The best broker that there is, started."""
    with brokers.Broker(directory=tmp_path / "broker") as started:
        yield started
