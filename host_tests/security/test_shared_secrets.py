"""A thousand gateways share no secret, and none can be found from what is public of them."""

from __future__ import annotations

import collections
import hashlib
import itertools
import json
import math

import pytest
from gateway_host import image, label
from in_interpreter import succeed

COUNT = 1000
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
SERIALS = [f"5010{number:06d}" for number in range(COUNT)]


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> list[str]:
    """The passwords of a thousand labels, as a factory makes them."""
    folder = tmp_path_factory.mktemp("labels")
    return [label.make(serial, None, folder).key for serial in SERIALS]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> list[str]:
    """Of a thousand gateways without a label, which make their own."""
    folder = tmp_path_factory.mktemp("gateways")
    said = succeed("make_hotspot_keys", given=SERIALS, heap="4M", cwd=folder)
    return json.loads(said.splitlines()[-1])


@pytest.fixture(params=["printed", "made"])
def passwords(request) -> list[str]:
    return request.getfixturevalue(request.param)


def test_no_two_are_the_same_nor_nearly(passwords):
    assert len(passwords) == COUNT and len(set(passwords)) == COUNT
    # In one of 3,000 such lists of random ones a pair has eight of twelve places in common.
    pairs = itertools.combinations(passwords, 2)
    assert max(sum(map(str.__eq__, a, b)) for a, b in pairs) <= 8


def test_each_character_is_as_likely_as_the_others(passwords):
    """At each of the twelve places: chi-square with 30 degrees of freedom. A thousandth of a
    thousandth of random ones has more than 84."""
    for place in range(12):
        seen = collections.Counter(password[place] for password in passwords)
        assert seen.keys() <= set(LETTERS)
        due = COUNT / len(LETTERS)
        assert sum((seen[letter] - due) ** 2 / due for letter in LETTERS) < 84
    assert 12 * math.log2(len(LETTERS)) > 59


def test_none_follows_from_the_serial_number(passwords):
    """Nor from a digest of it, as passwords of routers did; and a second label of the same number
    from another factory has another password."""
    for serial, password in zip(SERIALS, passwords, strict=True):
        assert serial[4:] not in password
        for name in ("md5", "sha1", "sha256"):
            for text in (serial, f"Gateway-{serial}", serial[4:]):
                digest = hashlib.new(name, text.encode())
                assert password not in digest.hexdigest()
                assert password != "".join(LETTERS[b % 31] for b in digest.digest()[:12])


def test_the_same_serial_number_twice(tmp_path):
    keys = {label.make(SERIALS[0], None, tmp_path / str(n)).key for n in range(50)}
    assert len(keys) == 50


def test_an_image_holds_none():
    """Two builds are the same bytes, so nothing random is in them; of what the tools and the
    firmware have as texts none can be a key: no PEM, no 64 hexadecimal digits."""
    first = image.build("WIFI_CONNECT").littlefs.read_bytes()
    second = image.build("WIFI_CONNECT").littlefs.read_bytes()
    assert first == second
    assert b"PRIVATE KEY-----\n" not in first
    digits = set(b"0123456789abcdef")
    run = 0
    for byte in first:
        run = run + 1 if byte in digits else 0
        assert run < 64
