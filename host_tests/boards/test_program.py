"""program.py: modules are found where MicroPython finds them, by fewer reads of the flash."""

import json

from in_interpreter import succeed

FILES = {"start.mpy": "", "alone.py": "SAYS = 1", "room/inner.py": "SAYS = 2"}
FILES |= {f"room/other_module_{k}.py": f"SAYS = {k}" for k in range(30)}
WANT = ["alone", "room.inner", *(f"room.other_module_{k}" for k in range(30)), "nobody"]


def look(files, heap="4M"):
    return json.loads(succeed("look_once", given={"files": files, "want": WANT}, heap=heap))


def test_names_that_are_read_once_need_fewer_reads_of_the_flash():
    (said, reads), (said_then, reads_then), path = look(FILES)
    assert said == said_then == [1, 2, *range(30), None]
    assert reads_then < 0.6 * reads  # with a name that is asked for third, a third of them
    assert path == ["/program", "", ".frozen", "/lib"]


def test_where_the_program_is_elsewhere_or_the_heap_is_small_nothing_is_done():
    others = {name: text for name, text in FILES.items() if name != "start.mpy"}
    for (said, _), (said_then, _), path in look(others), look(FILES, heap="900K"):
        assert said == said_then
        assert path == ["", ".frozen", "/lib"]
