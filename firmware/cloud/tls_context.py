"""TLS to the broker: the context that settings.json asks for, and what mbedtls means when it
refuses. Loaded only when there is `mqtt.tls`.

The handshake is a step of about a second on the chip, in which the whole program stands still.
"""

import errno
import gc
import time

import tls

from site.validity import Validity

# mbedtls's numbers, without the lower-level reason in their last seven bits
_NO_MORE = 0x7280
_ALERT = 0x7780
_NO_TLS = (0x7200, 0x6E80)  # a record, or a version, that is none
_NOT_TRUSTED = 0x2700

_S_1970_TO_2000 = 946684800
_REFUSES_OURS = (
    "the broker refuses our certificate: has it expired, is it from a CA that the broker knows, "
    "does mqtt.tls.key belong to it?"
)

_WORDS = (
    ("not correctly signed by the trusted CA", "is not signed by the CA in mqtt.tls.ca"),
    ("does not match", "is for another name than %(name)s: set mqtt.tls.name to one of its names"),
    ("has expired", "has expired: renew it there; or the gateway's clock is wrong"),
    ("starts in the future", "is not valid yet: has the gateway the right time?"),
)
_OF_TIME = ("has expired", "starts in the future")  # also where it is the CA's


def context(settings: Table) -> SSLContext:
    """An SSLContext for `mqtt.tls`: the broker has to prove its name by a certificate of the CA.
    ValueError: a text. It takes memory of the IDF, given back when nobody holds it any more."""
    gc.collect()  # the one of the last connection first
    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # The stubs leave this attribute out.
    made.verify_mode = tls.CERT_REQUIRED  # pyright: ignore[reportAttributeAccessIssue]
    try:
        made.load_verify_locations(settings["ca"])
    except ValueError:
        raise ValueError("mqtt.tls.ca: the interpreter reads no certificate in it")
    if settings.get("certificate"):
        try:
            made.load_cert_chain(settings["certificate"], settings["key"])
        except ValueError as error:
            name = "key" if "key" in str(error) else "certificate"
            raise ValueError("mqtt.tls.%s: the interpreter cannot read it" % name)
    return made


def server_name(settings: Table) -> str:
    """The name that the broker's certificate must have, by `mqtt` of settings.json."""
    return settings["tls"].get("name") or settings["host"]


def explain(error: BaseException, settings: Table) -> str | None:
    """What an error between the TCP connection and the broker's first word means: a text with the
    remedy, or None where TLS has nothing to do with it. settings: `mqtt` of settings.json."""
    if isinstance(error, ValueError):
        return _refused(str(error), settings)
    number = (error.errno or 0) if isinstance(error, OSError) else -_NO_MORE
    if number == errno.ENOMEM:
        return "there is too little memory for TLS"
    if number in (errno.ECONNRESET, errno.ECONNABORTED):
        number = -_NO_MORE
    if number >= 0:
        return None
    with_certificate = settings["tls"].get("certificate")
    port = settings["port"]
    kind = -number & ~0x7F
    if kind == _ALERT:
        if with_certificate:
            return Validity(settings, "certificate").wrong(_now_s()) or _REFUSES_OURS
        return "the broker wants a certificate: give mqtt.tls.certificate and mqtt.tls.key"
    if kind == _NO_MORE:
        text = "the broker broke off the TLS handshake: is %d its port for TLS?" % port
        return text if with_certificate else text + " does it want mqtt.tls.certificate?"
    if kind in _NO_TLS:
        return "what answers on port %d speaks no TLS: give the port for TLS, often 8883" % port
    if kind == _NOT_TRUSTED:
        return "the broker's certificate is not to be trusted: see mqtt.tls.ca"
    return "the TLS handshake failed: mbedtls error -0x%04X" % -number


def _now_s():
    """Epoch s by the chip's clock, by which the broker's certificate was judged, too."""
    return int(time.time()) + (_S_1970_TO_2000 if time.gmtime(0)[0] == 2000 else 0)


def _refused(text, settings):
    """mbedtls gives a line for each thing that is wrong with a certificate, or with the CA's."""
    found = [words for part, words in _WORDS if part in text]
    if any([part in text for part in _OF_TIME]):
        ours = Validity(settings, "ca").wrong(_now_s())
        if ours:
            return ours
    if found:
        return "the broker's certificate " + "; it ".join(found) % {"name": server_name(settings)}
    return "; ".join(line for line in text.split("\n") if line)
