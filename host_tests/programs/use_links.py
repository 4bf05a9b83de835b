"""The simulator board's radio and cable are used as the firmware does. Arguments: the case, a
function here, and its texts."""

import asyncio
import sys

from on_world import hardware, report, world

made = hardware()
radio = made.radio


def phone_is_joined():
    return made.a_uart.ask("phone_is_joined")


async def scan():
    for ssid, bssid, channel, rssi, security, hidden in await radio.scan():
        report(ssid=ssid.decode(), size=len(bssid), at=[channel, rssi, security, hidden])
    report(ms=made.uptime_ms())


async def collide():
    """A scan beside a scan, a scan beside joining, joining beside a scan."""
    first = asyncio.create_task(radio.scan())
    await asyncio.sleep(1)
    report(heard=[len(await radio.scan()), len(await first)])
    joining = asyncio.create_task(radio.join("house", "geheim123"))
    await asyncio.sleep(1)
    report(heard=[len(await radio.scan())], joined=await joining)
    first = asyncio.create_task(radio.scan())
    await asyncio.sleep(1)
    report(joined=await radio.join("house", "geheim123"), heard=[len(await first)])
    report(heard=[len(await radio.scan())])
    world(made, "refused", [])


async def join_and_leave(ssid, password):
    result = await radio.join(ssid, password)
    report(result=result, up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())
    radio.leave()
    report(up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())


async def join_by_bssid(bssid):
    report(result=await radio.join("house", "geheim123"), dbm=radio.dbm())
    report(result=await radio.join("house", "geheim123", bytes.fromhex(bssid)), dbm=radio.dbm())


async def lose_the_network():
    await radio.join("house", "geheim123")
    world(made, "rssi house", -95)
    report(up=radio.connected())
    world(made, "rssi house", -60)
    report(up=radio.connected(), result=await radio.join("house", "geheim123"))


async def join_again_under_the_hotspot():
    await radio.join("house", "geheim123")
    radio.start_hotspot("GATEWAY", "vj4kd8tw")
    made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
    await radio.join("house", "geheim123")
    report(phone=phone_is_joined())


async def join_under_the_hotspot():
    radio.start_hotspot("GATEWAY", "vj4kd8tw")
    made.a_uart.ask("phone", ("GATEWAY", "wrong"))
    report(phone=phone_is_joined())
    made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
    report(phone=phone_is_joined())
    await radio.join("house", "geheim123")
    report(phone=phone_is_joined())
    await asyncio.sleep(8)
    report(phone=phone_is_joined(), up=radio.connected())
    radio.stop_hotspot()
    report(phone=phone_is_joined(), up=radio.connected())


async def unplug():
    cable = made.ethernet
    report(up=cable.connected(), plugged=cable.plugged())
    await asyncio.sleep(5)
    report(up=cable.connected(), ip=cable.ip())
    world(made, "cable", False)
    report(up=cable.connected(), plugged=cable.plugged())


async def use_both():
    await radio.join("house", "geheim123")
    report(up=[made.ethernet.connected(), radio.connected()])


asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
