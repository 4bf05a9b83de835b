# Runs on the rv32 target: counts the instructions of a second's messages, up to the chunks for the
# socket, of the LED's frames with a look at the button each, of a collection, of a record of the
# history; prints them, the bytes of the messages before the record.
import asyncio
import gc

import messages
from count import instructions

from panel.animation import Animation
from panel.button import Button

FRAMES = 50  # in a second


def spent(function):
    a = instructions()
    b = instructions()
    function()
    c = instructions()
    return (c - b - (b - a)) & 0x1FFFFFFF


def written():
    for _ in publisher.write(messages.NOW_MS):
        pass
    asyncio.run(publisher.send_texts())


ticks = 0


def now():
    global ticks
    ticks += 20000
    return ticks


def frames():
    for _ in range(FRAMES):
        button.poll(False, 20)
        animation.show("green", "breathing")
        animation.frame()


def record():
    history.add(minute)


publisher, uplink = messages.build()
messages.second(publisher)
animation, button = Animation(lambda r, g, b: None, now), Button((("red", 1), ("blue", 3)))
history, minute = messages.HistoryText(10000), messages.minute(28, 16)
history.begin("5100000123", minute.layout, True, 1)
record()
frames()
gc.collect()
gc.disable()
texts = spent(written)
led = spent(frames)
one = spent(record)
gc.enable()
print(texts, led, spent(gc.collect), sum(uplink.sizes.values()), one)
