"""Where a link leads: to the cloud, or why not. Loaded when it is needed, and owns nothing."""

import asyncio

from net.resolve import resolve

_TIMEOUT_S = 8  # on LTE a lost packet costs 3 s
_KEPT_S = 1


async def check(cloud, name_server, probe):
    """ "ok"; "no_dns": the name server does not answer or does not know the cloud; "captive": a
    portal answers in the place of the internet; "no_cloud": the internet is there, the cloud's
    port is not open; "no_internet": nothing is there.

    cloud: (host, port) or None. probe: (host, port) of a web server that answers /generate_204
    with status 204, or None to do without.
    """
    address = None
    if cloud:
        try:
            address = await resolve(cloud[0], name_server)
        except OSError:
            return "no_dns"
    status = await _probe(probe, name_server) if probe else None
    if status not in (None, 204):
        return "captive"
    if address and await _opens(address, cloud[1]):
        return "ok"
    if status == 204 or not probe:
        return "no_cloud" if cloud else "ok"
    return "no_internet"


async def _opens(address, port):
    """Whether somebody accepts a connection, and keeps it for a second."""
    stream = None
    try:
        stream, _ = await asyncio.wait_for(asyncio.open_connection(address, port), _TIMEOUT_S)
        # That it was refused shows only now. The cloud says nothing before it is spoken to.
        return bool(await asyncio.wait_for(stream.read(1), _KEPT_S))
    except asyncio.TimeoutError:
        return stream is not None
    except OSError:
        return False
    finally:
        if stream:
            await stream.wait_closed()


async def _probe(probe, name_server):
    """The HTTP status of the probe's answer; None when nothing answers by HTTP."""
    host, port = probe
    stream = None
    try:
        address = await resolve(host, name_server)
        stream, _ = await asyncio.wait_for(asyncio.open_connection(address, port), _TIMEOUT_S)
        stream.write(b"GET /generate_204 HTTP/1.0\r\nHost: %s\r\n\r\n" % host.encode())
        await asyncio.wait_for(stream.drain(), _TIMEOUT_S)
        # A portal speaks HTTP (HTTP/1.1 204); a router without internet may close the connection,
        # or say anything without an end.
        line = await asyncio.wait_for(stream.readexactly(12), _TIMEOUT_S)
        return int(line[9:]) if line.startswith(b"HTTP/") else None
    except (OSError, asyncio.TimeoutError, EOFError, ValueError):
        return None
    finally:
        if stream:
            await stream.wait_closed()
