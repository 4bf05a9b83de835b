"""What steps can not say (live_through.py) happens to a connection. Arguments: the case, a
function here, and its numbers."""

import asyncio
import sys

from connection_in_world import (
    FIELDS,
    change,
    connection,
    counters,
    idle,
    made,
    open_hotspot,
    play,
    report,
    seconds,
    until,
)

import wifi_provision


async def search_when_the_hotspot_closes():
    await open_hotspot()
    asyncio.create_task(connection.trial.scan())
    await asyncio.sleep_ms(50)
    connection._window.close_within(0)
    await until(idle)
    report(heard=len(await made.radio.scan()), open=FIELDS["hotspot"]())


async def press_and_unplug_during_checks():
    """Each check of the link gets no answer at all; the longest wait of either."""
    made.probe = ("127.0.0.1", 9)

    async def never(*what):
        await asyncio.sleep(1000)

    asyncio.open_connection = never
    await until(lambda: connection.links.reachability == "no_internet")
    press = cable = 0
    for n in range(12):
        await asyncio.sleep(20 + 1.7 * n)
        began = seconds()
        connection._window.open(60)
        await until(connection.hotspot.is_open)
        press = max(press, seconds() - began)
        await until(idle)
    for n in range(12):
        await asyncio.sleep(20 + 1.7 * n)
        began = seconds()
        change("cable", False)
        await until(lambda: connection.link is None)
        cable = max(cable, seconds() - began)
        change("cable", True)
        await until(lambda: connection.link == "ethernet")
    report(press=press, cable=cable)
    await until(lambda: connection.links.reachability)
    report(reachability=connection.links.reachability)


def replace_check(check):
    made.probe = ("127.0.0.1", 9)
    connection.links.check = check


async def fail_in_checks():
    failures = [MemoryError("once"), MemoryError("again")]

    async def check(link):
        if failures:
            raise failures.pop()
        return "ok"

    replace_check(check)
    await until(lambda: connection.links.reachability)
    report(reachability=connection.links.reachability, errors=counters.counts)


async def give_during_a_check():
    """The cable leads to a hotel's page, the network to the cloud."""
    began = []

    async def check(link):
        began.append(seconds())
        await asyncio.sleep(5)
        return "ok" if made.radio.connected() else "captive"

    replace_check(check)
    await open_hotspot()
    await until(lambda: connection.links.reachability == "captive")
    await until(lambda: seconds() - began[-1] > 10)
    await until(lambda: seconds() - began[-1] < 3)
    connection.trial.submit("house", "geheim123")
    await until(lambda: connection.trial.state == "done")
    await asyncio.sleep(30)
    report(link=connection.link)


async def lead_by_strength(strong, weak):
    """The network of `weak` dBm leads to the cloud, the other not; then neither."""
    leads = {strong: "no_internet", weak: "ok"}

    async def check(link):
        await asyncio.sleep(1)
        return leads.get(link.dbm(), "no_internet")

    replace_check(check)
    await until(lambda: connection.links.reachability == "ok")
    report(dbm=made.radio.dbm(), reachability=connection.links.reachability, at=seconds())
    await asyncio.sleep(600)
    report(dbm=made.radio.dbm(), reachability=connection.links.reachability)
    leads.clear()
    await until(lambda: connection.links.reachability != "ok")
    report(errors=counters.counts)
    await asyncio.sleep(7200)
    report(errors=counters.counts)


async def fail_to_open(times):
    """The hotspot fails so often."""
    run = wifi_provision.Provisioning.run
    failed = []

    async def fail(provisioning):
        failed.append(seconds())
        if len(failed) > times:
            return await run(provisioning)
        raise MemoryError("once")

    wifi_provision.Provisioning.run = fail
    await until(FIELDS["hotspot"], 1200)
    report(failed_at=failed, hotspot=FIELDS["hotspot"](), errors=counters.counts["task.portal"])


case = globals()[sys.argv[1]]
numbers = [int(number) for number in sys.argv[2:]]
play(lambda: case(*numbers))
