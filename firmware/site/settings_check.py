"""What settings.json may say (docs/site.md). Loaded when it is read, and then unloaded."""

import json
from binascii import a2b_base64

from micropython import const

from system.addresses import is_address, is_home
from system.refused import one_line
from site.limits import MAX_NETWORKS, TOPICS

_MQTT = ("host", "port", "user", "password", "tls", "home_broker")
_TLS = ("ca", "certificate", "key", "name")
_NO_TLS = (
    "mqtt.tls is missing: give it; only a broker in the own network does without, by "
    '"home_broker": true'
)
_NAMES = (
    "mqtt",
    "link",
    "apn",
    "networks",
    "publish",
    "home_assistant",
    "commission",
    "time_servers",
    "site_key",
)
_KEY_DIGITS = const(64)
_LINKS = ("ethernet", "wifi", "lte")


class SettingsError(ValueError):
    """The settings are not usable: one line, which field and why."""

    def __init__(self, text: str):
        super().__init__(one_line(text))


def load(text: str, is_given: bool = False) -> Table:
    """The table of a settings.json's text; SettingsError when it is not usable. is_given: a person
    has written it; what was kept may have more, of a later firmware."""
    try:
        table = json.loads(text)
    except ValueError:
        raise SettingsError("not JSON")
    if not isinstance(table, dict):
        raise SettingsError("must be a table")
    for name in table:
        if is_given and name not in _NAMES:
            raise SettingsError("%s: is not known (known: %s)" % (name, ", ".join(_NAMES)))
    if "mqtt" in table:
        _check_mqtt(table["mqtt"])
    if table.get("mqtt_before") is not None:
        _check_mqtt(table["mqtt_before"])
    if table.get("link") not in (None,) + _LINKS:
        raise SettingsError("link: must be one of " + ", ".join(_LINKS))
    if not isinstance(table.get("apn", ""), str):
        raise SettingsError("apn: must be a text")
    if "time_servers" in table:
        _check_time_servers(table["time_servers"])
    if "site_key" in table:
        _check_key(table["site_key"])
    if "publish" in table:
        _check_publish(table["publish"])
    if "home_assistant" in table:
        _check_home_assistant(table["home_assistant"])
    if not isinstance(table.get("commission", True), bool):
        raise SettingsError("commission: must be true or false")
    if "networks" in table:
        _check_networks(table["networks"])
    return table


def _check_key(key):
    if not isinstance(key, str) or len(key) != _KEY_DIGITS or key.strip("0123456789abcdef"):
        raise SettingsError(
            "site_key: must be 64 digits of 0-9 and a-f, the same in all gateways of the site"
        )


def _check_mqtt(mqtt):
    if not isinstance(mqtt, dict):
        raise SettingsError("mqtt is missing")
    for name in mqtt:
        if name not in _MQTT:
            raise SettingsError("mqtt.%s: is not known (known: %s)" % (name, ", ".join(_MQTT)))
    host = mqtt.get("host")
    if not _is_host(host):
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
    if mqtt.get("tls") is not None:
        _check_tls(mqtt["tls"])
    _check_home(mqtt, host)


def _is_host(name):
    return isinstance(name, str) and all(0 < len(part.encode()) < 64 for part in name.split("."))


def _check_time_servers(servers):
    if (
        not isinstance(servers, list)
        or not 0 < len(servers) < 5
        or not all(map(_is_host, servers))
    ):
        raise SettingsError("time_servers: must be a list of 1 to 4 names or IPv4 addresses")


def _check_home(mqtt, host):
    """Nothing goes unencrypted but to a broker in the own network, and where its owner says so."""
    home = mqtt.get("home_broker", False)
    if not isinstance(home, bool):
        raise SettingsError("mqtt.home_broker: must be true or false")
    if home == (mqtt.get("tls") is not None):
        text = "mqtt.tls and mqtt.home_broker: give one of them" if home else _NO_TLS
        raise SettingsError(text)
    if home and is_address(host) and not is_home(host):
        text = "mqtt.home_broker: %s is no address of the own network: give mqtt.tls"
        raise SettingsError(text % host)


def _check_tls(tls):
    if not isinstance(tls, dict):
        raise SettingsError("mqtt.tls: must be a table")
    for name in tls:
        if name not in _TLS:
            raise SettingsError("mqtt.tls.%s: is not known (known: %s)" % (name, ", ".join(_TLS)))
    if "ca" not in tls:
        raise SettingsError("mqtt.tls.ca is missing: the certificate of the CA of the broker, PEM")
    if (tls.get("certificate") is None) != (tls.get("key") is None):
        raise SettingsError("mqtt.tls.certificate and mqtt.tls.key: give both or neither")
    if not isinstance(tls.get("name", ""), str) or tls.get("name") == "":
        raise SettingsError("mqtt.tls.name: must be a name in the broker's certificate")
    _check_pem("ca", tls["ca"], "CERTIFICATE")
    if tls.get("key") is not None:
        _check_pem("certificate", tls["certificate"], "CERTIFICATE")
        _check_pem("key", tls["key"], "PRIVATE KEY")


def _check_pem(name, text, kind):
    """Blocks of PEM (RFC 7468), at least one of this kind; others may be among them."""
    name = "mqtt.tls." + name
    if not isinstance(text, str) or "-----BEGIN " not in text:
        raise SettingsError(name + ": must be PEM, a text that begins with -----BEGIN")
    if "ENCRYPTED" in text:
        raise SettingsError(name + ": is encrypted: give it without a password")
    kinds = []
    for block in text.split("-----BEGIN ")[1:]:
        label, found, rest = block.partition("-----")
        inside, ends, _ = rest.partition("-----END %s-----" % label)
        try:
            whole = found and ends and a2b_base64(inside)
        except ValueError:
            whole = False
        if not whole:
            raise SettingsError(name + ": the PEM is damaged or cut off")
        kinds.append(label)
    if not any(label.endswith(kind) for label in kinds):
        raise SettingsError("%s: must be a %s, not %s" % (name, kind, kinds[0]))


def _check_publish(publish):
    if not isinstance(publish, dict):
        raise SettingsError("publish: must be a table")
    for name, seconds in publish.items():
        if name not in TOPICS:
            raise SettingsError("publish.%s: is not known (known: %s)" % (name, ", ".join(TOPICS)))
        if name == "aggregated" and seconds not in (0, 300, 900):
            raise SettingsError("publish.aggregated: must be 300 or 900, or 0 for never")
        if type(seconds) is not int or not 0 <= seconds <= 86400:
            raise SettingsError("publish.%s: must be 1 to 86400 s, or 0 for never" % name)


def _check_home_assistant(value):
    if isinstance(value, bool):
        return
    if (
        not isinstance(value, str)
        or not 0 < len(value.encode()) <= 64
        or any(not part for part in value.split("/"))
        or any(letter in value for letter in "+#$\0")
    ):
        raise SettingsError("home_assistant: must be true, false, or the prefix of its topics")


def _check_networks(networks):
    from hotspot.credentials import check_network, whole  # seldom needed

    if not isinstance(networks, list) or len(networks) > MAX_NETWORKS:
        raise SettingsError("networks: must be a list of at most %d" % MAX_NETWORKS)
    for i, network in enumerate(networks):
        try:
            if not isinstance(network, list):
                raise ValueError("give a list")
            ssid, key = network[:2]
            if not (isinstance(ssid, str) and isinstance(key, str)):
                raise ValueError("both are texts")
            if network[2:] not in ([], ["hidden"]):
                raise ValueError("behind them may be hidden alone")
            network[0] = ssid = whole(ssid)
            check_network(ssid, key, "wpa2")
        except (TypeError, ValueError) as error:
            raise SettingsError("networks[%d]: must be [name, key]: %s" % (i, error))
