"""An HTTP request of a phone in the hotspot, as it arrives, and what the portal answers it."""

from portal_static import FIELDS

from parsers.finished import finish

from hotspot.http_request import Request, RequestError
from hotspot.page import Page
from hotspot.portal import Portal

_STATUSES = (200, 302, 303, 403, 404, 413)
_REFUSALS = (400, 405, 413, 431, 501, 505)
assert Page and FIELDS  # loaded, so that room is measured without them
_PAGES = 200  # every so many pages one is made wholly


class Provisioning:
    """A stand-in that takes everything and does nothing."""

    state = "ready"
    result = ssid = None
    networks = [("Woning_5", -50, "wpa2"), ("Camping", -70, "open"), ("", -66, "wpa2")]

    async def scan(self):
        pass

    def submit(self, ssid, key, delay_ms):
        from hotspot.credentials import check_network

        check_network(ssid, key, "wpa2")


_portal = Portal(Provisioning(), "5020000042", "4.3.2.1", list)
_portal._token = b"0123456789abcdef"
_portal._renew = lambda: None  # so that forms are taken
_pages = [0]


def take(data):
    request = Request()
    try:
        whole, at = False, 0
        while not whole and at < len(data):
            whole = request.feed(data[at : at + 256])
            at += 256
        assert len(request._line) <= 512 and len(request.body) <= 576, "too much is kept"
        if not whole:
            return "unfinished"
        status, fields, body = finish(_portal.handle(request))
    except RequestError as error:
        assert error.status in _REFUSALS, error.status
        return "refused"
    assert status in _STATUSES and fields.endswith(b"\r\n"), status
    if not isinstance(body, bytes):
        _pages[0] += 1
        if _pages[0] % _PAGES == 1:
            for _ in body:
                pass
        body.close()
    return "served"
