"""The list of software is CycloneDX and complete, and what is known of a package is found: by the
real pip-audit, which asks a database of the test's."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from gateway_host import image
from gateway_host.interpreter import ROOT
from gateway_host.security import audit, auditor, sbom

needs_auditor = pytest.mark.skipif(
    not (auditor.PLACE / "pip_audit").exists(),
    reason="no pip-audit and CycloneDX: `make security` brings them, where pip reaches its index",
)
PACKAGES = "jinja2==2.4.1\nrich==15.0.0\n"
WEAKNESS = {
    "id": "GHSA-0000-0000-0001",
    "aliases": [],
    "summary": "a made-up one",
    "details": "",
    "published": "2024-01-01T00:00:00Z",
    "modified": "2024-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.8.1"}]}],
            "versions": ["2.4.1"],
        }
    ],
}


@pytest.fixture
def database() -> Iterator[str]:
    """A database in the form of OSV (osv.dev), at its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = [WEAKNESS] if asked["package"]["name"] == "jinja2" else []
            answer = json.dumps({"vulns": known} if known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def asked(place: Path, *addresses: str) -> audit.Audit:
    lock = place / "lock.txt"
    lock.write_text(PACKAGES)
    return audit.run([lock], [("-s", "osv", "--osv-url", address) for address in addresses])


@needs_auditor
def test_what_is_known_of_a_package_is_found(tmp_path, database):
    """And of two databases the second is asked where the first does not answer."""
    found = asked(tmp_path, "http://127.0.0.1:9/v1/query", database)
    assert (found.looked_up, found.not_looked_up) == (2, 0)
    assert found.weak == ("jinja2 2.4.1: GHSA-0000-0000-0001, mended in 2.8.1",)
    assert found.line == "2 dependencies audited, 1 known weaknesses"


@needs_auditor
def test_what_was_not_looked_up_is_said(tmp_path):
    found = asked(tmp_path, "http://127.0.0.1:9/v1/query")
    assert (found.looked_up, found.weak) == (0, ())
    assert found.line.startswith("dependencies were not audited (osv: ")
    assert "run `make security` where pypi.org or api.osv.dev can be reached" in found.line


def test_a_package_that_the_database_does_not_know_was_not_looked_up():
    """pip-audit ends well then, and says that no weakness is known."""
    said: dict[str, Any] = {
        "dependencies": [
            {"name": "one", "version": "1", "vulns": []},
            {"name": "two", "skip_reason": "Dependency not found on PyPI"},
        ]
    }
    found = audit.judge(said)
    assert (found.looked_up, found.not_looked_up) == (1, 1)
    assert "1 were not, as the database does not know them" in found.line
    nothing = audit.judge({"dependencies": said["dependencies"][1:]})
    assert nothing.line.startswith("dependencies were not audited (does not know two")


@needs_auditor
def test_the_list_is_cyclonedx_and_complete(tmp_path):
    """CycloneDX's own validator takes it (sbom.make wants that); every module of an image is in
    it, MicroPython, umqtt.simple, and what the lock file names for this Python; no path is."""
    bom = sbom.make(tmp_path / "sbom.json", "WIFI_CONNECT")
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    product = bom["metadata"]["component"]
    files = image.build("WIFI_CONNECT").littlefs.parent / "files"
    others = {"lib/umqtt/simple.mpy", "lib/aiorepl.mpy"}
    there = {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()}
    assert {one["name"] for one in product["components"]} == there - others
    parts = {one["name"]: one for one in bom["components"]}
    assert parts["micropython"]["version"] == "1.26.1"
    assert parts["micropython-umqtt.simple"]["version"] == "1.3.4"
    needed = {name for name, one in parts.items() if one["scope"] == "required"}
    assert needed <= {"micropython", "micropython-umqtt.simple", "micropython-aiorepl"}
    listed = {name.lower().replace("_", "-").replace(".", "-") for name in parts}
    wanted = {line.split("==")[0] for line in (ROOT / "requirements.in").read_text().split("\n")}
    wanted = {name.partition(">")[0] for name in wanted if name and not name.startswith("#")}
    assert {name.lower().replace("_", "-") for name in wanted} - {"pip"} <= listed
    assert str(ROOT) not in (tmp_path / "sbom.json").read_text()


@needs_auditor
def test_a_list_that_is_none_is_refused(tmp_path):
    """By the validator."""
    place = tmp_path / "wrong.json"
    place.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 5}')
    assert auditor.code(sbom._VALIDATE, [place, "1.6"]).returncode
