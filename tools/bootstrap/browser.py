"""Chromium, for the handbook's PDF and tests of pages: as the machine has it, or a private copy of
its release's package."""

from __future__ import annotations

import shlex
import shutil
import tempfile

import apt
from common import BUILD, ROOT, TEMPORARY, Made, SetupError, run, write_whole

PLACE = BUILD / "chromium"
SCRIPT = BUILD / "bin" / "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PAGE = "data:text/html,<p>It works."


def own() -> str | None:
    """The machine's browser."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def make() -> Made:
    """Make build/bin/chromium a start script. Raises SetupError where there is none that runs."""
    if found := own():
        write_whole(SCRIPT, _script(f'exec {shlex.quote(found)} "$@"'), 0o755)
        _try()
        return Made(f"{found}, as installed on this machine", (found,))
    bundle = apt.of_this_release("chromium")
    bundle.extract(PLACE)
    program = PLACE / "usr/lib/chromium/chromium"
    if not program.exists():
        raise SetupError("the package chromium of this machine's release holds no browser")
    # In Debian 12 some packages have theirs in /lib.
    libraries = sorted({path.parent for path in PLACE.rglob("*.so*")})
    here = '"${0%/*}"/..'
    paths = ":".join(f"{here}/{folder.relative_to(BUILD)}" for folder in libraries)
    inside = f"{here}/{PLACE.name}"
    text = (
        f"FONTCONFIG_PATH={inside}/etc/fonts XDG_DATA_HOME={inside}/usr/share "
        f'LD_LIBRARY_PATH={paths} exec {inside}/usr/lib/chromium/chromium "$@"'
    )
    write_whole(SCRIPT, _script(text), 0o755)
    _try()
    version = bundle.version("chromium")
    return Made(
        f"chromium {version}, a private copy under build/ (nothing is installed on the machine)",
        (str(program.relative_to(ROOT)),),
    )


def _script(start: str) -> str:
    """What Chromium keeps for its user, and fontconfig its cache, stays below build/."""
    return (
        '#!/bin/sh\nhome=$(cd "${0%/*}/.." && pwd)/chromium-home\nmkdir -p "$home"\n'
        f'export HOME="$home" XDG_CONFIG_HOME="$home" XDG_CACHE_HOME="$home"\n{start}\n'
    )


def _try() -> None:
    flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
    with tempfile.TemporaryDirectory(dir=TEMPORARY) as profile:
        command = [SCRIPT, *flags.split(), f"--user-data-dir={profile}", "--dump-dom", _PAGE]
        try:
            shown = run(command, timeout=60)
            if "It works." not in shown:
                raise SetupError("chromium starts, but shows no page")
        except SetupError:
            SCRIPT.unlink()
            raise
