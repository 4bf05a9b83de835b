"""Looks packages up in the databases of known weaknesses, by pip-audit. A package of which the
database says nothing was not looked up, and is said to be: pip-audit itself ends well then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway_host.interpreter import ROOT
from gateway_host.security import auditor

LOCKS = (
    ROOT / "requirements.txt",
    *(ROOT / f"tools/bootstrap/requirements-{name}.txt" for name in ("types", "security")),
)
SERVICES = (("-s", "pypi"), ("-s", "osv"))
_HOW = "run `make security` where pypi.org or api.osv.dev can be reached"


@dataclass(frozen=True)
class Audit:
    """`looked_up`: packages of which a database knows; `not_looked_up`: the others; `weak`: a line
    for each weakness that is known; `reason`: why nothing was looked up."""

    looked_up: int
    not_looked_up: int
    weak: tuple[str, ...]
    reason: str = ""

    @property
    def line(self) -> str:
        """What came of it, in one line."""
        if not self.looked_up:
            return f"dependencies were not audited ({self.reason}): {_HOW}"
        text = f"{self.looked_up} dependencies audited, {len(self.weak)} known weaknesses"
        if self.not_looked_up:
            text += f"; {self.not_looked_up} were not, as the database does not know them: {_HOW}"
        return text


def run(locks: Sequence[Path] = LOCKS, services: Sequence[Sequence[str]] = SERVICES) -> Audit:
    """Look all packages of the locks up, by the first database that knows any of them. services:
    pip-audit's options of each."""
    reasons = []
    for service in services:
        try:
            found = [_of_lock(lock, service) for lock in locks]
        except _NoAnswer as error:
            reasons.append(f"{service[1]}: {error}")
            continue
        if sum(one.looked_up for one in found):
            return Audit(
                sum(one.looked_up for one in found),
                sum(one.not_looked_up for one in found),
                tuple(dict.fromkeys(line for one in found for line in one.weak)),
            )
        reasons.append(f"{service[1]}: {found[0].reason}")
    return Audit(0, 0, (), "; ".join(reasons))


class _NoAnswer(Exception):
    """The database cannot be asked."""


def _of_lock(lock: Path, service: Sequence[str]) -> Audit:
    options = [*service, "-f", "json", "--progress-spinner", "off", "--no-deps"]
    done = auditor.module("pip_audit", [*options, "--disable-pip", "-r", str(lock)])
    try:
        return judge(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        words = done.stderr.strip().splitlines() or ["it says nothing"]
        raise _NoAnswer(words[-1].partition(":")[0].rpartition(".")[2]) from None


def judge(report: dict) -> Audit:
    """Of what pip-audit has written."""
    packages = report["dependencies"]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    weak = [
        f"{one['name']} {one['version']}: {weakness['id']}"
        + (f", mended in {', '.join(fixed)}" if (fixed := weakness["fix_versions"]) else "")
        for one in packages
        for weakness in one.get("vulns", ())
    ]
    reason = f"does not know {', '.join(skipped[:2])} ..." if skipped else "no package was named"
    return Audit(len(packages) - len(skipped), len(skipped), tuple(weak), reason)
