"""Modules that are needed now and then: imported where they are used, then unloaded; or, where
memory allows, all loaded at the start, because an import while the bus is read takes a tenth of a
second and more."""

import gc
import sys

# What the hotspot needs while it is open.
HOTSPOT = (
    "hotspot.dns_server",
    "hotspot.gzip_parts",
    "hotspot.form",
    "hotspot.http_request",
    "hotspot.http_server",
    "hotspot.portal",
    "hotspot.page",
    "portal_static",
    "portal_de",
    "portal_en",
    "portal_fr",
    "portal_nl",
)
# What the commissioning page needs, from its first request on.
SERVICE = (
    "installer.routes",
    "installer.values",
    "installer.findings",
    "installer.commands",
    "installer.changes",
)
# What else a gateway that measures may import.
_NOW_AND_THEN = (
    "a_bus.misplaced",
    "cloud.first_answer",
    "net.advice",
    "system.durable",
    "system.failed_starts",
    "net.reachability",
    "site.certificate",
    "site.settings",
    "site.settings_check",
    "net.sntp",
    "hotspot.credentials",
    "wifi_provision",
)
_B_BUS = (
    "b_bus.automation",
    "b_bus.members",
    "b_bus.messages",
    "b_bus.news",
    "b_bus.read",
    "b_bus.registers",
    "b_bus.runner",
    "b_bus.search",
    "b_bus.input_module",
    "b_bus.manner",
    "b_bus.meter",
    "b_bus.meter_energy",
    "b_bus.meter_profile",
    "b_bus.meter_units",
    "b_bus.output_module",
    "b_bus.power_box",
    "bus_b",
    "b_bus.switching",
)

# What gateway.py imports, from the ground floor up; each brings ten others at most.
_GATEWAY = (
    "net.hotspot_service",
    "net.connection",
    "panel.housekeeping",
    "b_bus.port",
    "a_bus.nodes",
    "bus_a",
    "energy.totals",
    "measure.pll",
    "metering",
    "measure.quantities",
    "journal.state",
    "journal.minutes",
    "journal.thinning",
    "journal.owner",
    "journal.journal",
    "commission.matches",
    "commission.evidence",
    "commission.wiring",
    "advice.sensors",
    "cloud.commands",
    "cloud.mqtt_client",
    "cloud.uplink",
    "cloud.topics_quality",
    "cloud.publisher",
    "cloud.retained",
    "pipeline",
    "assembly",
    "measuring_loop",
    "cloud.maintenance",
    "cloud.delivery",
    "cloud.home_assistant",
    "energy.record",
    "site_change",
    "update.offer",
    "installer.service_page",
    "gateway",
)
# What these import where they need it.
_BEHIND = (
    "cloud.topics",
    "cloud.topics_original",
    "cloud.topics_older",
    "cloud.home_components",
)

# Of MicroPython itself: an import looks for them in the file system first, each time, unless they
# are entered.
_BUILT_IN = (
    "array",
    "binascii",
    "errno",
    "hashlib",
    "io",
    "json",
    "os",
    "select",
    "socket",
    "struct",
    "time",
)

_for_good = False  # nothing is unloaded


def enter_built_in() -> None:
    """From now on MicroPython's own modules are imported without a look at the file system."""
    for name in _BUILT_IN:
        sys.modules[name] = __import__(name)


def keep_all() -> None:
    """There is room: from now on whatever is imported stays."""
    global _for_good
    _for_good = True


def load(with_b_bus: bool, between: Callable[[], object]) -> None:
    """Load what else may be imported later. between: called after each."""
    for name in HOTSPOT + SERVICE + _NOW_AND_THEN + (_B_BUS if with_b_bus else ()):
        __import__(name)
        between()


def load_gateway(between: Callable[[], object]) -> None:
    """Load what a gateway that measures is made of; a few at a time, so that nobody waits long for
    what is done by `between`, which is called after each."""
    for name in _GATEWAY + (_BEHIND if _for_good else ()):
        __import__(name)
        between()


def unload(*names: str) -> None:
    """Give back what these modules take, as far as nobody else holds it and not all are kept."""
    if _for_good:
        return
    found = False
    for name in names:
        if name in sys.modules:
            del sys.modules[name]
            package, _, own = name.rpartition(".")
            if hasattr(sys.modules.get(package), own):
                delattr(sys.modules[package], own)  # a package holds its modules
            found = True
    if found:
        gc.collect()
