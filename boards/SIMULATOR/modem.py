"""The simulated LTE modem (docs/connection-contracts.md)."""

from links import Link
from reception import quality


class Modem(Link):
    """The LTE modem."""

    def __init__(self, uart: SimulatedUart):
        super().__init__(uart, 4)
        self._quality = 0

    async def dial(self, apn: str) -> str:
        return await self._result("dial", apn, "dialled")

    def leave(self) -> None:
        self._uart.ask("hang_up")

    def quality(self, limits: Sequence[int]) -> int:
        """Reception: reception.quality()."""
        self._quality = quality(self.dbm(), limits, self._quality)
        return self._quality

    def dbm(self) -> int | None:
        return self._signal(2)
