"""The simulator board's radio and cable are used as the firmware does. Arguments: the case, a
function here, and its texts."""

import asyncio
import sys

from on_world import hardware, tell, world

made = hardware()
radio = made.radio


def phone_is_joined():
    return made.a_uart.ask("phone_is_joined")


async def scan():
    for ssid, bssid, channel, rssi, security, hidden in await radio.scan():
        tell(ssid=ssid.decode(), size=len(bssid), at=[channel, rssi, security, hidden])
    tell(ms=made.uptime_ms())


async def collide():
    """A scan beside a scan, a scan beside joining, joining beside a scan."""
    first = asyncio.create_task(radio.scan())
    await asyncio.sleep(1)
    tell(heard=[len(await radio.scan()), len(await first)])
    joining = asyncio.create_task(radio.join("house", "geheim123"))
    await asyncio.sleep(1)
    tell(heard=[len(await radio.scan())], joined=await joining)
    first = asyncio.create_task(radio.scan())
    await asyncio.sleep(1)
    tell(joined=await radio.join("house", "geheim123"), heard=[len(await first)])
    tell(heard=[len(await radio.scan())])
    world(made, "refused", [])


async def join_and_leave(ssid, password):
    result = await radio.join(ssid, password)
    tell(result=result, up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())
    radio.leave()
    tell(up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())


async def join_by_bssid(bssid):
    tell(result=await radio.join("house", "geheim123"), dbm=radio.dbm())
    tell(result=await radio.join("house", "geheim123", bytes.fromhex(bssid)), dbm=radio.dbm())


async def lose_the_network():
    await radio.join("house", "geheim123")
    world(made, "rssi house", -95)
    tell(up=radio.connected())
    world(made, "rssi house", -60)
    tell(up=radio.connected(), result=await radio.join("house", "geheim123"))


async def join_again_under_the_hotspot():
    await radio.join("house", "geheim123")
    radio.start_hotspot("GATEWAY", "vj4kd8tw")
    made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
    await radio.join("house", "geheim123")
    tell(phone=phone_is_joined())


async def join_under_the_hotspot():
    radio.start_hotspot("GATEWAY", "vj4kd8tw")
    made.a_uart.ask("phone", ("GATEWAY", "wrong"))
    tell(phone=phone_is_joined())
    made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
    tell(phone=phone_is_joined())
    await radio.join("house", "geheim123")
    tell(phone=phone_is_joined())
    await asyncio.sleep(8)
    tell(phone=phone_is_joined(), up=radio.connected())
    radio.stop_hotspot()
    tell(phone=phone_is_joined(), up=radio.connected())


async def unplug():
    cable = made.ethernet
    tell(up=cable.connected(), plugged=cable.plugged())
    await asyncio.sleep(5)
    tell(up=cable.connected(), ip=cable.ip())
    world(made, "cable", False)
    tell(up=cable.connected(), plugged=cable.plugged())


async def use_both():
    await radio.join("house", "geheim123")
    tell(up=[made.ethernet.connected(), radio.connected()])


asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
