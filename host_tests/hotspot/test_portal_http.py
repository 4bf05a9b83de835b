"""The hotspot's web site, request by request: what phones ask by themselves, every rule and
result, and what an attacker may try."""

from __future__ import annotations

import gzip
import html.parser
import json
import random
import re
import socket
import time
import tomllib
import urllib.parse
import zlib

import dns.message
import pytest
from gateway_host import interpreter, portal_pages
from gateway_host.bench import portal as portal_bench
from gateway_host.session import MODULE_PATH
from in_interpreter import succeed
from play_in_world import PAGES

from hotspot import HOST, Hotspot, token

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/124.0 Mobile"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
WISPR = "CaptiveNetworkSupport-443.120.2 wispr"

# What a client asks on joining: (path, host, other fields, what it would take for the internet).
PROBES = {
    "android": ("/generate_204", "connectivitycheck.gstatic.com", {"User_Agent": PHONE}, b""),
    "android www": ("/gen_204", "www.google.com", {"User_Agent": PHONE}, b""),
    "android play": ("/generate_204", "play.googleapis.com", {"User_Agent": PHONE}, b""),
    "ios wispr": ("/hotspot-detect.html", "captive.apple.com", {"User_Agent": WISPR}, b"Success"),
    "ios": ("/hotspot-detect.html", "captive.apple.com", {"User_Agent": "Safari"}, b"Success"),
    "windows": ("/connecttest.txt", "www.msftconnecttest.com", {}, b"Microsoft Connect Test"),
    "windows redirect": ("/redirect", "www.msftconnecttest.com", {}, b"Microsoft"),
    "windows old": ("/ncsi.txt", "www.msftncsi.com", {}, b"Microsoft NCSI"),
    "firefox": ("/canonical.html", "detectportal.firefox.com", {}, b"<meta http-equiv"),
    "firefox text": ("/success.txt?ipv4", "detectportal.firefox.com", {}, b"success"),
}
RULES = [
    ("", "Geheim!123", "Choose a network."),
    ("Woning_5", "", "Type the network's password."),
    ("Woning_5", "1234567", "has 7\u00a0characters, Wi-Fi passwords have at least 8"),
    ("Woning_5", "k" * 64, "has 64\u00a0characters, at most 63"),
    ("Woning_5", "0" * 65, "has 65\u00a0characters, at most 63"),
    ("Woning_5", "Geheim€12", "password has U+20AC at place\u00a07"),
    ("Woning_5", "Geheimé12", "password has é at place\u00a07"),
    ("Woning\t5", "Geheim!123", "name has U+0009 at place\u00a07"),
    ("n" * 33, "Geheim!123", "name takes 33\u00a0bytes"),
    ("é" * 17, "Geheim!123", "name takes 34\u00a0bytes"),
    ("Camping", "", "Open, without a password: give it WPA2"),
    ("Oud", "Geheim!123", "Uses WEP: set the router to WPA2"),
]
RESULTS = {
    "not_found": "was not found",
    "no_address": "gave the gateway no address",
    "captive": "wants a login page",
    "no_cloud": "the server cannot be reached",
}


@pytest.fixture(scope="module")
def hotspot(tmp_path_factory):
    with Hotspot(tmp_path_factory.mktemp("hotspot")) as started:
        yield started


def page(hotspot: Hotspot, language: str = "en") -> str:
    """The page as it is now."""
    answer = hotspot.ask("GET", "/", Accept_Language=language, Accept=BROWSER)
    assert answer.status == 200
    return gzip.decompress(answer.body).decode()


def send(hotspot: Hotspot, name: str, key: str, secret: str | None = None):
    """Fill the form in and send it."""
    secret = token(page(hotspot)) if secret is None else secret
    fields = {"token": secret, "ssid": "", "other": name, "key": key}
    return hotspot.ask("POST", "/join", urllib.parse.urlencode(fields).encode())


def raw(hotspot: Hotspot, request: bytes) -> bytes:
    """What comes back for these bytes, until the connection ends."""
    with socket.create_connection((HOST, hotspot.port), 20) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while data := line.recv(4096):
            answer += data
        return answer


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_probes_open_the_portal(hotspot, probe):
    path, host, fields, internet = probe
    answer = hotspot.ask("GET", path, Host=host, **fields)
    # Android: a redirect; iOS: a redirect with a body; the others: not the text they wait for.
    assert answer.status == 302
    assert answer.fields["location"] == f"http://{hotspot.origin}/"
    assert len(answer.body) > 4
    assert not internet or internet not in answer.body


def test_proxy_search_and_icons_lead_nowhere(hotspot):
    for path, host in (("/wpad.dat", "wpad"), ("/favicon.ico", hotspot.origin)):
        assert hotspot.ask("GET", path, Host=host).status == 404


def test_every_rule_has_its_message_and_nothing_is_tried(hotspot):
    for name, key, message in RULES:
        answer = send(hotspot, name, key)
        shown = gzip.decompress(answer.body).decode()
        alert = shown.partition('role="alert">')[2].partition("</p>")[0]
        assert message in alert
    assert "Traceback" not in hotspot.output
    # What cannot be chosen says why, beside its name; hidden networks too.
    listed = page(hotspot)
    for reason in ("<b>Hidden network</b>", "Hidden: choose Another network", "Uses WEP"):
        assert reason in listed
    assert not any("tried" in event for event in hotspot.reported.all())


def test_a_form_that_is_too_long_gets_a_page_that_says_so(hotspot):
    answer = send(hotspot, "Woning_5", "€" * 60)
    assert answer.status == 413
    shown = gzip.decompress(answer.body).decode()
    assert "The name or the password is too long" in shown
    assert token(shown) == token(page(hotspot))
    assert not any("tried" in event for event in hotspot.reported.all())


def rows(shown: str) -> list[tuple[str, str]]:
    """(name, what else is said) of the networks that are listed."""
    found = re.findall(r'class="n[^>]*><b>([^<]*)</b>(.*?)</(?:label|div)>', shown)
    return [(name, re.sub("<.*?>", "", more)) for name, more in found if name != "Another network"]


def test_many_networks(tmp_path):
    """Sixteen are listed, and the strongest that cannot be joined are among them."""
    networks = [[f"Buur_{k:02}", -40 - k, "wpa2"] for k in range(20)]
    networks += [[f"Open_{k}", -50 - k, "open"] for k in range(6)]
    with Hotspot(tmp_path, networks=networks, passwords={"Buur_19": "x" * 8}) as hotspot:
        listed = rows(page(hotspot))
        assert [name for name, _ in listed] == [
            *(f"Buur_{k:02}" for k in range(12)),
            *(f"Open_{k}" for k in range(4)),
        ]
        assert all(why.startswith("Open,") for name, why in listed if name.startswith("Open"))
        # A name that is not listed stays in the form, with what came of it.
        assert send(hotspot, "Buur_19", "Verkeerd!1").status == 303
        while hotspot.ask("GET", "/state").body == b"trying":
            time.sleep(0.02)
        shown = page(hotspot)
        assert "The password of Buur_19 is not right" in shown
        assert 'name="other" maxlength="40" value="Buur_19"' in shown
        assert re.findall(r'id="(\w+)" checked', shown) == ["o"]


def test_what_is_wrong_with_the_gateway(tmp_path):
    """The five most serious sentences, as texts."""
    with Hotspot(tmp_path, wrong=['A <b> & "c"', *"bcdef"]) as hotspot:
        shown = page(hotspot)
        assert "<h2>What the gateway reports</h2>" in shown
        found = re.search(r"<ul class=soft lang=en>(.*?)</ul>", shown)[1]
        assert found == "<li>A &lt;b&gt; &amp; &quot;c&quot;<li>b<li>c<li>d<li>e"
        assert "gateway reports" not in page(hotspot, "nl")
    with Hotspot(tmp_path) as hotspot:
        assert "What the gateway reports" not in page(hotspot)


def test_the_site_in_use(tmp_path):
    """Its fingerprint stands behind the serial number; without a site there is none."""
    for site, shown in (("3f7a9c1e", " 3f7a9c1e"), ("", "")):
        with Hotspot(tmp_path, site=site) as hotspot:
            found = re.search(r"Gateway<small>(\d{10})(.*?)</small>", page(hotspot))
            assert found and found[2] == shown


def test_a_network_is_listed_once_however_it_is_heard(tmp_path):
    networks = [
        ["Twee", -60, "wpa"],
        ["Twee", -50, "wpa2"],
        ["Gast", -45, "open"],
        ["Gast", -70, "wpa2"],
    ]
    with Hotspot(tmp_path, networks=networks, passwords={"Twee": "x" * 8}) as hotspot:
        assert [name for name, _ in rows(page(hotspot))] == ["Twee", "Gast", "Gast"]
        send(hotspot, "Twee", "short")
        send(hotspot, "Twee", "Verkeerd!1")
        while hotspot.ask("GET", "/state").body == b"trying":
            time.sleep(0.02)
        shown = page(hotspot)
        assert re.findall(r'value="(\w+)" checked', shown) == ["Twee"]
        assert 'aria-label="strong"' in shown.partition("<b>Twee</b>")[2].partition("</label>")[0]


def test_the_texts_name_the_one_colour_that_means_the_same_on_every_gateway():
    """The Genius Flex has no blue for the hotspot, and red blinks or not (docs/led.md)."""
    texts = tomllib.loads((portal_pages.SOURCE / "text.toml").read_text(encoding="utf-8"))
    others = re.compile(r"(?i)\b(blue|red|blauwe?|rood|rode|bleue?s?|rouges?|blau\w*|rot\w*)\b")
    for language in texts.values():
        words = [*language.values(), *language["messages"].values()]
        assert not [text for text in words if isinstance(text, str) and others.search(text)]


def test_names_are_text_not_markup(hotspot):
    assert 'value="R&amp;B&lt;i&gt;\'s"' in page(hotspot)
    shown = gzip.decompress(send(hotspot, '"><script>alert(1)</script>', "short").body).decode()
    assert "<script>alert" not in shown


HOSTILE = [
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onfocus=alert(1) autofocus x="',
    "</label></form></main><a href=//x>",
    "<!--",
    "]]><svg/onload=alert(1)>",
    "&quot;&lt;b&gt;&#34;&#x22;",
    "{{token}}<<serial>>%s%(x)s%n",
    "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
    "\u202egpj.\u2028<b>",
    "javascript:alert(1)//`${1}`",
    "<" * 32,
    "\U0001f600" * 8,
]


class Markup(html.parser.HTMLParser):
    """What a browser makes of the page: `tags`, and `names` of attributes; `values` of the
    networks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.values: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        given = dict(attrs)
        if tag == "input" and given.get("type") == "radio":
            self.values.append(given["value"])


def test_hostile_names_are_names(tmp_path):
    """32 bytes of anything may be a network's name: 40 at random, and markup. The page has the
    elements and attributes of one without them."""
    dice = random.Random(5)
    names = [list(dice.randbytes(32)) for _ in range(40)]
    names += [[byte] * 32 for byte in (0, 0x22, 0x26, 0x27, 0x3C, 0x80, 0xFF)]
    # Half a character, a "<" of two bytes, a code beyond Unicode: no UTF-8 (RFC 3629 section 3).
    names += [list(part) for part in (b"\xed\xa0\x80", b"\xc0\xbcb>", b"\xf7\xbf\xbf\xbf")]
    every = [*HOSTILE, *names]
    for directory in ("harmless", *map(str, range(0, len(every), 12))):
        (tmp_path / directory).mkdir()
        some = [] if directory == "harmless" else every[int(directory) : int(directory) + 12]
        listed = [[name, -60, dice.choice(("wpa2", "open"))] for name in some]
        listed += [["Woning_5", -50, "wpa2"], ["Oud", -77, "wep"]]
        with Hotspot(tmp_path / directory, networks=listed) as hotspot:
            for name in ["Woning_5", *some]:
                sent = name if isinstance(name, str) else bytes(name)
                answer = send(hotspot, sent, "geheim")  # too short: nothing is tried
                reported = Markup(gzip.decompress(answer.body).decode())
                if name == "Woning_5" and directory == "harmless":
                    harmless = reported
                assert reported.tags == harmless.tags
                assert reported.names <= harmless.names | {"checked"}
                allowed = {one.encode() if isinstance(one, str) else bytes(one) for one in some}
                allowed |= {b"", b"Woning_5"}
                assert allowed.issuperset(value.encode() for value in reported.values)
                assert not re.search("[\0-\x1f\x7f]", "".join(reported.values))
            assert "Traceback" not in hotspot.output


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("en;q=0.3,de;q=0.8,fr;q=0.5", "de"),
        ("FR-be", "fr"),
        ("pt-BR,pt;q=0.9", "en"),
        ("", "en"),
        ("*", "en"),
        ("de;q=0,nl;q=x,fr;q=0.001", "fr"),
        ("nl_BE", "nl"),
        ("de;Q=0.5, fr;q=0.9", "fr"),
        ("nl ; q = 0.2, de;q=0.4", "de"),
        ("fr;q=0.8;level=1,nl;q=0.5", "fr"),
        ("en;q=0.5,\tnl;q=0.9", "nl"),
        ("nl," + "sr-Latn;q=0.5," * 60, "nl"),
    ],
)
def test_the_language_is_the_phones(hotspot, accepted, language):
    assert f'<html lang="{language}">' in page(hotspot, accepted)


def test_the_page_is_one_small_compressed_answer(hotspot):
    answer = hotspot.ask("GET", "/")
    assert answer.fields["content-encoding"] == "gzip"
    # zlib checks the sum and the length that the gateway has computed over its parts.
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    text = member.decompress(answer.body).decode()
    assert member.eof and not member.unused_data
    assert len(answer.body) < 6000
    assert "http://" not in text.replace("http-equiv", "") and "https://" not in text
    policy = answer.fields["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.fields["cache-control"] == "no-store"


def test_only_our_own_form_is_taken(hotspot):
    tried = [event for event in hotspot.reported.all() if "tried" in event]
    for secret in ("", "0" * 16, "é"):
        answer = send(hotspot, "Woning_5", "Geheim!123", secret)
        assert answer.status == 403
        assert "out of date" in gzip.decompress(answer.body).decode()
    old = token(page(hotspot))
    send(hotspot, "Woning_5", "short", old)
    assert send(hotspot, "Woning_5", "Geheim!123", old).status == 403  # a token is for one use
    kind = {"Content_Type": "text/plain"}
    assert hotspot.ask("POST", "/join", b"token=x", **kind).status == 400
    for body in (b"token=%+1", b"token=% 1", b"token=%-1", b"token=%0x", b"%", b"token=%1"):
        assert hotspot.ask("POST", "/join", body).status == 400  # no form (WHATWG URL, 5.1)
    other = hotspot.ask("POST", "/join", b"token=" + old.encode(), Host="evil.example")
    assert (other.status, other.fields["location"]) == (302, f"http://{hotspot.origin}/")
    assert [event for event in hotspot.reported.all() if "tried" in event] == tried


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n\r\n",  # which has no Host
        b"GET / HTTP/1.1\r\nHost: %s:80\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nAccept: */*\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: %s\r\nAccept: " + b"application/msword, " * 30 + b"*/*\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: %s\r\nAccept-Language: nl\r\nAccept-Language: en\r\n\r\n",
        b"GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
        b"GET / HTTP/1.1\nhost:%s\n\n",
    ],
)
def test_old_and_odd_browsers_get_the_page(hotspot, request_):
    answer = raw(hotspot, request_.replace(b"%s", hotspot.origin.encode()))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_form_whose_kind_is_in_capitals(hotspot):
    body = b"token=%s&ssid=&other=&key=x" % token(page(hotspot)).encode()
    head = b"POST /join HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n"
    kind = b"Content-Type: Application/X-WWW-Form-URLEncoded; charset=UTF-8\r\n\r\n"
    answer = raw(hotspot, head % (hotspot.origin.encode(), len(body)) + kind + body)
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "status, request_",
    [
        (431, b"GET / HTTP/1.1\r\nX: " + b"x" * 5000 + b"\r\n\r\n"),
        (431, b"GET /" + b"x" * 600 + b" HTTP/1.1\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 900 + b"\r\n"),
        (413, b"POST /join HTTP/1.1\r\nContent-Length: 16385\r\n\r\n" + b"x" * 513),
        (413, b"POST /join HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"),
        (400, b"POST /join HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        (400, b"POST /join HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        (501, b"POST /join HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (405, b"PUT / HTTP/1.1\r\nHost: %s\r\n\r\n"),
        (505, b"GET / HTTP/2.0\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n"),
        (400, b"GET /\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"),  # TLS
        (400, b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n folded: x\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nnonsense\r\n\r\n"),
    ],
)
def test_requests_that_are_refused(hotspot, status, request_):
    answer = raw(hotspot, request_.replace(b"%s", hotspot.origin.encode()))
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def test_nothing_that_was_sent_gets_into_a_header(hotspot):
    for path in (b"/%0d%0aSet-Cookie:x=1", b"/?l=a%0d%0aX:y", b"http://evil.example/"):
        answer = raw(hotspot, b"GET %s HTTP/1.1\r\nHost: evil\r\n\r\n" % path)
        head = answer.partition(b"\r\n\r\n")[0]
        assert b"Set-Cookie" not in head and b"evil" not in head and b"X:y" not in head


def test_a_hundred_slow_clients(hotspot):
    """Half of them say nothing, half a byte now and then: LED, page and name server go on."""
    slow = []
    try:
        for number in range(100):
            slow.append(socket.create_connection((HOST, hotspot.port), 20))
            if number % 2:
                slow[-1].send(b"GET / HTTP/1.1\r\nX: ")
        steps = [event["steps"] for event in hotspot.reported.all() if "steps" in event][-1]
        for _ in range(5):
            for line in slow[1::2]:
                try:
                    line.send(b"x")
                except OSError:
                    pass  # it has lost its place
            assert "Connect to Wi-Fi" in page(hotspot)
            time.sleep(0.1)
        hotspot.reported.until(
            lambda events: any(event.get("steps", 0) >= steps + 20 for event in events),
            "the LED",
        )
    finally:
        for line in slow:
            line.close()


def used(hotspot: Hotspot) -> int:
    """Bytes of the heap in use, the least of the next three times that it is reported."""

    def reported() -> list[int]:
        return [event["used"] for event in hotspot.reported.all() if "used" in event]

    count = len(reported())
    hotspot.reported.until(lambda _: len(reported()) >= count + 3, "the heap")
    return min(reported()[count:])


def test_a_thousand_dropped_clients_leave_nothing(tmp_path):
    """Half of them say nothing, half begin a request; each loses its place to a later one."""
    with Hotspot(tmp_path) as hotspot:
        page(hotspot)
        before = used(hotspot)
        clients: list[socket.socket] = []
        for number in range(1000):
            clients.append(socket.create_connection((HOST, hotspot.port), 20))
            if number % 2:
                clients[-1].send(b"GET / HTTP/1.1\r\nX: ")
            if len(clients) > 10:
                clients.pop(0).close()
            time.sleep(0.006)  # no faster than they are taken: TCP would wait for a second
        for client in clients:
            client.close()
        assert "Connect to Wi-Fi" in page(hotspot)
        assert used(hotspot) < before + 1024  # a connection is more
        assert "Error" not in hotspot.output


def test_nothing_stops_for_good_when_the_heap_is_full(tmp_path):
    """For a second nothing is left of it: page and name server are there again afterwards."""
    with Hotspot(tmp_path, starve=20) as hotspot:
        hotspot.wait("starving")
        query = dns.message.make_query("captive.apple.com", "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
            names.connect((HOST, hotspot.dns_port))
            names.settimeout(0.2)
            clients = []
            while not any("starved" in event for event in hotspot.reported.all()):
                clients.append(socket.create_connection((HOST, hotspot.port), 20))
                clients[-1].send(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % hotspot.origin.encode())
                names.send(query)
                time.sleep(0.1)
            for client in clients:
                client.close()
            for _ in range(50):
                names.send(query)
                try:
                    assert names.recv(512)[:2] == query[:2]
                    break
                except TimeoutError:
                    pass
            else:
                pytest.fail("the name server is gone")
        assert "Connect to Wi-Fi" in page(hotspot)


def test_where_memory_is_short_one_client_is_served_at_a_time(tmp_path):
    """With 9 kB left, four phones that read slowly, each in its language: no allocation fails, and
    the page is there for a fifth."""
    with Hotspot(tmp_path, leave=9000) as hotspot:
        hotspot.wait("left")
        phones = []
        for language in (b"nl", b"fr", b"de", b"en") * 3:
            phone = socket.socket()
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            phone.connect((HOST, hotspot.port))
            fields = b"Host: %s\r\nAccept-Language: %s" % (hotspot.origin.encode(), language)
            phone.sendall(b"GET / HTTP/1.1\r\n%s\r\n\r\n" % fields)
            phones.append(phone)
        for phone in phones:
            assert phone.recv(12) == b"HTTP/1.1 200"
            phone.close()
        assert "Connect to Wi-Fi" in page(hotspot)
        assert "Error" not in hotspot.output


def test_what_can_not_be_closed_keeps_nothing_else_open(tmp_path):
    with Hotspot(tmp_path, speed=900, rounds=2, stuck=True) as hotspot:
        assert hotspot.end() == 0
        closed = [event for event in hotspot.reported.all() if "done" in event]
    assert [event["counts"]["provision.close"] for event in closed] == [1, 2]
    assert [event["modules"] for event in closed] == [[], []]


def test_results_stay_for_a_phone_that_comes_back(tmp_path):
    names = {f"Net_{result}": result for result in RESULTS if result != "not_found"}
    networks = [[name, -50, "wpa2"] for name in names]
    passwords = dict.fromkeys(names, "12345678")
    with Hotspot(
        tmp_path, networks=networks, passwords=passwords, results=names, seconds=0.1
    ) as hotspot:
        for name, result in [*names.items(), ("Elsewhere", "not_found")]:
            assert send(hotspot, name, "12345678").status == 303
            # Meanwhile another one's form is not taken, and the page says what goes on.
            assert send_anyway(hotspot, name) == 303
            assert "Connecting" in page(hotspot)
            hotspot.reported.until(
                lambda events, name=name: any(event.get("tried") == name for event in events), name
            )
            while hotspot.ask("GET", "/state").body == b"trying":
                time.sleep(0.02)
            shown = page(hotspot)
            assert RESULTS[result] in shown and name in shown
            assert shown == page(hotspot).replace(token(page(hotspot)), token(shown))
        assert "12345678" not in hotspot.output


def test_every_result_has_its_text():
    """What joining and looking where the network leads can give (docs/connection.md)."""
    source = (interpreter.ROOT / "firmware" / "net" / "reachability.py").read_text()
    contract = source.partition("async def check")[2].split('"""')[1]
    words = {*re.findall(r'"(\w+)"', contract), "wrong_password", "failed"}
    words |= {"not_found", "no_address", "weak_signal"}
    assert {"no_dns", "captive", "no_internet", "no_cloud", "router_page"} <= words
    texts = tomllib.loads((portal_pages.SOURCE / "text.toml").read_text(encoding="utf-8"))
    for language in texts.values():
        assert words - {"ok"} <= language["messages"].keys()


def send_anyway(hotspot: Hotspot, name: str) -> int:
    body = urllib.parse.urlencode({"token": "0" * 16, "ssid": name, "key": "12345678"}).encode()
    return hotspot.ask("POST", "/join", body).status


def test_after_success_nothing_listens_and_no_module_is_left(tmp_path):
    with Hotspot(tmp_path, speed=10, seconds=0.1, rounds=4) as hotspot:
        for number in (1, 2, 3, 4):
            hotspot.reported.until(
                lambda events, number=number: sum("listening" in e for e in events) == number,
                "the hotspot",
            )
            send(hotspot, "Woning_5", "Geheim!123")
            while hotspot.ask("GET", "/state").body != b"done":
                time.sleep(0.02)
            assert "Connected" in page(hotspot)
        assert hotspot.end() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, hotspot.port), 5)
        closed = [event for event in hotspot.reported.all() if "done" in event]
    assert [event["done"] for event in closed] == 4 * [True]
    assert [event["modules"] for event in closed] == 4 * [[]]
    # What the first round has left are names, which every later round uses again.
    assert max(event["heap"] for event in closed[1:]) < 1024  # a module is more
    if interpreter.bits_of(interpreter.find(32)) == 32:
        assert [event["heap"] for event in hotspot.reported.all() if "listening" in event][
            1
        ] < 8704


def test_what_apps_are_led_to_was_not_seen(tmp_path):
    """They follow the redirect in the background (Chromium's updates do); a browser that shows a
    page asks for text/html."""
    with Hotspot(tmp_path, speed=10, seconds=0.1) as hotspot:
        send(hotspot, "Woning_5", "Geheim!123")
        while hotspot.ask("GET", "/state").body != b"done":
            time.sleep(0.02)
        for fields in ({}, {"Accept": "*/*"}):
            assert hotspot.ask("GET", "/", **fields).status == 200
        time.sleep(3)  # 30 s of the board's
        assert "Connected" in page(hotspot)
        assert hotspot.end() == 0


def test_closes_after_a_quarter_of_an_hour(tmp_path):
    with Hotspot(tmp_path, speed=900) as hotspot:
        assert hotspot.end() == 0
        assert hotspot.wait("done")["done"] is False
        assert {"hotspot": None} in hotspot.reported.all()


def test_each_gateway_has_a_password_of_its_own_that_stays(tmp_path):
    keys = []
    for name in ("first", "second", "first"):
        (tmp_path / name).mkdir(exist_ok=True)
        with Hotspot(tmp_path / name, speed=1000) as hotspot:
            event = hotspot.wait("key")
            assert event["hotspot"] == "Gateway-5020000042"
            keys.append(event["key"])
            hotspot.end()
    assert len(keys[0]) == 12 and keys[0] != keys[1] and keys[0] == keys[2]


def test_the_factorys_password_is_used(tmp_path):
    (tmp_path / "factory.json").write_text('{"hotspot_key": "k7m2xw9pq4ht"}')
    with Hotspot(tmp_path, speed=1000) as hotspot:
        assert hotspot.wait("key")["key"] == "k7m2xw9pq4ht"


# What is in factory.json; whether its password is used; what is counted.
FACTORIES = [
    ({"serial": "5020000042", "hotspot_key": "k7m2xw9pq4ht"}, True, []),
    ({"serial": "5020000042"}, False, []),
    ({"serial": "5020000042", "hotspot_key": "short"}, False, ["provision.factory_damaged"]),
    ({"serial": "5010000042", "hotspot_key": "k7m2xw9pq4ht"}, True, ["provision.factory_serial"]),
    ([1], False, ["provision.factory_damaged"]),
]


@pytest.mark.parametrize("factory, used, counted", FACTORIES)
def test_what_else_the_factory_has_given_stays(factory, used, counted, tmp_path):
    file = tmp_path / "factory.json"
    file.write_text(json.dumps(factory))
    said = succeed("make_hotspot_key", path=[*MODULE_PATH, PAGES], cwd=tmp_path)
    key, again, counts = json.loads(said)
    assert key == again and (key == "k7m2xw9pq4ht") == used
    assert counts == counted
    others = factory if isinstance(factory, dict) else {}
    assert json.loads(file.read_text()) == {**others, "hotspot_key": key}


# What is in factory.json before; whether its password is used.
@pytest.mark.parametrize("factory, used", [
    ("", False), ('{"serial": "5020000042"}', False), ('{"hotspot_key": "k7m2xw9pq4ht"}', True),
])  # fmt: skip
@pytest.mark.parametrize("bits", [32, 64])
def test_a_full_flash(factory, used, bits):
    """On LittleFS: a password that cannot be kept stays in memory, and is kept once there is
    room; what was in the file before stays meanwhile."""
    said = succeed("keep_hotspot_key", factory, bits=bits, path=[*MODULE_PATH, PAGES])
    *words, steps = said.splitlines()
    keys, unkept, counted, files = zip(*json.loads(steps), strict=True)
    assert len(set(keys)) == 1
    before = factory or None
    kept = json.loads(factory or "{}") | {"hotspot_key": keys[0]}
    assert [file and json.loads(file) for file in files[2:]] == [kept] * 2
    assert files[:2] == (before, before)
    if used:
        assert (keys[0], words) == ("k7m2xw9pq4ht", [])
        assert (unkept, counted) == ((False,) * 4, ([],) * 4)
    else:
        assert len(keys[0]) == 12
        assert words == [
            f"hotspot: until the next start the password of Gateway-5020000042 is {keys[0]}"
        ]
        assert unkept == (True, True, False, False)
        times = [["provision.key_unkept", 1]], [["provision.key_unkept", 2]]
        assert counted == (*times, times[1], [])


def test_with_a_full_flash_it_opens_each_time_with_the_same_password(tmp_path):
    (tmp_path / "factory.json.new").symlink_to("/dev/full")
    with Hotspot(tmp_path, speed=1000, rounds=2) as hotspot:
        opened = hotspot.reported.until(
            lambda events: len(found := [e["key"] for e in events if "key" in e]) == 2 and found,
            "the hotspot twice",
        )
        hotspot.end()
    assert len(opened[0]) == 12 and opened[0] == opened[1]
    assert hotspot.output.count(f"the password of Gateway-5020000042 is {opened[0]}") == 1


def test_the_portal_is_small():
    size, requests = portal_bench.first_paint()
    assert requests == 1
    assert size < 8000
    assert portal_bench.flash() < 25 * 1024
