"""Which program is started, with the power cut at every operation of the flash."""

from __future__ import annotations

import json

import pytest
from in_interpreter import succeed


@pytest.mark.parametrize("confirmed", [True, False])
def test_power_cuts(confirmed, bits):
    """One whole program runs at every start. One that is confirmed stays; one that is not is back
    within three starts, and both never happen by halves."""
    said = succeed("update_with_power_cuts", given=confirmed, bits=bits, heap="8M", timeout=300)
    cuts = json.loads(said.splitlines()[-1])  # the collector may find files without power
    assert len(cuts) > 40
    orders = set()
    for ran, whole in cuts:
        assert whole and set(ran) <= {"a", "b"}
        orders.add("".join(ran))
    if confirmed:
        assert orders == {"aaaa", "bbbb"}
    else:
        assert orders == {"aaaa", "baaa", "bbaa"}


def test_too_little_room(bits):
    """96 kB stay free for all else that is kept."""
    said = json.loads(succeed("look_for_room", given=[0, 107, 108, 1500], bits=bits))
    assert said[0] == "update: the program has 343 kB and the flash 0 kB free: that is too little"
    assert said[1] and said[2:] == [None, None]
