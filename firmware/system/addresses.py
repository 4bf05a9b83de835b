"""IPv4 addresses as text: which belong together, which are not on the internet. Owns nothing."""

# RFC 1918, RFC 3927 (no DHCP answered): network, length.
_SITE = (
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
)
_HOME = _SITE + (("127.0.0.0", 8),)
_PRIVATE = _HOME + (("100.64.0.0", 10),)  # RFC 6598: between a provider and its customers


def is_address(text: str) -> bool:
    """Whether it is an IPv4 address and no name."""
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


def _number(address):
    number = 0
    for part in address.split("."):
        number = number << 8 | int(part)
    return number


def in_network(address: str, network: str, mask: str) -> bool:
    """Whether the address is in the network that this other one is in, by its mask."""
    return not (_number(address) ^ _number(network)) & _number(mask)


def is_private(address: str) -> bool:
    """Whether nobody on the internet has this address."""
    return _in_one_of(address, _PRIVATE)


def is_of_site(address: str) -> bool:
    """Whether it is an address of a site's own network."""
    return _in_one_of(address, _SITE)


def is_home(address: str) -> bool:
    """Whether it is an address of the site's own network, or of this very machine."""
    return _in_one_of(address, _HOME)


def _in_one_of(address, networks):
    number = _number(address)
    for network, length in networks:
        if not (number ^ _number(network)) >> 32 - length:
            return True
    return False
