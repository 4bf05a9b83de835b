"""What is wrong with the way to the internet, in words for the installer. Loaded when something
is."""

# By the LED's state, for one that lasts too long.
OVERDUE = {
    "booting": "starting takes too long: switch it off and on, and call support when that does "
    "not help",
    "connecting": "the cloud has not accepted the gateway: activate it at a site; if it is, call "
    "support",
}
_UNMEASURED = (
    "the gateway is in the cloud but measures nothing: look at the Power Box, its supply and its "
    "cable"
)

# By what Connection.wrong() tells.
TEXTS = {
    "no_cable": "no cable is plugged in: plug one in, or choose Wi-Fi",
    "no_address": "the router gives no address: switch DHCP on, or restart the router",
    "nothing_known": "no Wi-Fi network is known yet: join the gateway's hotspot with a phone",
    "not_found": "none of the known networks is in reach: is the access point on, on 2.4 GHz, "
    "near enough, its name unchanged?",
    "wrong_password": "the access point refuses the password: give the new one, by a short "
    "press on the button and the hotspot",
    "weak_signal": "the access point is received too weakly to be joined: move it or the gateway "
    "nearer; if that does not help, give the password anew",
    "failed": "the access point refuses to be joined: see that it has WPA2, takes more devices, "
    "and is near enough",
    "no_sim": "there is no SIM card, or it wants a PIN: put one without PIN in",
    "no_modem": "the modem or radio does not answer: switch the gateway off and on, or call "
    "support",
    "no_dns": "the network's name server does not know the cloud: see the router's DNS",
    "captive": "the network shows a page to be signed in at: use another network",
    "router_page": "the router answers in the place of the internet: open any page with a phone "
    "on this network, it says whether the line is down or a sign-in is missing",
    "address_clash": "the network has the same addresses as the gateway's hotspot: it is used "
    "when the hotspot is closed",
    "no_cloud": "the internet is there, but the cloud does not answer: see that its host and port "
    "are right, and that the firewall lets the port out",
    "no_internet": "the network leads nowhere: is the router connected to the internet?",
}

# What the uplink says as well, with the broker's name and port.
_OF_BROKER = ("no_dns", "no_cloud")

# The same where the link is LTE.
_OF_LTE = {
    "no_address": "the 4G network gives no address: see the APN, and that the SIM card has data",
    "not_found": "no 4G network is in reach: move the gateway, or its antenna",
    "failed": "the 4G network refuses: see the APN, and that the SIM card has data",
    "captive": "the 4G network shows a page in the place of the internet: see that the SIM card "
    "is active and has data",
    "router_page": "the 4G network shows a page in the place of the internet: see that the SIM "
    "card is active and has data",
}

NO_TIME = (
    "the gateway does not know the time: no two time servers agree; let UDP port 123 out, or give "
    "time_servers in settings.json"
)


def texts(
    led: Led, wrong: str | None, has_lte: bool, in_cloud: bool, named: bool
) -> list[AdviceText]:
    """(name, a text for the installer) of what is wrong. led: led.Led; wrong: what
    Connection.wrong() tells; has_lte: whether the board has a modem; in_cloud: whether the cloud
    has accepted us; named: whether the uplink says why it has not, which is more exact."""
    found = []
    if led.overdue and not (named and led.state == "connecting" and not in_cloud):
        unmeasured = in_cloud and led.state == "connecting"
        found.append(("led", _UNMEASURED if unmeasured else OVERDUE[led.state]))
    if named and wrong in _OF_BROKER:
        wrong = None
    text = TEXTS.get(wrong or "")
    if has_lte:
        text = _OF_LTE.get(wrong or "", text)
    return found + ([("connection", text)] if text else [])
