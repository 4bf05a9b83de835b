"""The gateway's settings (docs/site.md): reads them and keeps them through power cuts. Loaded when
they are read or changed, and then unloaded."""

import json
import os

from system.durable import Durable
from system.modules import unload
from system.refused import one_line
from site.limits import MAX_NETWORKS

_CHANGED_BY_COMMAND = ("publish", "time_servers")


class Settings:
    """`mqtt`: the table or None; `mqtt_before`: the one that it has replaced and that may come
    back, or None; `link`: the installer's choice or None; `apn`: of the SIM card; `commission`:
    whether the CTs' wiring is watched;
    `site_key`: of all gateways of the site, in hexadecimal digits, or empty;
    `publish`: what rates.Rates takes; `networks`: a list of [ssid, key], with "hidden" behind them
    where the network hides its name; the one that was given last comes first."""

    def __init__(self, table: Table):
        self.mqtt: Table | None = table.get("mqtt")
        self.mqtt_before: Table | None = table.get("mqtt_before")
        self.link: str | None = table.get("link")
        self.apn: str = table.get("apn", "")
        self.time_servers: list[str] = table.get("time_servers", [])
        self.publish: dict[str, int] = table.get("publish", {})
        self.commission: bool = table.get("commission", True)
        self.home_assistant: bool | str | None = table.get("home_assistant")
        self.site_key: str = table.get("site_key", "")
        self.networks: list[list[str]] = table.get("networks", [])


def read() -> Settings:
    """The Settings. A settings.json is taken over and removed; what was learned stays.
    settings_check.SettingsError when they are not usable."""
    store = Durable("settings")
    try:
        with open("settings.json") as file:
            text = file.read()
    except OSError:
        return Settings(_load(store.value) if store.value else {})
    settings = Settings(_load(text, True))
    known = kept().networks
    _hint(settings.networks)
    for network in known:
        _add(settings.networks, network)
    _save(settings, store)
    os.remove("settings.json")
    return settings


def _hint(networks):
    from hotspot.credentials import beyond_manual  # seldom needed

    for i, (ssid, key, *_) in enumerate(networks):
        if beyond_manual(ssid, key):
            print("networks[%d]: other gateways of this series may not accept it" % i)
    unload("hotspot.credentials")


def kept() -> Settings:
    """The Settings without settings.json, which is not usable. Where what is kept is not, because
    of a firmware before this one, its networks stay: without them nobody can mend it."""
    store = Durable("settings")
    try:
        return Settings(_load(store.value) if store.value else {})
    except ValueError:
        pass
    for name in ("mqtt_before", "mqtt"):
        try:
            table = json.loads(store.value or b"{}")
            table.pop("mqtt_before", None)
            table.pop(name, None)
            return Settings(_load(json.dumps(table)))
        except (ValueError, AttributeError):
            pass
    return Settings({})


def remember(settings: Settings, ssid: str, key: str, hidden: bool = False) -> None:
    """Keep a network's credentials, in front of the others; the oldest is forgotten. hidden:
    whether it hides its name."""
    networks = [[ssid, key, "hidden"] if hidden else [ssid, key]]
    for network in settings.networks:
        _add(networks, network)
    settings.networks = networks
    _save(settings, Durable("settings"))


def renew(settings: Settings, mqtt: Table) -> None:
    """Keep this in the place of `mqtt`, and what was there as `mqtt_before`; whoever holds the
    table has the new values in it. OSError, and nothing changes, when the flash is full."""
    _exchange(settings, mqtt, dict(settings.mqtt or {}))


def take_back(settings: Settings) -> None:
    """`mqtt` and `mqtt_before` change places."""
    _exchange(settings, settings.mqtt_before or {}, dict(settings.mqtt or {}))


def settle(settings: Settings) -> None:
    """`mqtt` is good: what was before it is forgotten."""
    _exchange(settings, dict(settings.mqtt or {}), None)


def _exchange(settings, mqtt, before):
    held, older = settings.mqtt, settings.mqtt_before
    settings.mqtt, settings.mqtt_before = mqtt, before
    try:
        _save(settings, Durable("settings"))
    except BaseException:
        settings.mqtt_before = older
        raise
    else:
        held.clear()
        held.update(mqtt)
    finally:
        settings.mqtt = held


def choose(settings: Settings, link: str) -> None:
    """Keep the installer's choice of link."""
    settings.link = link
    _save(settings, Durable("settings"))


def change(settings: Settings, changes: Table) -> None:
    """Keep other values of what holds no secret. SettingsError, and nothing changes, where they
    are not usable."""
    for name in changes:
        if name not in _CHANGED_BY_COMMAND:
            known = ", ".join(_CHANGED_BY_COMMAND)
            text = "settings.%s: is not changed by a command (%s are)" % (name, known)
            raise ValueError(one_line(text))
    try:
        text = json.dumps(changes)
    except RuntimeError:
        raise ValueError("settings: its values are nested too deeply to be looked at")
    _load(text)
    for name in changes:
        setattr(settings, name, changes[name])
    _save(settings, Durable("settings"))


def _load(text, is_given=False):
    from site.settings_check import load

    try:
        return load(text, is_given)
    finally:
        unload("site.settings_check", "hotspot.credentials")


def _save(settings, store):
    table = {name: value for name, value in settings.__dict__.items() if value or value is False}
    store.write(json.dumps(table).encode())


def _add(networks, network):
    """Add what is not there yet."""
    if len(networks) < MAX_NETWORKS and network[0] not in [known[0] for known in networks]:
        networks.append(network)
