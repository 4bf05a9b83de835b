"""What is wrong with the way to the internet, in words for the installer. Loaded when something
is."""

# By the LED's state, for one that lasts too long.
OVERDUE = {
    "booting": "starting takes too long: switch it off and on, and call support when that does "
    "not help",
    "connecting": "the network is there but not the cloud: activate the gateway at a site; "
    "if it is, see that the network lets the broker's port out, or call support",
}

# By Connection's `problem` or `leads`.
TEXTS = {
    "no_cable": "no cable is plugged in: plug one in, or choose Wi-Fi",
    "no_address": "the router gives no address: switch DHCP on, or restart the router",
    "nothing_known": "no Wi-Fi network is known yet: join the gateway's hotspot with a phone",
    "not_found": "none of the known networks is in reach: is the access point on, on 2.4 GHz, "
    "near enough, its name unchanged?",
    "wrong_password": "the access point refuses the password: give the new one, by a short "
    "press on the button and the hotspot",
    "failed": "the access point refuses to be joined: see that it has WPA2 and takes more devices",
    "no_sim": "there is no SIM card, or it wants a PIN: put one without PIN in",
    "no_modem": "the modem does not answer: switch the gateway off and on, or call support",
    "no_dns": "the network's name server does not know the cloud: see the router's DNS",
    "captive": "the network shows a page to be signed in at: use another network",
    "no_cloud": "the internet is there, but the cloud's port is blocked: open it in the firewall",
    "no_internet": "the network leads nowhere: is the router connected to the internet?",
}

# The same where the link is LTE.
_OF_LTE = {
    "no_address": "the 4G network gives no address: see the APN, and that the SIM card has data",
    "not_found": "no 4G network is in reach: move the gateway, or its antenna",
    "failed": "the 4G network refuses: see the APN, and that the SIM card has data",
}


def texts(led, connection):
    """(name, a text for the installer) of what is wrong."""
    found = [("led", OVERDUE[led.state])] if led.overdue else []
    wrong = connection.problem or connection.leads
    text = TEXTS.get(wrong)
    if "lte" in connection.board.LINKS:
        text = _OF_LTE.get(wrong, text)
    return found + ([("connection", text)] if text else [])
