"""A settings.json, as somebody writes it, and the changes that a command may make to it."""

import json

from parsers.finished import is_one_line

from site import settings, settings_check

_TYPES = (
    ("mqtt", (dict, type(None))), ("link", (str, type(None))), ("apn", str), ("publish", dict),
    ("time_servers", list), ("commission", bool), ("home_assistant", (bool, str, type(None))),
    ("site_key", str), ("networks", list),
)  # fmt: skip


class NoFile:
    """In the place of durable.Durable."""

    value = None

    def __init__(self, name):
        pass

    def write(self, value):
        settings_check.load(value.decode())  # what is kept can be read


settings.Durable = NoFile
settings.print = lambda *_: None


def take(data):
    try:
        text = data.decode()
    except UnicodeError:
        return "no_text"
    came = "refused"
    try:
        made = settings.Settings(settings_check.load(text, True))
        came = "used"
        for name, kind in _TYPES:
            assert isinstance(getattr(made, name), kind), name
        for network in made.networks:
            assert all([isinstance(one, str) for one in network]), network
        for server in made.time_servers:
            assert isinstance(server, str), server
        for name in ("host", "user", "password"):
            assert isinstance((made.mqtt or {}).get(name, ""), (str, type(None))), name
        settings._hint(made.networks)
        settings._save(made, NoFile(""))
    except settings_check.SettingsError as error:
        assert is_one_line(str(error)), "says %r" % str(error)
    try:
        changes = json.loads(text)
    except ValueError:
        return came
    if isinstance(changes, dict) and changes:
        try:
            settings.change(settings.Settings({}), changes)
            came = "changed"
        except ValueError as error:
            assert is_one_line(str(error)), "says %r" % str(error)
    return came
