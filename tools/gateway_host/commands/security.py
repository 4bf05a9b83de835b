"""Run the tests that the rows of docs/security.md name, list and audit the software of others."""

from __future__ import annotations

import argparse
import json
from typing import Any

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.security import audit, auditor, named_tests, rows, sbom

RESULT = ROOT / "build" / "security.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `security`."""
    parser.add_argument("--only", choices=("doc", "sbom"), help="only the document, or the SBOM")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0, or 1 for a row without a test, a row whose test fails or is skipped."""
    document = ROOT / rows.DOCUMENT
    text = document.read_text(encoding="utf-8")
    made = rows.in_document(text)
    if arguments.only == "sbom":
        _list_software()
        return 0
    if arguments.only:
        document.write_text(made, encoding="utf-8")
        print(f"{rows.DOCUMENT}: written")
        return 0
    if broken := list(rows.wrong()):
        raise UserError("\n".join(broken))
    software = _software()
    loaded = rows.load()
    outcomes = named_tests.run((test for row in loaded for test in row.tests), ROOT / "build/tmp")
    failed = 0
    for row in loaded:
        bad = {test: outcomes[test] for test in row.tests if outcomes[test] != named_tests.PASSED}
        failed += bool(bad)
        for test, outcome in bad.items():
            print(f"{row.standard}, {row.id}: {test} {outcome}")
    found = {
        "rows": len(loaded),
        "rows_without_test": sum(map(rows.without_test, loaded)),
        "rows_with_a_reason": sum(bool(row.no_test) for row in loaded),
        "failed": failed,
        "tests": len(outcomes),
    } | software
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{len(loaded)} rows, {len(outcomes)} tests: {failed} rows fail", end=", ")
    print(f"{found['rows_without_test']} have no test; written to {RESULT.relative_to(ROOT)}")
    return int(bool(failed or found["rows_without_test"] or found["weaknesses"]))


def _software() -> dict[str, Any]:
    """Lists and audits the software of others; what build/security.json says of it."""
    try:
        parts = _list_software()
        audited = audit.run()
    except auditor.NoAuditorError as error:
        print(f"no software of others is listed, and dependencies were not audited: {error}")
        return {"components": None, "audited": 0, "not_audited": None, "weaknesses": []}
    for line in (*audited.weak, audited.line):
        print(line)
    return {
        "components": parts,
        "audited": audited.looked_up,
        "not_audited": audited.not_looked_up,
        "weaknesses": list(audited.weak),
    }


def _list_software() -> int:
    """Writes build/sbom.json; how many parts it has."""
    bom = sbom.make()
    ours = bom["metadata"]["component"]
    needed = [one["name"] for one in bom["components"] if one["scope"] == "required"]
    print(
        f"{sbom.RESULT.relative_to(ROOT)}: {ours['name']} {ours['version']} of "
        f"{len(ours['components'])} files, with {', '.join(sorted(needed))}; "
        f"{len(bom['components']) - len(needed)} packages of the host"
    )
    return len(bom["components"])
