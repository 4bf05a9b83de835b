"""Draw the characters of labels from the fonts DejaVu: `python3 tools/label_font.py FOLDER`.

Makes tools/gateway_host/label_font.json anew; wants the package fonttools, and a folder with the
fonts, as Debian's packages fonts-dejavu-core and fonts-dejavu-extra have them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

RESULT = Path(__file__).parent / "gateway_host" / "label_font.json"
ASCII = [chr(code) for code in range(0x20, 0x7F)]
LATIN = [chr(code) for code in range(0xA0, 0x100)]
FACES = {
    "plain": ("DejaVuSansCondensed", ASCII + LATIN),
    "bold": ("DejaVuSansCondensed-Bold", ASCII),
    "mono": ("DejaVuSansMono-Bold", ASCII),
}


def draw(file: Path, characters: list[str]) -> dict[str, list]:
    """Character -> advance and outline, in units of which 2048 are the font's size, y upwards."""
    font = TTFont(file)
    assert font["head"].unitsPerEm == 2048
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    drawn = {}
    for character in characters:
        glyph = glyphs[names[ord(character)]]
        pen = SVGPathPen(glyphs, ntos=lambda number: str(round(number)))
        glyph.draw(pen)
        drawn[character] = [round(glyph.width), pen.getCommands()]
    return drawn


def main(folder: Path) -> None:
    faces = {
        face: draw(folder / f"{name}.ttf", characters)
        for face, (name, characters) in FACES.items()
    }
    RESULT.write_text(json.dumps(faces, indent=0, ensure_ascii=True) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
