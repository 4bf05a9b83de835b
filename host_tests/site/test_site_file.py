"""site.json is replaced whole or not at all, whatever happens to the power."""

from __future__ import annotations

import json

from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from in_interpreter import succeed


def test_a_power_cut_at_any_operation_on_the_flash(bits):
    plan = load_house(DEFAULT_HOUSE).site_json()
    old, new = json.dumps(plan), json.dumps(plan | {"name": "Après"}, ensure_ascii=False)
    said = succeed("replace_site_with_power_cuts", given=[old, new], bits=bits, heap="4M")
    cuts, end = json.loads(said.splitlines()[-1])  # the collector may find files without power
    assert len(cuts) > 20
    assert {tuple(cut) for cut in cuts} <= {("old", None), ("old", "old"), ("new", "old")}
    assert end == ["new", "old"]
