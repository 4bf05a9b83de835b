"""A connection lives through the steps on standard input, lists of a step's name and what it takes
(support/connection_steps.py): the functions here."""

import asyncio
import json
import socket
import sys

from connection_in_world import (
    FIELDS,
    change,
    cloud,
    connection,
    kept,
    made,
    open_hotspot,
    play,
    report,
    seconds,
    set_event,
    until,
)


async def wait_until(field, value, is_so):
    await until(lambda: (FIELDS[field]() == value) == is_so)


async def report_fields(*fields):
    report(**{field: FIELDS[field]() for field in fields})


async def change_world(field, value):
    change(field, value)


async def mark():
    kept.mark = seconds()


async def watch(field, duration_s):
    kept.watched = [FIELDS[field]()]
    end = seconds() + duration_s
    while seconds() < end:
        await asyncio.sleep_ms(250)
        if FIELDS[field]() != kept.watched[-1]:
            kept.watched.append(FIELDS[field]())


async def accept(accepted):
    cloud.accepted = accepted


async def happen(event, value):
    set_event(event, value)


async def press():
    connection.open_hotspot()


async def submit(ssid, key):
    connection.trial.submit(ssid, key)


async def give(ssid, key):
    trial = connection.trial
    trial.submit(ssid, key)
    await until(lambda: trial.state != "trying")
    kept.result = trial.result


async def search():
    await connection.trial.scan()


async def join_phone():
    with open("factory.json") as file:
        key = json.load(file)["hotspot_key"]
    made.a_uart.ask("phone", (made.a_uart.ask("hotspot_name"), key))


class Answers:
    """What the probe answers: by cable, by Wi-Fi; and how often it says nothing before that."""

    cable = wifi = ""
    silent = 0


async def answer(cable, wifi, silent):
    Answers.cable, Answers.wifi, Answers.silent = cable, wifi, silent


async def answer_request(reader, writer):
    await reader.readline()
    if Answers.silent:
        Answers.silent -= 1
    else:
        writer.write((Answers.wifi if made.radio.connected() else Answers.cable).encode())
    await writer.drain()
    writer.close()


async def accept_in_silence(reader, writer):
    await reader.read(64)
    await asyncio.sleep(600)


async def serve(port, cloud_port):
    await asyncio.start_server(answer_request, "127.0.0.1", port)
    made.probe = ("127.0.0.1", port)
    if cloud_port:
        await asyncio.start_server(accept_in_silence, "127.0.0.1", cloud_port)


STEPS = {
    "until": wait_until,
    "sleep": asyncio.sleep,
    "report": report_fields,
    "change": change_world,
    "mark": mark,
    "watch": watch,
    "accept": accept,
    "happen": happen,
    "press": press,
    "open": open_hotspot,
    "submit": submit,
    "give": give,
    "search": search,
    "phone": join_phone,
    "answer": answer,
    "serve": serve,
}


def listens():
    """Whether anybody does at the hotspot's port."""
    caller = socket.socket()
    try:
        caller.connect(socket.getaddrinfo("127.0.0.1", made.hotspot_ports[0])[0][-1])
        return True
    except OSError:
        return False
    finally:
        caller.close()


FIELDS["silent"] = lambda: Answers.silent
FIELDS["listens"] = listens


async def live():
    for name, *what in json.load(sys.stdin):
        await STEPS[name](*what)


play(live)
