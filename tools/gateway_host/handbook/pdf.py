"""A page of HTML as a PDF, printed by the Chromium that the set-up has."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.interpreter import BIN

CHROMIUM = BIN / "chromium"
REMEDY = (
    "no Chromium for the PDF: `make setup` fetches one; where it cannot (Ubuntu), as root "
    "`apt-get install chromium`, or print print.html with any browser"
)
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-pdf-header-footer "
    "--generate-pdf-document-outline"
).split()
_PATIENCE_S = 300


def print_pdf(page: Path, made: Path) -> None:
    """UserError with the remedy where there is no browser, or it prints nothing."""
    if not CHROMIUM.exists():
        raise UserError(REMEDY)
    made.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={made}"]
        try:
            done = subprocess.run(
                [*command, page.resolve().as_uri()],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"Chromium did not print {page.name} in {_PATIENCE_S} s") from None
    if not made.exists() or not made.read_bytes().startswith(b"%PDF"):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"Chromium did not print {page.name}: {last}")
