"""The size of the hotspot's page: what a phone gets for the first paint, and what is in flash."""

from __future__ import annotations

import json
import re

from gateway_host import interpreter, portal_pages
from gateway_host.errors import UserError
from gateway_host.image import host_image
from gateway_host.session import BOOT, ROOT

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bench_portal.py"
# What a browser would fetch for the first paint, beside the page.
_FETCHED = re.compile(r'<(?:script|img|iframe)[^>]* src=|<link[^>]* href="(?!data:)|url\(|@import')


def first_paint() -> tuple[int, int]:
    """(bytes with the answer's head, requests) for the largest of the languages."""
    bits = interpreter.bits_of(interpreter.find(32))
    done = interpreter.run([BOOT, host_image(bits), SCRIPT], bits=32)
    if done.returncode:
        raise UserError(f"the portal does not run: {done.stderr.strip()}")
    sources = [path.read_text(encoding="utf-8") for path in portal_pages.SOURCE.glob("*.*")]
    others = sum(len(_FETCHED.findall(source)) for source in sources)
    return max(json.loads(done.stdout).values()), 1 + others


def flash() -> int:
    """Bytes of every page and text, as they lie in flash."""
    total = 0
    for path in portal_pages.make():
        names: dict = {}
        exec(path.read_text(encoding="utf-8"), names)
        for value in names.values():
            parts = value if isinstance(value, tuple) else ()
            total += sum(len(part) for part in parts)
        total += len(names.get("MESSAGES", b""))
    return total
