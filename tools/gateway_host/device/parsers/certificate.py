"""A certificate and a private key, PEM or the DER in it, as the command `renew` brings them."""

from binascii import b2a_base64

from site import certificate
from site.settings_check import SettingsError, _check_pem

_PEM = "-----BEGIN %s-----\n%s-----END %s-----\n"


def _pem(kind, data):
    return _PEM % (kind, b2a_base64(data).decode(), kind)


def take(data):
    if data[:1] == b"-":
        try:
            text = data.decode()
        except UnicodeError:
            return "no_text"
    else:
        text = _pem("CERTIFICATE", data)
    came = "refused"
    try:
        _check_pem("certificate", text, "CERTIFICATE")
    except SettingsError:
        came = "no_pem"
    try:
        found = certificate.Certificate(text)
    except ValueError as error:
        assert str(error)
        return came
    assert len(found.begins) == len(found.ends) == 10, found.ends
    for key in (text, _pem("PRIVATE KEY", data), _pem("PRIVATE KEY", b"0" + found.public)):
        try:
            certificate.fits(key, found)
        except ValueError:
            pass
    return "read"
