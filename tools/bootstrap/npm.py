"""Packages of the npm registry: what is in them."""

from __future__ import annotations

import tarfile

from common import CACHE, SetupError, is_whole, run


def texts(package: str, digest: str, *members: str) -> list[str]:
    """The text of each of these members. package: its name and version, "@asyncapi/specs@6.11.1";
    digest: the SHA-256 of its archive. SetupError without npm or registry."""
    name, _, version = package.removeprefix("@").rpartition("@")
    packed = CACHE / "npm" / f"{name.replace('/', '-')}-{version}.tgz"
    if not is_whole(packed, digest):
        packed.parent.mkdir(parents=True, exist_ok=True)
        run(["npm", "pack", package], cwd=packed.parent, timeout=120)
    if not is_whole(packed, digest):
        raise SetupError(f"{packed.name} has not the expected SHA-256")
    with tarfile.open(packed) as tar:
        return [_text(tar, packed.name, member) for member in members]


def _text(tar: tarfile.TarFile, archive: str, member: str) -> str:
    try:
        file = tar.extractfile(member)
    except KeyError:
        file = None
    if file is None:
        raise SetupError(f"{archive} holds no {member}")
    return file.read().decode()
