"""Application images: of every board for the ESP32, read back by littlefs-python and by
MicroPython's own VfsRom; and the host's image, booted from ROMFS and from LittleFS."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from pathlib import Path

import pytest
from gateway_host import budget, image
from gateway_host import session as sessions
from gateway_host.__main__ import main
from gateway_host.commands import image as image_command
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import program, succeed
from littlefs import LittleFS
from running_gateway import Listener, Probe, mqtt_at, need

# The .mpy file format, MicroPython's documentation: "M", version, flags (the architecture of
# native code in bits 2 to 6), bits of a small integer.
MPY_VERSION = 6
NO_NATIVE_CODE, X86, X64, XTENSAWIN = 0, 1, 2, 10
SMALL_INT_BITS = 31
# Modules with functions in native code.
NATIVE = {
    path.relative_to(image.FIRMWARE).with_suffix("").as_posix()
    for path in image.FIRMWARE.rglob("*.py")
    if re.search(r"^\s*@micropython\.(viper|native)", path.read_text(encoding="utf-8"), re.M)
}
# A LittleFS superblock: its name at octet 8 of the first block (LittleFS's SPEC.md); ROMFS's magic
# (MicroPython's documentation).
LITTLEFS_MAGIC, ROMFS_MAGIC = b"littlefs", b"\xd2\xcd\x31"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """Images are built in a directory of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "IMAGES", tmp_path_factory.mktemp("images"))
        yield image.IMAGES


@pytest.fixture(scope="module", params=[board for board in image.boards() if board != "SIMULATOR"])
def built(request: pytest.FixtureRequest, place: Path) -> image.Image:
    return image.build(request.param)


def contents(built: image.Image) -> dict[str, bytes]:
    """What was packed: path -> content."""
    files = built.littlefs.parent / "files"
    return {
        "/" + str(path.relative_to(files)): path.read_bytes()
        for path in files.rglob("*")
        if path.is_file()
    }


def in_lib(name: str) -> str:
    return name.removeprefix("/lib/").removesuffix(".mpy")


def digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_modules_are_compiled_for_the_esp32(built):
    files = contents(built)
    assert built.architecture == "xtensawin"
    assert {"metering", "measure/oscillator"} <= NATIVE
    sources = {path.relative_to(image.FIRMWARE) for path in image.FIRMWARE.rglob("*.py")}
    sources = {path.with_suffix("").as_posix() for path in sources} - {"main"}
    modules = {in_lib(name) for name in files if name.endswith(".mpy")}
    assert sources | {"board", "umqtt/simple"} <= modules
    assert "/main.py" in files and len([name for name in files if name.endswith(".py")]) == 1
    for name, content in files.items():
        if name.endswith(".mpy"):
            magic, version, flags, bits = content[:4]
            assert (magic, version, bits) == (ord("M"), MPY_VERSION, SMALL_INT_BITS), name
            native = flags >> 2 & 31
            expected = XTENSAWIN if in_lib(name) in NATIVE else NO_NATIVE_CODE
            assert native == expected, name


def test_only_what_there_is_is_imported(built):
    """Every module that one imports is in the image, or in MicroPython for the ESP32."""
    of_micropython = {
        "_thread", "array", "asyncio", "binascii", "deflate", "errno", "esp32", "gc", "hashlib",
        "io", "json", "machine", "math", "micropython", "network", "os", "random", "select",
        "socket", "struct", "sys", "time", "tls", "vfs",
    }  # fmt: skip
    modules = {in_lib(name).split("/")[0] for name in contents(built)}
    optional = {"aiorepl", "storage"}  # frozen in boards/ESP32_GATEWAY
    sources = list(image.COMMON.glob("*.py"))
    sources += image.FIRMWARE.rglob("*.py")
    for source in sources:
        text = source.read_text(encoding="utf-8")
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
        assert imported <= of_micropython | modules | optional, source


def test_littlefs_holds_the_files(built):
    data = built.littlefs.read_bytes()
    assert data[8:16] == LITTLEFS_MAGIC
    assert len(data) == 2 * 1024 * 1024  # the vfs partition of a 4 MB ESP32
    system = LittleFS(block_size=4096, block_count=len(data) // 4096, mount=False)
    system.context.buffer = bytearray(data)
    system.mount()
    found = {}
    for place, _, names in system.walk("/"):
        for name in names:
            path = f"{place.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path] = file.read()
    assert digests(found) == digests(contents(built))


def test_romfs_holds_the_files(built):
    assert built.romfs.read_bytes()[:3] == ROMFS_MAGIC
    said = succeed("list_romfs", built.romfs, heap="1M", path=())
    found = dict(line.split() for line in said.splitlines())
    assert found == digests(contents(built))


def test_size_is_printed(built):
    assert built.modules == sum(name.endswith(".mpy") for name in contents(built))
    assert built.code_bytes == sum(map(len, contents(built).values()))


def test_the_partitions_are_what_an_esp32_takes(built):
    """ESP-IDF's rules: nothing before 0x9000, 4 KB steps, an application in 64 KB steps, without
    overlaps, within the flash of 4 MB. The image may grow to twice its size."""
    end = 0x9000
    for name, (offset, size) in image.partitions().items():
        assert offset >= end and offset % (0x10000 if name == "factory" else 4096) == 0
        assert size % 4096 == 0
        end = offset + size
    assert end <= 4 * 1024 * 1024
    assert 2 * built.romfs.stat().st_size < image.partitions()["romfs"][1]


def test_the_program_is_within_its_budget(built):
    """Of flash and heap: what is loaded from files takes more than half of the bytecode's bytes,
    and with its names and objects less than twice as many."""
    flash, heap = budget.spent(built)
    assert flash.used == built.romfs.stat().st_size
    assert built.code_bytes / 2 < heap.used < 2 * built.code_bytes
    assert flash.used < flash.budget and heap.used < heap.budget


def test_an_image_larger_than_its_partition_is_refused(built, tmp_path, monkeypatch):
    files = built.littlefs.parent / "files"
    table = tmp_path / "partitions.csv"
    size = image.partitions()["romfs"][1]
    table.write_text(image.PARTITIONS.read_text().replace(f"{size:#x}", "0x20000"))
    monkeypatch.setattr(image, "PARTITIONS", table)
    monkeypatch.setattr(image, "ROOT", tmp_path)
    monkeypatch.setattr(image, "_VFS_BYTES", 0x20000)
    with pytest.raises(UserError, match="romfs has [0-9,]+ bytes, its partition 131,072: make"):
        image._pack_romfs(files, tmp_path / "application.romfs")
    with pytest.raises(UserError, match="do not fit into a partition of 131,072 bytes"):
        image._pack_littlefs(files, tmp_path / "application.littlefs")


def test_a_board_that_there_is_not(place):
    with pytest.raises(UserError, match="BOARD=TOASTER: no such board.*GENIUS_FLEX"):
        image.build("TOASTER")


def test_a_board_with_one_module_of_its_own(place, tmp_path, monkeypatch):
    """The others are those of boards/common."""
    board = tmp_path / "OWN"
    board.mkdir()
    text = (image.BOARDS / "GENIUS" / "board.py").read_text()
    (board / "board.py").write_text(text.replace('"GENIUS"', '"OWN"'))
    (board / "hardware.py").write_text('from links import Ethernet\n\nmake = "of its own"\n')
    monkeypatch.setattr(image, "BOARDS", tmp_path)
    files = contents(image.build("OWN"))
    assert b"of its own" in files["/lib/hardware.mpy"]
    assert {"/lib/links.mpy", "/lib/modem.mpy", "/lib/serial_line.mpy"} <= set(files)


def test_a_source_that_does_not_compile(place, tmp_path, monkeypatch):
    """One line: which file, and mpy-cross's own words."""
    broken = image.FIRMWARE / "broken.py"
    sources = image._sources("GENIUS")
    monkeypatch.setattr(image, "ROOT", tmp_path)
    broken = tmp_path / "broken.py"
    broken.write_text("def f(:\n")
    monkeypatch.setattr(image, "_sources", lambda _: {**sources, "broken.py": broken})
    with pytest.raises(UserError, match="broken.py does not compile for xtensawin: .*Syntax"):
        image.build("GENIUS")


# Every simulated gateway boots from the host's ROMFS image in the device's heap (test_uplink.py):
# code is executed in place. From LittleFS the code goes to the heap, which must be larger.
HEAP = {32: "544K", 64: "1M"}  # the program is loaded into it
MARGIN = 32_000  # bytes of it that stay free while all that a connection begins with is sent


def test_boots_from_littlefs_and_publishes(bits, broker, place, monkeypatch):
    built = image.build("SIMULATOR", image.ARCHITECTURES[bits])
    monkeypatch.setattr(sessions, "image_of", lambda _: built.littlefs)
    heap = HEAP[bits]
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    with Listener(plan, broker.port) as listener:
        settings = mqtt_at(broker.port)
        with Session(Installation(house), plan, mqtt=settings, bits=bits, heap=heap) as session:
            site = listener.wait("site", 5)[-1]
            gateways = listener.wait("gateway", 2)
            session.check()
    gateway = gateways[-1]
    assert min(gateway["heapFree"] for gateway in gateways) >= MARGIN
    assert len(site["points"]) == 28
    assert [point["missing"] for point in site["points"]] == [0] * 28
    assert set(gateway["errors"]) <= {"uplink.overtaken"}  # where the host is busy


def test_the_heap_stays_in_large_pieces(broker):
    """In the heap of a session, a part of what PSRAM gives, 32 bits."""
    need(32)
    house = load_house(DEFAULT_HOUSE)
    settings = mqtt_at(broker.port)
    with Session(
        Installation(house),
        house.site_json(),
        mqtt=settings,
        script=program("largest_piece"),
        console=False,
    ) as session:
        heap = Probe(session).until(lambda states: states and states[0], "the heap's figures")
    assert heap["piece"] >= 8192, heap


@pytest.mark.parametrize("architecture, code", [("x86", X86), ("x64", X64)])
def test_the_hosts_images_hold_the_hosts_code(place, architecture, code):
    built = image.build("SIMULATOR", architecture)
    flags = {in_lib(name): content[2] >> 2 & 31 for name, content in contents(built).items()}
    assert {name for name in flags if flags[name] == code} >= NATIVE


@pytest.fixture
def made(tmp_path, monkeypatch) -> list[str]:
    """What host_image has built, which is nothing but the file here; scripts are in tmp_path."""
    built: list[str] = []

    def build(board: str, architecture: str) -> None:
        built.append(architecture)
        (tmp_path / f"{board}-{architecture}" / "application.romfs").write_bytes(b"")

    (tmp_path / "host_tests" / "device").mkdir(parents=True)
    monkeypatch.setattr(image, "build", build)
    monkeypatch.setattr(image, "IMAGES", tmp_path)
    monkeypatch.setattr(image, "ROOT", tmp_path)
    return built


def test_the_hosts_image_is_made_anew_when_a_script_or_its_maker_changes(
    made, tmp_path, monkeypatch
):
    """Which names are short depends on them."""
    for name in ("image.py", "shorten.py", "portal_pages.py"):
        assert Path(image.__file__).with_name(name) in image._MAKERS
    maker, script = tmp_path / "shorten.py", tmp_path / "host_tests" / "device" / "script.py"
    monkeypatch.setattr(image, "_MAKERS", [maker])
    maker.touch()
    for changed in (maker, script):
        changed.touch()
        image.host_image(32)
        del made[:]
        image.host_image(32)
        assert not made
        soon = changed.stat().st_mtime_ns + 1_000_000_000
        os.utime(changed, ns=(soon, soon))
        image.host_image(32)
        assert made == ["x86"]
    (script.parent / "__pycache__").mkdir()
    (script.parent / "__pycache__" / "script.pyc").touch()
    image.host_image(32)
    assert made == ["x86"]


def test_the_hosts_image_is_made_once_for_many_at_once(made, monkeypatch):
    fast = image.build

    def slow(*what: str) -> None:
        time.sleep(0.2)
        fast(*what)

    monkeypatch.setattr(image, "build", slow)
    threads = [threading.Thread(target=image.host_image, args=(32,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["x86"]


def test_image_as_a_user_calls_it(capsys, place, monkeypatch):
    monkeypatch.setattr(image_command, "ROOT", place.parent)
    assert main(["image", "--board", "GENIUS_FLEX"]) == 0
    said = capsys.readouterr().out
    sizes = [path.stat().st_size for path in place.glob("GENIUS_FLEX-xtensawin/*fs")]
    assert len(sizes) == 2
    assert "GENIUS_FLEX for xtensawin" in said
    assert all(f"{size:,} bytes" in said for size in sizes)
    assert "romfs: " in said and "% of 491,520" in said and "heap, loaded from files: " in said
    assert main(["image", "--board", "TOASTER"]) == 2
    assert capsys.readouterr().err.startswith("error: BOARD=TOASTER: no such board")
