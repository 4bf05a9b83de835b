"""Bring the past hours of a collector's history into Home Assistant."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from gateway_host.collector import hours, schema
from gateway_host.collector.home_assistant import HomeAssistant, bring
from gateway_host.errors import UserError
from gateway_host.session import ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `ha-import`."""
    history = ROOT / "build" / "history.db"
    parser.add_argument("--file", type=Path, default=history, help="the history (SQLite)")
    parser.add_argument("--url", default="http://homeassistant.local:8123", help="as in a browser")
    parser.add_argument(
        "--token-file",
        type=Path,
        required=True,
        help="a file with a long-lived access token of an administrator",
    )
    parser.add_argument("--device", help="the sites of this gateway alone, a serial number")
    parser.add_argument("--site", help="the site with this uuid alone")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be brought")


def main(arguments: argparse.Namespace) -> int:
    """Says for each entity how many hours it got."""
    token = arguments.token_file.read_text(encoding="utf-8").strip()
    with contextlib.closing(schema.connect(arguments.file, create=False)) as db:
        known = hours.devices(db)
        wanted = {
            uuid
            for device, uuid in known
            if arguments.device in (None, device) and arguments.site in (None, uuid)
        }
        if not wanted:
            there = ", ".join(f"{device} at {uuid}" for device, uuid in known) or "none"
            raise UserError(f"{arguments.file}: no such gateway in it; there are: {there}")
        found = [one for uuid in sorted(wanted) for one in hours.registers(db, uuid)]
    with contextlib.closing(HomeAssistant(arguments.url, token)) as home:
        total = bring(home, found, print, arguments.dry_run)
    print(f"{total} hours {'would be' if arguments.dry_run else 'were'} brought")
    return 0
