"""The modules of MicroPython on the ESP32 that boards/common imports, made up: what is made of
them is written down, and a program puts its own model in the place of one. Imported before a
board's modules. No hardware: what the chip's own drivers do is not shown by this."""

import sys


class Anything:
    IN, OUT, PULL_DOWN, PULL_UP, TYPE_DATA = 1, 3, 1, 2, 1

    def __init__(self, *what, **named):
        self.named = named

    def __getattr__(self, name):
        return lambda *what, **named: None


uarts, pins = [], []


class Pin(Anything):
    def __init__(self, number, *what, **named):
        pins.append(number)


class UART(Anything):
    def __init__(self, number, *what, **named):
        uarts.append(number)
        pins.extend((named["tx"], named["rx"]))


class Timer(Anything):
    ONE_SHOT = 0


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


# The numbers: MicroPython's ports/esp32/modnetwork.h and modmachine.h, and ESP-IDF's
# wifi_err_reason_t.
network = Module(
    WLAN=Anything,
    LAN=Anything,
    PPP=Anything,
    STA_IF=0,
    AP_IF=1,
    PHY_LAN8710=0,
    PHY_LAN8720=1,
    PHY_IP101=2,
    PHY_W5500=102,
    STAT_IDLE=1000,
    STAT_CONNECTING=1001,
    STAT_GOT_IP=1010,
    STAT_NO_AP_FOUND=201,
    STAT_WRONG_PASSWORD=202,
    STAT_HANDSHAKE_TIMEOUT=204,
    ETH_INITIALIZED=0,
    ETH_STARTED=1,
    ETH_STOPPED=2,
    ETH_CONNECTED=3,
    ETH_DISCONNECTED=4,
    ETH_GOT_IP=5,
    hostname=lambda name: None,
)


class RTC:
    def datetime(self, fields):
        rtc.append(fields)

    def memory(self, data=None):
        if data is None:
            return kept[0]
        kept[0] = bytes(data)


rtc, kept = [], [b""]
machine = sys.modules["machine"] = Module(
    Pin=Pin,
    UART=UART,
    PWM=Anything,
    SPI=Anything,
    RTC=RTC,
    Timer=Timer,
    WDT=Anything,
    freq=lambda hertz: None,
    unique_id=lambda: b"\1\2\3",
    reset_cause=lambda: 1,
    PWRON_RESET=1,
    HARD_RESET=2,
    WDT_RESET=3,
    SOFT_RESET=5,
)
sys.modules["network"] = network
sys.modules["esp32"] = Module(Partition=Anything)
