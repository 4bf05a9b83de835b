"""The MQTT broker: mosquitto as the machine has it, or a private copy of its release's package."""

from __future__ import annotations

import shlex
import shutil

import apt
from common import BUILD, ROOT, Made, SetupError, run, write_whole

PLACE = BUILD / "mosquitto"
SCRIPT = BUILD / "bin" / "mosquitto"


def make() -> Made:
    """Make build/bin/mosquitto a start script. Raises SetupError where apt cannot bring it."""
    own = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if own:
        write_whole(SCRIPT, f'#!/bin/sh\nexec {shlex.quote(own)} "$@"\n', 0o755)
        return Made(f"{own}, as installed on this machine", (own,))
    bundle = apt.of_this_release("mosquitto")
    bundle.extract(PLACE)
    program = next((p for p in PLACE.rglob("mosquitto") if p.parent.name == "sbin"), None)
    if program is None:
        raise SetupError("the package mosquitto holds no broker")
    libraries = sorted({path.parent for path in PLACE.rglob("*.so*")})
    here = '"${0%/*}"/..'
    paths = ":".join(f"{here}/{folder.relative_to(BUILD)}" for folder in libraries)
    text = f'#!/bin/sh\nLD_LIBRARY_PATH={paths} exec {here}/{program.relative_to(BUILD)} "$@"\n'
    write_whole(SCRIPT, text, 0o755)
    try:
        run(["/bin/sh", "-c", '"$0" -h || test $? -le 3', SCRIPT], timeout=20)
    except SetupError:
        SCRIPT.unlink()
        raise
    version = bundle.version("mosquitto")
    return Made(
        f"mosquitto {version}, a private copy under build/ (nothing is installed on the machine)",
        (str(program.relative_to(ROOT)),),
    )
