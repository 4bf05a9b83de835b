"""What is wrong, on the console: each sentence once while it holds. Owns what was said."""

import asyncio

from micropython import const

_LOOK_S = const(10)
_BETWEEN_MS = const(100)  # a sentence fills the UART's buffer


class Console:
    """texts: a function that gives [(name, text)] of what is wrong now."""

    def __init__(self, texts: Callable[[], list[AdviceText]]):
        self._texts = texts
        self._said: list[str] = []

    async def run(self, beat: Beat) -> Never:
        """Look every 10 s, without end."""
        while True:
            beat()
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Say what was not so when it was looked last."""
        before, self._said = self._said, [text for _, text in self._texts()]
        for text in self._said:
            if text not in before:
                print("advice: " + text)
                await asyncio.sleep_ms(_BETWEEN_MS)
