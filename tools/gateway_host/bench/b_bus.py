"""How much of the B-bus 10 modules and a Power Box with 28 points take, in the board's time."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bus_b_rounds.py"
_SECONDS = 12
_SETTLED = 6
_HEAD, _BOX = "5020000001", "5400000077"


def house_text() -> str:
    """The default house, its 28 points on a Power Box, with 5 Input and 5 Output modules."""
    text = DEFAULT_HOUSE.read_text(encoding="utf-8").replace(_HEAD, _BOX)
    text = text[: text.index("[[input_module]]")] + "[power_box]\nmodbus = true\n"
    for k in range(5):
        text += f'[[input_module]]\nserial = "570000010{k}"\ninputs = [\n'
        for letter in "ABCD":
            text += (
                f'  {{ input = "{letter}", name = "{letter}{k}", mode = "pulse", unit = "l", '
                "per_pulse = 1, flow = 60 },\n"
            )
        text += f']\n[[output_module]]\nserial = "571000020{k}"\noutputs = [\n'
        for letter in "AB":
            text += f'  {{ output = "{letter}", name = "{letter}{k} out", contact = "NO" }},\n'
        text += "]\n"
    return text


def utilisation() -> float:
    """The largest share of a second that the line was in use, once all is set up."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "house.toml"
        path.write_text(house_text(), encoding="utf-8")
        house = load_house(path)
        (Path(place) / "task.json").write_text(json.dumps({"seconds": _SECONDS}))
        with Session(
            Installation(house),
            house.site_json(),
            script=SCRIPT,
            paced=False,
            console=False,
            heap="512K",
            directory=Path(place),
        ) as session:
            rounds = [json.loads(line) for line in session.output if line.startswith("{")]
    if len(rounds) < _SECONDS or rounds[-1]["errors"] or rounds[-1]["advice"]:
        last = {key: rounds[-1][key] for key in ("errors", "advice")} if rounds else "nothing"
        raise UserError(f"the B-bus did not run well: {last}")
    return max(one["share"] for one in rounds[_SETTLED:]) / 100
