"""What settings.json may say (docs/site.md). Loaded when it is read, and then forgotten."""

import json

from micropython import const

_MQTT = ("host", "port", "user", "password")
_LINKS = ("ethernet", "wifi", "lte")
_MOST_NETWORKS = const(5)


class SettingsError(ValueError):
    """The settings are not usable: one line, which field and why."""


def load(text):
    """The table of a settings.json's text; SettingsError when it is not usable."""
    try:
        table = json.loads(text)
    except ValueError:
        raise SettingsError("not JSON")
    if not isinstance(table, dict):
        raise SettingsError("must be a table")
    if "mqtt" in table:
        _check_mqtt(table["mqtt"])
    if table.get("link") not in (None,) + _LINKS:
        raise SettingsError("link: must be one of " + ", ".join(_LINKS))
    if not isinstance(table.get("apn", ""), str):
        raise SettingsError("apn: must be a text")
    if "networks" in table:
        _check_networks(table["networks"])
    return table


def _check_mqtt(mqtt):
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


def _check_networks(networks):
    from wifi_credentials import check_network  # seldom needed

    if not isinstance(networks, list) or len(networks) > _MOST_NETWORKS:
        raise SettingsError("networks: must be a list of at most %d" % _MOST_NETWORKS)
    for i, network in enumerate(networks):
        try:
            ssid, key = network
            check_network(ssid, key, "wpa2")
        except (TypeError, ValueError) as error:
            raise SettingsError("networks[%d]: must be [name, key]: %s" % (i, error))
