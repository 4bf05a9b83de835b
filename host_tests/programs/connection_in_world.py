"""A connection in a simulated world, for programs in which something happens to it. Whatever the
LED shows is reported with the simulated s. `FIELDS`: what can be reported and waited for."""

import asyncio

import board
from on_world import hardware, report, world

from system.counters import Counters
from site import settings as store
from net.connection import Connection
from led import Led

made = hardware()
counters = Counters()
led = Led(board.LED, board.MAX_STATE_S)
settings = store.read()


class Cloud:
    accepted = False


cloud = Cloud()


class Kept:
    """What a step leaves for those that follow."""

    mark = 0
    result = None
    watched = []


kept = Kept()


def seconds():
    return made.uptime_ms() / 1000


def change(field, value):
    """The world's field is another one from now on."""
    world(made, field, value)


def set_event(event, value):
    if led.set_event(event, value, made.uptime_ms() // 1000):
        report(s=seconds(), led=led.state)


connection = Connection(made, board, settings, counters, set_event, lambda: cloud.accepted, list)


def _text():
    from net.advice import texts

    return dict(texts(led, connection.wrong(), "lte" in board.LINKS, False, False)).get(
        "connection"
    )


FIELDS = {
    "at": seconds,
    "took": lambda: seconds() - kept.mark,
    "link": lambda: connection.link,
    "online": lambda: connection.online(),
    "signal": lambda: connection.describe()["dbm"],
    "problem": lambda: connection.wrong(),
    "reachability": lambda: connection.links.reachability,
    "text": _text,
    "errors": lambda: counters.counts,
    "state": lambda: led.state,
    "wifi": lambda: made.radio.connected(),
    "dbm": lambda: made.radio.dbm(),
    "lte": lambda: made.modem.connected(),
    "networks": lambda: len(connection.trial.networks),
    "trial": lambda: connection.trial.state,
    "result": lambda: kept.result,
    "known": lambda: settings.networks,
    "unkept": lambda: connection.networks.unkept,
    "stored": lambda: store.read().networks,
    "choice": lambda: store.read().link,
    "hotspot": lambda: made.a_uart.ask("hotspot_name"),
    "phone": lambda: made.a_uart.ask("phone_is_joined"),
    "watched": lambda: kept.watched,
}


async def until(condition, limit_s=7200):
    """Wait for it, in vain for so long at most."""
    end = seconds() + limit_s
    while not condition() and seconds() < end:
        await asyncio.sleep_ms(250)


def idle():
    """Whether the radio is left alone."""
    return not (connection.hotspot.is_open() or connection._joining.busy())


async def open_hotspot():
    """As a press on the button does; returns when it is open."""
    connection.open_hotspot()
    await until(lambda: connection.hotspot.is_open() and FIELDS["hotspot"]())


def play(happening):
    """Run the connection, and `happening()` beside it to its end."""

    async def main():
        asyncio.create_task(connection.run())
        await happening()

    asyncio.run(main())
