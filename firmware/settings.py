"""The gateway's settings: reads and checks settings.json (docs/site.md)."""

import json


class SettingsError(ValueError):
    """The settings are not usable: one line, which field and why."""


def load(text):
    """The table of a settings.json's text; SettingsError when it is not usable."""
    try:
        table = json.loads(text)
    except ValueError:
        raise SettingsError("not JSON")
    mqtt = table.get("mqtt") if isinstance(table, dict) else None
    if not isinstance(mqtt, dict):
        raise SettingsError("mqtt is missing")
    host = mqtt.get("host")
    if (
        not isinstance(host, str)
        or not host
        or any(not 0 < len(part.encode()) < 64 for part in host.split("."))
    ):
        raise SettingsError("mqtt.host: must be a name or an IPv4 address")
    port = mqtt.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise SettingsError("mqtt.port: must be a number from 1 to 65535")
    user, password = mqtt.get("user"), mqtt.get("password")
    if (user is None) != (password is None):
        raise SettingsError("mqtt.user and mqtt.password: give both or neither")
    for name in ("user", "password"):
        if not isinstance(mqtt.get(name, ""), (str, type(None))):
            raise SettingsError("mqtt.%s: must be a text" % name)
    return table
