"""Runs in the interpreter: the hotspot's page as a phone gets it, in every language, with as many
networks as it shows. Prints one JSON line: for each language the bytes, head included."""

import json

from hotspot.http_server import head
from hotspot.portal import Portal

_NETWORKS = 16


class Request:
    method = "GET"
    path = "/"

    def __init__(self, language):
        self.fields = {"host": "4.3.2.1", "accept-language": language}


class Provisioning:
    state = "ready"
    result = ssid = None
    networks = [("Network_%02d" % number, -40 - 3 * number, "wpa2") for number in range(_NETWORKS)]


class Service:
    PATH = "/wiring"

    def fingerprint(self):
        return "3f7a9c1e"

    def has(self, path):
        return False


def size_of(language):
    portal = Portal(Provisioning(), "5020000042", "4.3.2.1", list, Service())
    try:
        portal.handle(Request(language)).send(None)
    except StopIteration as end:
        status, fields, body = end.value
    return len(head(status)) + len(fields) + 2 + sum(len(piece) for piece in body)


print(json.dumps({language: size_of(language) for language in ("en", "nl", "fr", "de")}))
