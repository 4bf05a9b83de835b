"""Throwaway certificates for a broker over TLS and for the gateway that connects to it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

# This machine, and the same as an emulated ESP32 sees it.
NAMES = ("127.0.0.1", "192.168.4.2")


@dataclass(frozen=True)
class Certificates:
    """PEM texts: a CA, what the broker has of it, what the client (the gateway) has of it."""

    ca: str
    certificate: str
    key: str
    client_certificate: str
    client_key: str

    def settings(self, name: str | None = None, with_certificate: bool = True) -> dict[str, str]:
        """`mqtt.tls` of settings.json. name: to be verified in place of the host."""
        table = {"ca": self.ca}
        if with_certificate:
            table |= {"certificate": self.client_certificate, "key": self.client_key}
        return table | ({"name": name} if name else {})


def make(
    names: Sequence[str] = NAMES,
    rsa: bool = False,
    broker_expired: bool = False,
    client_expired: bool = False,
    broker_early: bool = False,
    client_early: bool = False,
    client_days: int | None = None,
    between: bool = False,
) -> Certificates:
    """A new CA and its certificates: ECDSA P-256, or RSA 2048. names: of the broker, also
    addresses. early: not valid yet. client_days: the client's expires in so many. between: a CA
    of the CA's signs, and goes with what it has signed."""
    import trustme  # half a second

    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    future = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)
    kind = trustme.KeyType.RSA if rsa else trustme.KeyType.ECDSA
    ca = trustme.CA(key_type=kind)
    signer = ca.create_child_ca() if between else ca

    def span(
        expired: bool, early: bool, days: int | None = None
    ) -> tuple[datetime.datetime | None, datetime.datetime | None]:
        if early:
            return future, future.replace(year=2095)
        if days is not None:
            return None, datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        return None, past if expired else None

    def issue(
        names: Sequence[str], begins: datetime.datetime | None, ends: datetime.datetime | None
    ) -> tuple[str, str]:
        issued = signer.issue_cert(*names, not_before=begins, not_after=ends, key_type=kind)
        chain = "".join(_text(one) for one in issued.cert_chain_pems)
        return chain, _text(issued.private_key_pem)

    return Certificates(
        _text(ca.cert_pem),
        *issue(names, *span(broker_expired, broker_early)),
        *issue(["gateway"], *span(client_expired, client_early, client_days)),
    )


def self_signed() -> tuple[str, str]:
    """A certificate that nobody vouches for but itself, and its key."""
    import trustme

    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    return _text(ca.cert_pem), _text(ca.private_key_pem)


def _text(blob: object) -> str:
    return blob.bytes().decode("ascii")
