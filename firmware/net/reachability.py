"""Where a link leads: to the cloud, or why not. Loaded when it is needed, and owns nothing.

What answers in the place of the internet is named by what it is: a page to be signed in at, the
router's own page, or a name server that lies.
"""

import asyncio

from micropython import const

from system.addresses import in_network, is_address, is_of_site, is_private
from hotspot.credentials import text_of
from net.resolve import resolve

_TIMEOUT_S = 8  # on LTE a lost packet costs 3 s
_KEPT_S = 1
_MAX_HEAD = const(2048)  # bytes of an answer
_MAX_LOCATION = const(320)  # of them, of a URL whose host counts alone

_INTERNET = "internet"


async def check(
    cloud: tuple[str, int] | None,
    addresses: Sequence[str],
    probe: tuple[str, int] | None,
    hotspot_ip: str | None = None,
) -> str:
    """ "ok"; "no_dns": the name server does not answer, does not know the cloud, or lies;
    "captive": a page answers in the place of the internet; "router_page": the router's own does;
    "address_clash": this network has the addresses of our own hotspot, which is open; "no_cloud":
    the internet is there, the cloud's port is not open; "no_internet": nothing is there.

    cloud: (host, port) or None. addresses: of the link: its own, mask, router, name server. probe:
    (host, port) of a web server that answers /generate_204 with status 204, or None to do without.
    hotspot_ip: our hotspot's address, None while it is closed.
    """
    own, mask, router, name_server = addresses
    if hotspot_ip and (in_network(hotspot_ip, own, mask) or hotspot_ip in (router, name_server)):
        return "address_clash"
    address = None
    if cloud:
        try:
            address = await resolve(cloud[0], name_server)
        except OSError:
            return "no_dns"
    found = await _probe(probe, router, name_server) if probe else None
    if found in ("captive", "router_page"):
        return found
    if address and cloud and await _opens(address, cloud[1]):
        return "ok"
    if found == _INTERNET or not probe:
        return "no_cloud" if cloud else "ok"
    return found or "no_internet"


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


async def _probe(probe, router, name_server):
    """What answers in the probe's place: _INTERNET where it is the probe, "captive",
    "router_page", "no_dns" where the name leads to nobody; None where nothing says anything."""
    host, port = probe
    try:
        address = await resolve(host, name_server)
    except OSError:
        return None
    near = address == router or is_of_site(address)
    status, location, empty = await _get(address, port, host)
    if status == 204:
        return _INTERNET
    if status is None:
        nobody = near or is_private(address)
        return "no_dns" if nobody and not is_address(host) else None
    if 300 <= status < 400 and location is not None:
        target = _host_of(location)
        if target == host:
            return _INTERNET  # to https, or to another page of the probe's
        if target:  # else it is of the same host
            near = await _is_near(target, router, name_server)
    elif status != 511:
        if status >= 500 or empty:
            return None  # a proxy that finds nobody behind it; an answer without anything
        if status >= 400 and not near:
            return None  # a server that does not know the probe: a filter, or a name that lies
    return "router_page" if near and status != 511 else "captive"


async def _is_near(host, router, name_server):
    """Whether this host of a redirect is the router, or beside it: its address is, or it has a
    name that only this network knows. The provider's own range is behind the router, and who is
    sent there, or to a name with another address, is to sign in."""
    if host[:1] == "[":  # IPv6
        return host[1:3] in ("fc", "fd", "fe")
    if is_address(host):
        return host == router or is_of_site(host)
    try:
        return await resolve(host, name_server) == router
    except OSError:
        return True


async def _get(address, port, host):
    """The HTTP status of the probe's answer, where it sends to (None: nowhere), and whether it is
    empty; (None, None, False) when nothing answers by HTTP."""
    stream = None
    head = bytearray()
    try:
        stream, _ = await asyncio.wait_for(asyncio.open_connection(address, port), _TIMEOUT_S)
        stream.write(b"GET /generate_204 HTTP/1.0\r\nHost: %s\r\n\r\n" % host.encode())
        await asyncio.wait_for(stream.drain(), _TIMEOUT_S)
        await asyncio.wait_for(_read_head(stream, head), _TIMEOUT_S)
    except (OSError, asyncio.TimeoutError):
        pass  # what was said until then counts
    finally:
        if stream:
            await stream.wait_closed()
    # A portal speaks HTTP (HTTP/1.1 204); a router without internet may close the connection, or
    # say anything without an end.
    first, *fields = bytes(head).split(b"\r\n")
    try:
        status = int(first[9:12]) if first.startswith(b"HTTP/") else None
    except ValueError:
        status = None
    location = None
    empty = False
    for field in fields:
        name, _, value = field.partition(b":")
        name, value = name.lower(), value.strip()
        if name == b"location":
            location = text_of(value[:_MAX_LOCATION])
        elif name == b"content-length":
            empty = value == b"0"
    return status, location, empty


async def _read_head(stream, head):
    """Add to `head` until it is whole, or long enough."""
    while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
        piece = await stream.read(256)
        if not piece:
            return
        head.extend(piece)


def _host_of(location):
    """The host of a URL, empty where it names none."""
    scheme, mark, rest = location.partition("//")
    if not mark or scheme.lower() not in ("", "http:", "https:"):
        return ""
    host = rest.split("/")[0].split("?")[0].split("#")[0].lower()
    return host.partition("]")[0] if host[:1] == "[" else host.partition(":")[0]
