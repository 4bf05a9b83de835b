"""Modules that are needed now and then: imported where they are used, then forgotten; or, where
memory allows, all loaded at the start, because an import while the bus is read takes a tenth of a
second and more."""

import gc
import sys

# What the hotspot needs while it is open.
HOTSPOT = (
    "dns_server",
    "gzip_parts",
    "http_server",
    "portal",
    "portal_page",
    "portal_static",
    "portal_de",
    "portal_en",
    "portal_fr",
    "portal_nl",
)
# What else a gateway that measures may import.
_NOW_AND_THEN = (
    "bus_a_stray",
    "connection_advice",
    "durable",
    "joining",
    "link_check",
    "settings",
    "settings_check",
    "sntp",
    "wifi_credentials",
    "wifi_provision",
)
_B_BUS = (
    "automation",
    "bus_b_read",
    "bus_b_runner",
    "bus_b_search",
    "input_module",
    "meter_profile",
    "output_module",
    "power_box",
)

# Of MicroPython itself: an import looks for them in the file system first, each time, unless they
# are entered.
_BUILT_IN = ("array", "errno", "json", "os", "select", "socket", "struct", "time")

_kept = set()


def load(with_b_bus):
    """Load all of them, for good."""
    for name in _BUILT_IN:
        sys.modules[name] = __import__(name)
    for name in HOTSPOT + _NOW_AND_THEN + (_B_BUS if with_b_bus else ()):
        __import__(name)
        _kept.add(name)


def forget(*names):
    """Give back what these modules take, as far as nobody else holds it and they were not loaded
    for good."""
    found = False
    for name in names:
        if name not in _kept:
            found = sys.modules.pop(name, None) is not None or found
    if found:
        gc.collect()
