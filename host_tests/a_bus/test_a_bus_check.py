"""What docs/a-bus.md says that its check finds: every pattern tried, by linear algebra, and the
vectors of section 3."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from a_bus_check import check_of
from gateway_host.session import ROOT
from gateway_host.sim import checks

WORDS = 33  # of a section, its check included: the longest that a check is for


def syndromes() -> np.ndarray:
    """[33 words x 32 bits]: by how much the check then differs, for each bit turned."""
    zero = bytes(4 * (WORDS - 1))
    found = []
    for bit in range(32 * (WORDS - 1)):
        data = bytearray(zero)
        data[bit // 8] ^= 1 << bit % 8
        found.append(check_of(bytes(data)) ^ check_of(zero))
    return np.array([*found, *(1 << bit for bit in range(32))], np.uint32)


def rank(rows: np.ndarray) -> int:
    """How many of these words are independent."""
    basis: list[int] = []
    for word in map(int, rows):
        for other in basis:
            word = min(word, word ^ other)
        if word:
            basis.append(word)
    return len(basis)


@pytest.fixture(scope="module")
def turned() -> np.ndarray:
    return syndromes()


def test_the_documents_values():
    text = (ROOT / "docs" / "a-bus.md").read_text(encoding="utf-8").split("## 4.")[0]
    text = " ".join(text.split())
    named = re.search(r'"12345678" is ([0-9A-F]{8}) hex.*? 7F is ([0-9A-F]{8}) hex', text)
    assert [int(value, 16) for value in named.groups()] == [
        check_of(b"12345678"),
        check_of(bytes(range(128))),
    ]


def test_errors_of_up_to_four_bits(turned):
    """None of 1 to 3 bits passes, 32 of 4 bits do."""
    assert len(set(turned.tolist()) - {0}) == len(turned)
    first, second = np.triu_indices(len(turned), 1)
    pairs = turned[first] ^ turned[second]
    assert not np.isin(pairs, turned).any()
    _, counts = np.unique(pairs, return_counts=True)
    assert (counts * (counts - 1) // 2).sum() // 3 == 32  # each in three pairs of pairs


def test_two_bytes_and_bursts(turned):
    """Any bits of two bytes, and any within 29 bits, differ; they are the same for every word, so
    the last one stands for all."""
    each = turned.reshape(WORDS, 4, 8)
    last = each[-1]
    for a, b in combinations(range(4), 2):
        assert rank([*last[a], *last[b]]) == 16
    for word in each[:-1]:
        for a in word:
            assert all(rank([*a, *b]) == 16 for b in last)
    end = turned[-64:]
    assert all(rank(end[at : at + 29]) == 29 for at in range(64 - 29 + 1))


def test_the_simulators_check():
    """By its table and by words, as defined."""
    chance = np.random.default_rng(1)
    channels = chance.integers(0, 256, (50, 128)).astype(np.uint8)
    assert checks.checks_of(channels).tolist() == [check_of(row.tobytes()) for row in channels]
    for size in range(0, 140, 4):
        data = chance.bytes(size)
        assert checks.check_of(data) == check_of(data)
