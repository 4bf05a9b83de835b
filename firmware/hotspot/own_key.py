"""The hotspot's password: the factory's, as on the label, or one that the gateway makes.

Owns `hotspot_key` in factory.json, and the password where that cannot be written.
"""

import json
import os
from errno import ENOENT

from micropython import const

from hotspot.credentials import check_network

_FACTORY = "factory.json"
_NEW = "factory.json.new"
_LENGTH = const(12)
_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none can be taken for another
_SAID = "hotspot: until the next start the password of %s is %s"


class OwnKey:
    """`unkept`: whether it is in memory alone, and another one after the next start. name: the
    hotspot's; serial: the gateway's."""

    def __init__(self, name: str, serial: str, count: Count):
        self.unkept = False
        self._name = name
        self._serial = serial
        self._count = count
        self._made = ""

    def get(self) -> str:
        """The password in factory.json; where there is none, a new one of 59 random bits, kept
        there beside what else there is. While that cannot be written it stays as it is, and the
        console has it: who holds the cable could read the file, too."""
        factory = self._factory()
        if "hotspot_key" in factory:
            self.unkept = False
            return factory["hotspot_key"]
        self._made = self._made or _random()
        factory["hotspot_key"] = self._made
        try:
            with open(_NEW, "w") as file:
                json.dump(factory, file)
            os.rename(_NEW, _FACTORY)
            self.unkept = False
        except OSError:
            self._count("provision.key_unkept")
            if not self.unkept:
                print(_SAID % (self._name, self._made))
            self.unkept = True
        return self._made

    def _factory(self):
        """What is in the file; without a password that cannot be one."""
        factory = {}
        try:
            with open(_FACTORY) as file:
                factory = dict(json.load(file))
            if factory.get("serial", self._serial) != self._serial:  # another gateway's label
                self._count("provision.factory_serial")
            if "hotspot_key" in factory:
                check_network("hotspot", factory["hotspot_key"], "wpa2")
        except OSError as error:
            if error.errno != ENOENT:
                self._count("provision.factory_damaged")
        except (ValueError, TypeError):
            self._count("provision.factory_damaged")
            factory.pop("hotspot_key", None)
        return factory


def _random():
    key = ""
    while len(key) < _LENGTH:
        at = os.urandom(1)[0] & 31
        if at < len(_CHARACTERS):
            key += _CHARACTERS[at]
    return key
