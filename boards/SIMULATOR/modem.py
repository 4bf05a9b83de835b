"""The simulated LTE modem (docs/connection.md)."""

from links import Link
from micropython import const

_STEADY_DB = const(3)


class Modem(Link):
    """The LTE modem."""

    def __init__(self, uart):
        super().__init__(uart, 4)
        self._quality = 0

    async def dial(self, apn):
        return await self._result("dial", apn, "dialled")

    def hang_up(self):
        self._uart.ask("hang_up")

    def quality(self, limits):
        """Reception: 0 good, 1 medium, 2 poor. limits: dBm from which it is good, medium. It is
        better only when it is better by 3 dB."""
        dbm = self.dbm()
        if dbm is not None:
            while self._quality < 2 and dbm < limits[self._quality]:
                self._quality += 1
            while self._quality and dbm >= limits[self._quality - 1] + _STEADY_DB:
                self._quality -= 1
        return self._quality

    def dbm(self):
        return self._signal(2)
