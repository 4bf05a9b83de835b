"""A board's chip and flash."""

from __future__ import annotations

from gateway_host import image
from gateway_host.boards import data as board_data
from gateway_host.errors import UserError
from gateway_host.flashing.chips import CHIPS, Chip


def chip_and_flash(board: str, flash_mb: int | None = None) -> tuple[Chip, int]:
    """The board's chip, and its flash in MB, or the one that is given. UserError for an unknown
    board, the simulator, or a size that there is no table for."""
    known = [name for name in image.boards() if name != "SIMULATOR"]
    if board not in known:
        raise UserError(f"BOARD={board}: no such board with a chip; known: {', '.join(known)}")
    board_data.check(image.BOARDS / board)
    data = board_data.read(image.BOARDS / board)
    flash_mb = flash_mb or data.get("FLASH_MB", 4)
    if flash_mb not in board_data.FLASHES_MB:
        raise UserError(f"FLASH={flash_mb}: there are tables for 4, 8 and 16 MB")
    return CHIPS[board_data.chip(data)], flash_mb
