"""The factory reset and the settings' storage: on a LittleFS of the real MicroPython, over a flash
whose every byte is looked at. What becomes of a reset that is cut: test_boot.py."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from gateway_host.image import BOARDS
from gateway_host.sim.radio import World
from in_interpreter import program, succeed
from play_in_world import play


def run(program: str, tmp_path: Path, bits: int = 32, given: Any = None) -> dict:
    """What it prints in its last line."""
    printed = succeed(program, given=given, bits=bits, heap="2M", cwd=tmp_path)
    return json.loads(printed.splitlines()[-1])


def test_nothing_is_found_in_the_raw_flash(tmp_path, bits):
    reported = run("reset_used_flash", tmp_path, bits)
    assert reported["before"] > 100  # there was something to be found
    raw = (tmp_path / "flash").read_bytes()
    assert b"SECRET" not in raw and b"journal" not in raw and b"site.json" not in raw
    assert reported["left"] == ["factory.json"]
    assert reported["label"] == '{"hotspot_key": "labelkey2345"}' and reported["kept"] is None


@pytest.mark.parametrize("turns", [20, 300, 6000])
def test_nothing_is_found_in_the_raw_flash_of_a_stock_micropython(turns, tmp_path):
    """Where the program lies beside what is erased: what was removed is written over, and small
    files too, which lie in the blocks of their folder. The file system takes another place for
    these now and then (turns: writes before)."""
    reported = run("reset_stock_flash", tmp_path, given={"turns": turns})
    assert reported["before"] > 20
    raw = (tmp_path / "flash").read_bytes()
    assert b"SECRET" not in raw and b"site.json" not in raw
    assert reported["left"] == ["factory.json", "main.py"] and reported["whole"]
    assert reported["label"] == '{"hotspot_key": "labelkey2345"}'
    assert reported["fed"] > 60  # as often as it erases a block


def test_removing_the_files_would_not_be_enough(tmp_path):
    """What the test above finds nothing of is there after a mere removal."""
    run("remove_files_only", tmp_path)
    assert b"SECRET" in (tmp_path / "flash").read_bytes()


def test_nothing_is_erased_when_the_label_cannot_be_kept(tmp_path):
    assert run("reset_without_label", tmp_path) == 3 * [["refused", None]]


def test_the_settings_survive_a_power_cut_at_any_byte(tmp_path, bits):
    """The slot that was being written is cut at every byte: the old value or the new one is
    there, never none."""
    networks = [["old", "geheim123"], ["new", "anders123"]]
    run("learn_networks", tmp_path, bits, given=networks)
    whole = tmp_path / "whole"
    whole.mkdir()
    for copy in ("settings.0", "settings.1"):
        (tmp_path / copy).rename(whole / copy)
    newer = max(
        ("settings.0", "settings.1"), key=lambda name: b"new" in (whole / name).read_bytes()
    )
    size = (whole / newer).stat().st_size
    cases = [[newer, list(range(size + 1))]]
    said = succeed("read_cut_settings", given=cases, bits=bits, heap="2M", cwd=tmp_path)
    found = [json.loads(line) for line in said.splitlines()]
    assert found == [networks[:1]] * size + [networks[::-1]]


def test_a_settings_file_is_taken_over_and_what_was_learned_stays(tmp_path):
    (tmp_path / "settings.json").write_text('{"networks": [["a", "12345678"]]}')
    first = run("show_settings", tmp_path)
    assert first["networks"] == [["a", "12345678"]]
    assert "settings.json" not in first["files"]
    mqtt = {"host": "10.0.0.9", "port": 1883, "home_broker": True}
    (tmp_path / "settings.json").write_text(
        json.dumps({"mqtt": mqtt, "networks": [["b", "12345678"]]})
    )
    assert run("show_settings", tmp_path)["networks"] == [["b", "12345678"], ["a", "12345678"]]
    assert run("show_settings", tmp_path)["mqtt"] == mqtt


def test_settings_of_a_firmware_that_allowed_more_keep_their_networks(tmp_path):
    """It sent without TLS to anywhere. The broker is not used until somebody says how, by a file
    as ever; the way to the internet stays."""
    refused, mqtt, networks, home, after = run("read_older_settings", tmp_path)
    assert refused.startswith("mqtt.tls is missing: ")
    assert (mqtt, networks) == (None, [["a", "12345678"]])
    assert (home, after) == (True, networks)


def test_the_oldest_of_six_networks_is_forgotten(tmp_path):
    names = [f"net{i}" for i in range(8)]
    random.Random(5).shuffle(names)
    networks = [[name, "12345678"] for name in names]
    assert run("learn_networks", tmp_path, given=networks)["networks"] == names[:-6:-1]


HELD = {
    ("GENIUS", 21.0): [("red", 1), ("yellow", 8), ("off", 15), ("blue", 20)],
    ("GENIUS", 19.5): [("red", 1), ("yellow", 8), ("off", 15), ("purple", 19.5), ("green", 21.5)],
    ("GENIUS_FLEX", 5.0): [("red", 1), ("purple", 5), ("green", 7)],
    ("CONNECT", 4.0): [("red", 1), ("blue", 3)],
    ("CONNECT", 2.5): [("red", 1), ("purple", 2.5), ("green", 4.5)],
}


def press(
    board: str, seconds: float, directory: Path, fails: str | None = None
) -> list[dict[str, Any]]:
    given = {"seconds": seconds, "fails": fails}
    finger = program("press_button")
    return play(World(), finger, directory, given=given, board=BOARDS / board)


@pytest.mark.parametrize("board, seconds", HELD)
def test_a_finger_on_the_button(board, seconds, tmp_path):
    """The installation manual's colours, and that only the last one resets."""
    (tmp_path / "settings.json").write_text(json.dumps({"apn": "m2m"}))
    (tmp_path / "factory.json").write_text("{}")
    (tmp_path / "debug").touch()  # an engineer's way in
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "2026").write_text("joules")
    reported = press(board, seconds, tmp_path)
    pressed = next(line["pressed"] for line in reported if "pressed" in line)
    shown = [
        (line["colour"], line["s"] - pressed) for line in reported if line.get("s", 0) > pressed
    ]
    wanted = HELD[board, seconds]
    assert [colour for colour, _ in shown] == [colour for colour, _ in wanted]
    for (_, at), (_, due) in zip(shown, wanted, strict=True):
        assert due <= at + 0.02 and at <= due + 0.2
    left = {path.name for path in tmp_path.iterdir()} - {"settings.0"}
    if wanted[-1][0] == "blue":
        assert left == {"simulator.json", "factory.json"}
        assert not (tmp_path / "settings.0").exists()
    else:
        assert left == {"simulator.json", "factory.json", "history", "debug"}


def test_a_reset_that_fails_is_not_shown_as_done(tmp_path):
    """The memory beside the file system is full: purple as for a button that was let go early,
    counted by its name; the gateway goes on, watched as before, and nothing is gone."""
    (tmp_path / "settings.json").write_text(json.dumps({"apn": "m2m"}))
    reported = press("CONNECT", 10.0, tmp_path, "keep")
    pressed_s = next(line["pressed"] for line in reported if "pressed" in line)
    shown = [line["colour"] for line in reported if line.get("s", 0) > pressed_s]
    assert shown == ["red", "blue", "purple", "green"]
    assert reported[-1] == {"counts": {"reset.failed": 1}, "watchdog": 30000}
    assert (tmp_path / "settings.0").exists()


def test_a_reset_that_fails_after_it_has_begun_goes_on_at_a_new_start(tmp_path):
    """Never purple, which is for nothing was reset: the label is kept, and the next start
    finishes (test_start.py, test_boot.py)."""
    (tmp_path / "site.json").write_text("{}")
    (tmp_path / "factory.json").mkdir()  # cannot be written
    reported = press("CONNECT", 10.0, tmp_path, "write")
    pressed_s = next(line["pressed"] for line in reported if "pressed" in line)
    shown = [line["colour"] for line in reported if line.get("s", 0) > pressed_s]
    assert shown[:2] == ["red", "blue"] and "purple" not in shown
    assert {"restarted": True} in reported
    assert (tmp_path / "kept").read_text() == "{}" and not (tmp_path / "site.json").exists()
