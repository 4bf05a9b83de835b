"""What is wrong, on the console: each sentence once while it holds. Owns what was said last."""

import asyncio

from micropython import const

_LOOK_S = const(10)
_BETWEEN_MS = const(100)  # a sentence fills the UART's buffer


class Console:
    """`said`: the sentences that hold, the most serious first, as they were looked for last."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def run(self, texts: Callable[[], list[AdviceText]], beat: Beat) -> Never:
        """Look every 10 s, without end. texts: what is wrong now, [(name, text)]."""
        while True:
            beat()
            await self.look(texts())
            await asyncio.sleep(_LOOK_S)

    async def look(self, texts: list[AdviceText]) -> None:
        """Say what was not so when it was looked last."""
        before, self.said = self.said, [text for _, text in texts]
        for text in self.said:
            if text not in before:
                print("advice: " + text)
                await asyncio.sleep_ms(_BETWEEN_MS)
