"""A name server's answer, and a time server's: both come by UDP from anybody."""

from net import resolve, sntp
from net.time_floor import FIRMWARE_MS

_NUMBER = 0x1234
_COOKIE = b"biscuits"


def take(data):
    came = "nothing"
    try:
        address = resolve._answer(data, _NUMBER)
        if address is not None:
            parts = address.split(".")
            assert len(parts) == 4 and all([0 <= int(one) < 256 for one in parts]), address
            came = "address"
    except (IndexError, ValueError):
        came = "damaged"
    try:
        offset = sntp._offset(data, _COOKIE, 1000, 1200)
        assert FIRMWARE_MS - 1200 <= offset < 4102444800000, offset
        came = "time"
    except sntp.SntpError:
        pass
    return came
