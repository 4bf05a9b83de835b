"""Say what was found and chosen on this machine, what is missing, and the remedy."""

from __future__ import annotations

import argparse

from gateway_host.doctor import examine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`doctor` has no options."""


def main(arguments: argparse.Namespace) -> int:
    """Print the report; 0 unless something required is missing, then 1."""
    findings = list(examine())
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{finding.state:8} {finding.name:{width}}  {finding.text}")
        if finding.remedy:
            print(f"{'':8} {'':{width}}  -> {finding.remedy}")
    missing = [finding.name for finding in findings if finding.state == "missing"]
    print(f"Missing: {', '.join(missing)}." if missing else "All that is required is here.")
    return 1 if missing else 0
