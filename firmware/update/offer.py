"""Whether this program takes updates: only where its image has the key of whoever signs them."""

from system.refused import Refused
from update.key import MODULUS

_NO_KEY = "update: this program has no key, so it takes no update: flash one that has"


class NoUpdates:
    """In the place of updater.Updater."""

    def declare(self, commands: Commands) -> None:
        """Enter the command, which is refused."""
        commands.on("update", self._refuse, wants_id=True)

    def describe(self) -> None:
        """For people: nothing."""

    def glance(self) -> None:
        """Nothing changes."""

    def tasks(self) -> list[WatchedTask]:
        """Nothing is to run."""
        return []

    def _refuse(self, _):
        raise Refused(_NO_KEY)


def updater_of(*way: Any) -> Updater | NoUpdates:
    """What takes updates, of what updater.Updater wants; loaded where it can."""
    if MODULUS is None:
        return NoUpdates()
    from update.updater import Updater

    return Updater(*way)
