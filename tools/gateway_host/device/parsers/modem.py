"""What a modem answers to AT commands, as boards/common asks it: one answer behind the other, with
| between them."""

import sys

from parsers.finished import run

_MAX_KEPT = 2048


class _Network:
    def __init__(self, uart):
        pass

    def status(self):
        return 0

    def connect(self):
        pass

    def disconnect(self):
        pass

    def isconnected(self):
        return True

    def config(self, stream):
        pass


class Modules:
    """In the place of machine and network."""

    PPP = _Network
    STAT_CONNECTING = STAT_IDLE = STAT_NO_AP_FOUND = STAT_WRONG_PASSWORD = 0
    STAT_HANDSHAKE_TIMEOUT = 0

    class UART:
        answers = ()
        said = b""

        def __init__(self, *_, **__):
            pass

        def read(self):
            """At most as much as the driver's buffer holds."""
            uart = Modules.UART
            piece, uart.said = uart.said[:1024], uart.said[1024:]
            return piece or None

        def write(self, data):
            """Each command has an answer; the last one is that of all others."""
            uart = Modules.UART
            if len(uart.answers) > 1:
                uart.said = uart.answers.pop(0)
            elif uart.answers:
                uart.said = uart.answers[0]


sys.modules["machine"] = sys.modules["network"] = Modules
sys.path.insert(0, [place for place in sys.path if place.endswith("boards/common")][0])
import modem  # noqa: E402 - behind what it wants


class Clock:
    """In the place of time: each look at it takes 20 ms."""

    now = 0

    def ticks_ms(self):
        Clock.now += 20
        return Clock.now

    def ticks_diff(self, a, b):
        return a - b


class Pauses:
    """In the place of asyncio: pauses take none of our time."""

    async def sleep_ms(self, ms):
        Clock.now += ms

    def create_task(self, coroutine):
        coroutine.close()


modem.time = Clock()
modem.asyncio = Pauses()
_STATES = ("ok", "no_modem", "no_sim", "not_found", "failed", "no_address")


def take(data):
    uart = Modules.UART
    made = modem.Modem({"lte_tx": 1, "lte_rx": 2})
    uart.answers = [data]
    answer = run(made._ask(b"AT", (b"\0no\0",), 15000))
    assert len(answer) <= _MAX_KEPT, "%d bytes are kept" % len(answer)
    uart.answers, uart.said = data.split(b"|"), b""
    state = run(made.dial("internet"))
    assert made._dbm is None or -113 <= made._dbm <= -51, made._dbm
    assert state in _STATES, state
    return state
