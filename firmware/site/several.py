"""What site.json says of the other gateways of its site (docs/several-gateways.md). Loaded when a
document names one, and then unloaded."""

from micropython import const

from site.devices import GATEWAYS, GATHERER, LTE_GATEWAY
from site.fields import SiteError, field

_MAX_GATHERED = const(8)


def check(table: Table, own: str | None) -> list[str]:
    """The gateways that this one gathers; SiteError when `feeds` or `gathers` is not usable. own:
    serial number of the gateway, None where it is not known."""
    own = own or table.get("gateway")
    if "feeds" in table and "gathers" in table:
        raise SiteError("feeds: not together with gathers: remove one of them")
    if "feeds" in table:
        _check_feeds(table, own)
        return []
    gathered = field("", table, "gathers", list)
    if not 0 < len(gathered) <= _MAX_GATHERED:
        raise SiteError(
            "gathers: %d gateways, but there are 1 to %d: list them, or remove the field"
            % (len(gathered), _MAX_GATHERED)
        )
    if own is not None and own[:2] != GATHERER:
        raise SiteError("gathers: %s is no Genius, which alone gathers: use a Genius" % own)
    for i, one in enumerate(gathered):
        _check_gathered("gathers[%d]" % i, one, gathered[:i], own)
    return gathered


def _check_feeds(table, own):
    genius = field("", table, "feeds", str)
    if not _is_gateway(genius) or genius[:2] != GATHERER:
        raise SiteError(
            'feeds: "%s" is not ten digits that begin with 50: take those on its label' % genius
        )
    if genius == own:
        raise SiteError("feeds: %s is this gateway itself: choose another" % genius)
    if own is not None and own[:4] == LTE_GATEWAY:
        raise SiteError("feeds: a 4G Connect is in no home network: use another Connect")


def _check_gathered(where, one, before, own):
    if not _is_gateway(one) or one[:4] == LTE_GATEWAY:
        raise SiteError(
            "%s: must be ten digits that begin with 50 or 51, of a gateway in the home's network: "
            "take those on its label" % where
        )
    if one in before:
        raise SiteError("%s: %s is there twice: remove one" % (where, one))
    if one == own:
        raise SiteError("%s: %s is this gateway itself: remove it" % (where, one))


def _is_gateway(number):
    if not isinstance(number, str) or len(number) != 10 or not number.isdigit():
        return False
    return number[:2] in GATEWAYS
