"""What a device does whose files are not usable, whose program ends, or whose chip has no PSRAM:
the whole start on simulated time, with a board that goes on, as boards/common/hardware.py does
(the simulator ends: test_site.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway_host.image import BOARDS
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.radio import Network, World
from in_interpreter import program, succeed
from journal_runs import run
from journal_runs import site as journal_site
from play_in_world import play
from running_gateway import free_port

BOARD = BOARDS / "GENIUS"
PLAN = load_house(DEFAULT_HOUSE).site_json()
SHORT_KEY = json.dumps({"networks": [["a b", "1234567"]]})
NOT_USABLE = [
    ("site.json", "{}"),
    ("site.json", '{"uuid": "x'),
    ("site.json", "\xff"),
    ("site.json", json.dumps(PLAN)[:1000]),
    ("site.json", json.dumps(PLAN | {"points": [7]})),
    ("settings.json", SHORT_KEY),
    ("settings.json", ""),
]


def start(
    world: World,
    directory: Path,
    *,
    no_gateway: tuple[str, str] | None = None,
    keeps_label: bool = True,
    **simulator: Any,
) -> list[dict[str, Any]]:
    given = {"no_gateway": no_gateway, "keeps_label": keeps_label}
    program_file = program("start_and_report")
    return play(world, program_file, directory, given=given, board=BOARD, **simulator)


@pytest.mark.parametrize("name, text", NOT_USABLE)
def test_a_file_that_is_not_usable_leaves_a_gateway_that_can_be_helped(name, text, tmp_path):
    """The hotspot opens, the error is counted by its name and said, and the button resets."""
    (tmp_path / name).write_text(text, encoding="latin-1")
    ports = [free_port(), free_port()]
    world = World([Network("house", "geheim123")], cable=False)
    (reported,) = start(world, tmp_path, portal=ports)
    assert (
        reported["lit"]
        and reported["led"] == "ready"
        and reported["hotspot"].startswith("Gateway-")
    )
    assert reported["counts"] == {f"start.{name}": 1, "connection.nothing_known": 1}
    (said,) = reported["texts"]
    assert said.startswith(f"{name} cannot be used, ")
    assert not reported["measures"]
    assert not (tmp_path / name).exists()  # the reset has removed it


def test_what_was_learned_is_used_where_settings_are_not_usable(tmp_path):
    succeed("learn_networks", given=[["house", "geheim123"]], cwd=tmp_path)
    (tmp_path / "settings.json").write_text(SHORT_KEY)
    world = World([Network("house", "geheim123")], cable=False)
    (reported,) = start(world, tmp_path)
    assert (reported["networks"], reported["link"]) == (["house"], "wifi")
    assert reported["counts"] == {"start.settings.json": 1}
    (said,) = reported["texts"]
    assert said.startswith("settings.json cannot be used, what was kept before is: ")


@pytest.mark.parametrize(
    "error", [("MemoryError", "memory allocation failed"), ("TypeError", "x")]
)
def test_a_site_with_which_no_gateway_can_be_made(error, tmp_path):
    """One that does not fit the memory, or has what nobody has thought of."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    (reported,) = start(World(), tmp_path, no_gateway=error)
    assert reported["counts"] == {"start.site.json": 1}
    assert (reported["led"], reported["measures"]) == ("connecting", False)


GOOD, BAD = json.dumps(PLAN), json.dumps(PLAN | {"points": [7]})
HOUSE = PLAN["name"]


@pytest.mark.parametrize(
    "site, before, found",
    [
        (GOOD, BAD, [HOUSE, "site.json", []]),
        (BAD, GOOD, [HOUSE, "site.before", ["site.json"]]),
        (BAD, BAD, [None, "site.json", ["site.json", "site.before"]]),
        (BAD, None, [None, "site.json", ["site.json"]]),
        (None, GOOD, [None, "site.json", []]),  # a gateway that somebody has set up anew
        (None, None, [None, "site.json", []]),
    ],
)
def test_where_a_site_is_not_usable_the_one_before_it_is(site, before, found, tmp_path):
    """A command has replaced it (docs/gateway-commands.md); afterwards the firmware is another."""
    for name, text in (("site.json", site), ("site.before", before)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert json.loads(succeed("choose_site", given=False, cwd=tmp_path))[:3] == found


@pytest.mark.parametrize("before", [None, GOOD])
def test_a_program_on_trial_that_refuses_the_site_begins_anew(before, tmp_path):
    """It would measure with the wiring of before, and be kept."""
    (tmp_path / "site.json").write_text(BAD)
    if before:
        (tmp_path / "site.before").write_text(before)
    assert json.loads(succeed("choose_site", given=True, cwd=tmp_path)) == "begins anew"
    (tmp_path / "site.json").write_text(GOOD)
    found = json.loads(succeed("choose_site", given=True, cwd=tmp_path))
    assert found[:2] == [HOUSE, "site.json"]


@pytest.mark.parametrize("files", [["registers.0"], ["registers.1", "journal"], ["journal"]])
def test_a_site_before_this_one_that_is_another_is_not_run(tmp_path, files):
    """Left there from a site where the gateway was once, while site.json is not usable: it would
    erase what this site has."""
    flash = tmp_path / "flash"
    flash.mkdir()
    step = {"s": 30, "in": [5, 6, 7], "out": [0] * 3}
    steps = [step | {"now": (1764000030 + 30 * k) * 1000} for k in range(4)]
    run(flash, steps, end=True, site=journal_site() | {"uuid": PLAN["uuid"]})
    for name in ("site", "registers.0", "registers.1"):
        path = flash / ("journal/site" if name == "site" else name)
        if ("journal" if name == "site" else name) not in files:
            path.unlink()
    (flash / "site.json").write_text(BAD)
    (flash / "site.before").write_text(GOOD)
    assert json.loads(succeed("choose_site", given=False, cwd=flash))[:2] == [HOUSE, "site.before"]
    (flash / "site.before").write_text(json.dumps(PLAN | {"uuid": "elsewhere"}))
    name, file, refused, why = json.loads(succeed("choose_site", given=False, cwd=flash))
    assert (name, file, refused) == (None, "site.json", ["site.json", "site.before"])
    assert "another site's than the counters" in why and "put a site.json of this site" in why


def test_a_reset_that_cannot_be_finished(tmp_path):
    """The flash does not let itself be erased at the start after a power cut."""
    (tmp_path / "kept").write_text("{}")
    (tmp_path / "factory.json").mkdir()  # cannot be written
    ports = [free_port(), free_port()]
    reported = start(World(cable=False), tmp_path, keeps_label=False, portal=ports)[0]
    assert reported["lit"] and reported["counts"]["start.reset"] == 1


def start_and_end(
    directory: Path,
    error: tuple[str, ...] | None = None,
    *,
    world: World | None = None,
    seconds: int = 5,
    debug: bool = False,
    begins: bool = True,
    prints: bool = False,
    **simulator: Any,
) -> list[dict[str, Any]]:
    given = {"seconds": seconds, "error": error, "debug": debug, "begins": begins}
    given["prints"] = prints
    program_file = program("start_and_end")
    return play(world or World(), program_file, directory, given=given, **simulator)


KINDS = {
    ("KeyboardInterrupt",): "KeyboardInterrupt",
    ("MemoryError", "memory allocation failed"): "MemoryError: memory allocation failed",
    ("SystemExit",): "SystemExit",
    ("ValueError", "two\nlines"): "ValueError: two lines",
    ("ValueError", "x" * 1000): "ValueError: " + 108 * "x",
}


@pytest.mark.parametrize("end", KINDS, ids=KINDS.values())
def test_whatever_ends_the_program_is_followed_by_a_new_start_which_reports_it(end, tmp_path):
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    reported, restarts = start_and_end(tmp_path, end)
    none = {"ran": None, "failed": 0}
    assert reported["end"] == {"reason": None, "reset": "power-up", "count": 0} | none
    assert reported["measures"] and restarts["restarts"] <= 6
    reported, _ = start_and_end(tmp_path, reset="software")
    said = {"reason": KINDS[end], "reset": "software", "count": 1, "ran": 5, "failed": 1}
    assert reported["end"] == said
    assert reported["errors"]["end." + end[0]] == 1
    # The start after one that ended in order has nothing to report but the count.
    reported, _ = start_and_end(tmp_path, reset="software")
    assert reported["end"] == said | {"reason": None, "failed": 0}


def test_what_the_watchdog_ended_is_reported(tmp_path):
    """Though the program could not say anything."""
    start_and_end(tmp_path)
    reported, _ = start_and_end(tmp_path, reset="watchdog")
    assert reported["end"]["reason"] == "watchdog: the program stood still"
    assert reported["errors"]["end.watchdog"] == 1


def test_starts_that_fail_again_and_again_are_left_out_now_and_then(tmp_path):
    """Safe mode, longer and longer, though the power was cut meanwhile; after a start that lasted
    all begins anew. The cloud hears of a failure also by the start after safe mode."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    fails = ("MemoryError",)
    rests, reasons = [], []
    for _ in range(12):
        reported, *_, restarts = start_and_end(tmp_path, fails, reset="software")
        rests.append(restarts["restarts"] if "rests" in reported else 0)
        assert ("start.safe" in reported["errors"]) == ("rests" in reported)
        if "rests" not in reported:
            reasons.append(reported["end"]["reason"])
    assert reasons == [None] + 6 * ["MemoryError"]
    assert rests == [0, 0, 0, 120, 0, 240, 0, 480, 0, 960, 0, 960]
    for seconds, rest in ((601, False), *[(5, False)] * 3, (5, True)):
        reported, *_ = start_and_end(tmp_path, fails, seconds=seconds, reset="software")
        assert ("rests" in reported) == rest


def test_an_end_before_anything_has_begun(tmp_path):
    """Not even LED and hotspot could be made: memory is too short for them."""
    (restarts,) = start_and_end(tmp_path, begins=False)
    assert restarts["restarts"] < 5
    reported, _ = start_and_end(tmp_path, reset="software")
    assert reported["end"]["reason"] == "MemoryError: memory allocation failed"


def test_an_engineers_console_ends_where_it_ends(tmp_path):
    """By Ctrl-C: nothing is restarted, noted or reset."""
    (reported,) = start_and_end(tmp_path, ("KeyboardInterrupt",), debug=True)
    assert reported["end"]["count"] == 0 and not (tmp_path / "end_kept").exists()


@pytest.mark.parametrize(
    "stuck, fed, watch", [(False, 300, []), (True, 0, ["watch.housekeeping"])]
)
def test_the_watchdog_is_fed_while_every_task_moves(stuck, fed, watch, tmp_path):
    (reported,) = play(World(), program("watch_tasks"), tmp_path, given=stuck)
    assert reported == {"fed": fed, "bitten": 0, "watch": watch}


@pytest.mark.parametrize("kilobytes, measures", [(166, False), (2000, True), (4096, True)])
def test_a_chip_without_psram_measures_nothing_and_says_so(kilobytes, measures, tmp_path):
    """What MicroPython has without and with it: docs/device.md."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    *said, reported = start_and_end(
        tmp_path,
        world=World(cable=False),
        seconds=14,
        prints=True,
        heap_bytes=kilobytes * 1000,
        portal=[free_port(), free_port()],
    )[:-1]
    assert reported["measures"] == measures
    assert ("start.psram" in reported["errors"]) != measures
    lines = [one["line"] for one in said if "line" in one]
    assert len(lines) == (not measures)
    assert measures or "no PSRAM" in lines[0] and "WROVER" in lines[0] and "\n" not in lines[0]
