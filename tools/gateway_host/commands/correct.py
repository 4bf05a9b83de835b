"""Correct a CT at the site: from pairs of what a reference and the gateway measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from gateway_host.correct.judge import Correction
from gateway_host.correct.reading import read_pairs
from gateway_host.correct.table import lines
from gateway_host.errors import UserError
from gateway_host.firmware_says import check_site
from gateway_host.site_document import fingerprint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `correct`."""
    parser.add_argument("--pairs", type=Path, help="what was compared (TOML)")
    parser.add_argument("--site", type=Path, help="the site.json that the gateway uses")
    parser.add_argument("--out", type=Path, help="the corrected site.json; without it none")
    parser.add_argument("--bits", type=int, choices=(32, 64), default=32, help="the interpreter")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 2, and nothing written, where the pairs cannot be believed."""
    if not arguments.pairs or not arguments.site:
        raise UserError("say what: make correct PAIRS=pairs.toml SITE=site.json OUT=new.json")
    document = check_site(arguments.site, arguments.bits)
    correction = Correction(document, read_pairs(arguments.pairs))
    corrected = correction.applied()
    print("\n".join(lines(correction)))
    if not arguments.out:
        print("Nothing is written: OUT=new.json writes the corrected site document.")
        return 0
    text = json.dumps(corrected, ensure_ascii=False, indent=1) + "\n"
    arguments.out.write_text(text, encoding="utf-8", newline="")
    before, after = fingerprint(document), fingerprint(corrected)
    print(f"{arguments.out}: {after} (it was {before}); send it with `configure`")
    return 0
