"""The gateway's settings: reads and checks settings.json (docs/site.md)."""

import json

_MQTT = ("host", "port", "user", "password")


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
    for name in mqtt:
        if name not in _MQTT:
            raise SettingsError("mqtt.%s: is not known (known: %s)" % (name, ", ".join(_MQTT)))
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
    _check_wifi(table.get("wifi"))
    return table


def _check_wifi(wifi):
    if wifi is None:
        return
    if not isinstance(wifi, dict) or sorted(wifi) != ["key", "ssid"]:
        raise SettingsError("wifi: must have ssid and key")
    from wifi_credentials import check_network  # seldom needed: not kept in memory without it

    try:
        check_network(wifi["ssid"], wifi["key"], "wpa2")
    except ValueError as error:
        raise SettingsError("wifi: %s" % error)
