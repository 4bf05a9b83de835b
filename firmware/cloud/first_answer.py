"""What a server's first bytes mean, where they are not a broker's "accepted" (MQTT 3.1.1 section
3.2, MQTT 5 section 3.2.2): in words for people, with the remedy. Loaded only then; owns nothing.
"""

_VERSION = "the broker does not speak MQTT 3.1.1, which the gateway needs: allow it there"
_NAME = "client identifier refused: allow the gateway's serial number there"
_BUSY = "broker unavailable or full"
_WHO = "user name or password refused: see mqtt in settings.json"
_RIGHTS = "not authorised: see mqtt in settings.json"
# Why we are refused, by the return codes of MQTT 3.1.1 and the reasons of MQTT 5.
_REFUSALS = {
    2: _NAME,
    3: _BUSY,
    4: _WHO,
    5: _RIGHTS,
    0x85: _NAME,
    0x86: _WHO,
    0x87: _RIGHTS,
    0x88: _BUSY,
    0x89: _BUSY,
    0x8A: "banned: see the broker's list of clients",
    0x97: _BUSY,
    0x9F: _BUSY,
}
_VERSIONS = (1, 0x84)
# Other services by how they begin: HTTP and pages without it, SSH, AMQP.
_OTHERS = (
    (b"HTTP", "a web server"),
    (b"<", "a web server"),
    (b"SSH-", "an SSH server"),
    (b"AMQP", "an AMQP broker, whose MQTT has another port"),
    (b"INFO", "a NATS server, whose MQTT has another port"),
)


def explain(answer: bytes, host: str, port: int) -> tuple[str, str]:
    """(name for the counters, text) by the first four bytes of the answer to CONNECT."""
    if answer[0] == 0x20 and answer[1] >= 2:
        code = answer[3]
        if code in _VERSIONS or answer[1] > 2 and code not in _REFUSALS:
            return "uplink.protocol", _VERSION
        reason = _REFUSALS.get(code, "code %d" % code)
        return "uplink.refused", "the broker refused us: " + reason
    if answer[0] == 0xE0:  # DISCONNECT, which MQTT 5 alone has in this direction
        return "uplink.protocol", _VERSION
    if answer[:2] == b"\x15\x03":  # an alert
        return "uplink.tls", "the broker's port wants TLS: give mqtt.tls"
    say = "what answers on port %d of %s " % (port, host)
    if answer[0] == 0x10:
        say += "sends back what it is sent"
    else:
        for begin, what in _OTHERS:
            if answer.startswith(begin):
                say += "is " + what
                break
        else:
            if all(31 < byte < 127 for byte in answer):
                say += 'begins with "%s", which is no MQTT' % answer.decode()
            else:
                say += "begins with the bytes %s, which are no MQTT" % answer.hex()
    return "uplink.protocol", say + ": is mqtt.port right?"
