"""What the boards' data say, as the tables of docs/led.md."""

from __future__ import annotations

from typing import Any

from gateway_host.boards import data as board_data
from gateway_host.image import BOARDS, boards
from gateway_host.interpreter import ROOT

DOCUMENT = ROOT / "docs" / "led.md"
BEGIN, END = "<!-- of the boards -->\n", "<!-- end -->\n"

# In the order in which a gateway goes through them.
MEANINGS = {
    "booting": "starting, or installing an update",
    "searching": "looking for a 4G network",
    "ready": "the hotspot is open: ready to be connected to Wi-Fi",
    "connecting": "the network is up; not yet in the cloud, or nothing measured yet",
    "well": "all is well (4G: good reception)",
    "medium": "all is well, medium reception",
    "poor": "poor reception: move the gateway",
    "lost": "the cloud was reached and is lost",
    "no internet": "no network, or one that leads nowhere",
    "safe mode": "three starts have failed: nothing is measured",
}


def data(board: str) -> dict[str, Any]:
    """A board's data."""
    return board_data.read(BOARDS / board)


def tables() -> str:
    """The part of docs/led.md between BEGIN and END."""
    names = [name for name in boards() if name != "SIMULATOR"]
    found = {name: data(name) for name in names}
    lines = [_row("state", "", *names), _row(*["---"] * (len(names) + 2))]
    for state, meaning in MEANINGS.items():
        shown = [_shown(found[name], state) for name in names]
        lines.append(_row(state, meaning, *shown))
    lines += [
        "",
        "The button, held: colour from so many seconds on; with the last one all is reset.",
        "",
    ]
    lines += [_row("board", "colours"), _row("---", "---")]
    for name in names:
        stages = ", ".join(f"{colour} {seconds} s" for colour, seconds in found[name]["RESET"])
        lines.append(_row(name, stages))
    return "\n".join(lines) + "\n"


def _shown(board: dict[str, Any], state: str) -> str:
    if state not in board["LED"]:
        return "-"
    longest = board["MAX_STATE_S"].get(state)
    return " ".join(board["LED"][state]) + (f" (at most {longest} s)" if longest else "")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
