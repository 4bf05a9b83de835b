"""The world around the firmware in the emulated chip: its radio, its servers, its button; and
names for what takes long. The emulated access points are open, which the firmware refuses: here
they seem to want a password (WPA2), and take any.
"""

import builtins
import io
import json
import os
import sys
import time

import esp32
import network
import tls

_INTERNAL_BYTES = 1000000  # a region of the IDF's heap that is larger lies in PSRAM
_WPA2 = 3
_PRESSED_MS = 300
_A_BAUD = 3000000
# The emulated UART is slower than its speed says: at this one it is as fast as the A-bus.
_FASTEST = 5000000

_HOOKED = ("board", "hardware", "links", "system.tasks", "pipeline")
# Functions of os that look into the flash.
_OF_FOLDERS = ("ilistdir", "mkdir", "remove", "rename", "stat", "statvfs")

_began = 0  # ticks_ms of the first reading
_measuring = None  # the firmware's pipeline.Measuring

with open("chip.json") as _file:
    _told = json.load(_file)


def internal_heap():
    """(free, largest piece, least ever free) of the IDF's internal memory, bytes."""
    regions = [r for r in esp32.idf_heap_info(esp32.HEAP_DATA) if r[0] < _INTERNAL_BYTES]
    return (
        sum(r[1] for r in regions),
        max(r[2] for r in regions),
        sum(r[3] for r in regions),
    )


def psram_free():
    """Bytes of PSRAM that Python's heap has not taken."""
    return max(r[1] for r in esp32.idf_heap_info(esp32.HEAP_DATA))


class Module:
    """A module with some of its names replaced."""

    def __init__(self, module, **names):
        for name in dir(module):
            setattr(self, name, names.get(name) or getattr(module, name))


class _Radio:
    """network.WLAN(which), as the firmware sees it."""

    def __init__(self, which, call):
        self._wlan = network.WLAN(which)
        self._call = call

    def __getattr__(self, name):
        return getattr(self._wlan, name)

    def active(self, *on):
        return self._call("radio", self._wlan.active, *on)

    def scan(self):
        heard = self._call("scan (in a thread)", self._wlan.scan)
        return [ap[:4] + (_WPA2,) + ap[5:] for ap in heard]

    def connect(self, ssid, password=None, bssid=None):
        if bssid:
            return self._call("join", self._wlan.connect, ssid, bssid=bssid)
        return self._call("join", self._wlan.connect, ssid)

    def config(self, *names, **values):
        if "key" in values:  # an access point with a password is not emulated
            values = {"ssid": values["ssid"]}
        return self._wlan.config(*names, **values)


class _Context:
    """tls.SSLContext(protocol), whose handshakes are named."""

    def __init__(self, protocol, expect):
        self._expect = expect
        self._context = tls.SSLContext(protocol)
        self.verify_mode = self._context.verify_mode

    def __getattr__(self, name):
        return getattr(self._context, name)

    def wrap_socket(self, *arguments, **named):
        self._context.verify_mode = self.verify_mode
        self._expect("tls handshake")
        return self._context.wrap_socket(*arguments, **named)


class _File(io.IOBase):
    """A file, also a stream to be given to json.dump and json.load."""

    def __init__(self, file, call):
        self._file = file
        self._call = call

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self, *count):
        return self._call("file read", self._file.read, *count)

    def readinto(self, buffer):
        return self._call("file read", self._file.readinto, buffer)

    def write(self, data):
        return self._call("file write", self._file.write, data)

    def close(self):
        return self._call("file close", self._file.close)


def _pressed(_):
    """Whether the button is down: for 0.3 s, so long after the first reading as the bench
    wants."""
    if not _began or not _told["press_ms"]:
        return False
    return 0 <= time.ticks_diff(time.ticks_ms(), _began) - _told["press_ms"] < _PRESSED_MS


def look(fact):
    """Report when there was a first reading, with fact(name, value); called now and then."""
    global _began
    if not _began and _measuring and _measuring.reports:
        _began = time.ticks_ms()
        fact("reading_ms", _began)


def _hook(name, module, named):
    """A module of the firmware was loaded."""
    if name == "board":
        module.LINKS = ("wifi",)  # no other is emulated
    elif name == "hardware":
        hardware = module.Hardware
        hardware.pressed = _pressed
        hardware.time_servers = (tuple(_told["time_server"]),)
        hardware.probe = tuple(_told["probe"])
        make_hardware = hardware.__init__

        def made_hardware(self, board):
            make_hardware(self, board)
            uart = self.a_uart
            uart.set_baud = lambda baud: uart.init(baudrate=_FASTEST if baud == _A_BAUD else baud)

        hardware.__init__ = made_hardware
    elif name == "links":
        start_hotspot = module.Radio.start_hotspot

        def started_hotspot(self, ssid, password):
            start_hotspot(self, ssid, password)
            self.hotspot_ip = _told["address"]  # the page is read through the station

        module.Radio.start_hotspot = started_hotspot
        nobody = ("0.0.0.0", "255.255.255.255", "0.0.0.0")  # which is no clash
        module.Radio.addresses = lambda self: nobody + (self.name_server(),)
    elif name == "system.tasks":
        keep = module.keep
        module.keep = lambda counters, task, make: named(keep(counters, task, make), task)
    elif name == "pipeline":
        make = module.Measuring.__init__

        def made(self, *arguments, **more):
            global _measuring
            make(self, *arguments, **more)
            _measuring = self

        module.Measuring.__init__ = made


def surround(call, named, expect):
    """Replace what the firmware is to find otherwise."""
    sys.modules["network"] = Module(network, WLAN=lambda which: _Radio(which, call))
    sys.modules["tls"] = Module(tls, SSLContext=lambda protocol: _Context(protocol, expect))
    load, open_file = builtins.__import__, builtins.open
    hooked = set()

    def __import__(name, *arguments):
        if len(arguments) == 4 and arguments[3]:  # a relative one: of asyncio, from nowhere else
            name, arguments = "asyncio." + name if name else "asyncio", arguments[:3]
        new = name not in sys.modules
        module = call("import " + name, load, name, *arguments) if new else load(name, *arguments)
        if name in _HOOKED and name not in hooked:
            hooked.add(name)
            _hook(name, sys.modules[name], named)
        return module

    def opened(name, *arguments, **named):
        file = call("file open", open_file, name, *arguments, **named)
        return file if name.endswith(".mpy") else _File(file, call)

    def of_folder(name):
        function = getattr(os, name)
        return lambda *arguments: call("file " + name, function, *arguments)

    sys.modules["os"] = Module(os, **{name: of_folder(name) for name in _OF_FOLDERS})
    builtins.__import__ = __import__
    builtins.open = opened
