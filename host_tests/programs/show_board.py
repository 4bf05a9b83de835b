"""Prints a board's data."""

import json

import board

from panel import animation

kind = getattr(board, "ARTICLE_TYPE", 0)
print(
    json.dumps(
        {
            "led": board.LED,
            "links": board.LINKS,
            "type": kind,
            "b": board.HAS_B_MODULES,
            "colours": list(animation.COLOURS),
        }
    )
)
