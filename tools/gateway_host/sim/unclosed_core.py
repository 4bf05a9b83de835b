"""What a split-core CT gives that is not closed.

Its secondary is an inductance with a resistance (burden and winding) across it: of a current it
gives j w t / (1 + j w t), t being inductance over resistance. Closed, t is so long that this is 1;
an air gap makes it shorter: less of the current, leading it, and more of its harmonics.
"""

from functools import lru_cache

import numpy as np

from .catalogue import BLOCK, SAMPLE_RATE

_RATED_HZ = 50.0
_AHEAD, _AFTER, _EDGE = 48, 176, 32  # samples of the answer to one before it, after it, faded out
BEFORE = 3  # blocks that have to be known before one, and 1 after it


@lru_cache(maxsize=16)
def _kernel(share: float) -> np.ndarray:
    """The answer to a single sample. share: of a current of 50 Hz, above 0 and below 1."""
    lag = share / np.sqrt(1 - share**2) / (2 * np.pi * _RATED_HZ)  # s
    s = 2j * np.pi * np.fft.rfftfreq(16 * BLOCK, 1 / SAMPLE_RATE)
    answer = np.fft.irfft(s * lag / (1 + s * lag))[np.arange(-_AHEAD, _AFTER + 1)]
    fade = np.hanning(2 * _EDGE)
    answer[:_EDGE] *= fade[:_EDGE]
    answer[-_EDGE:] *= fade[_EDGE:]
    return answer


def seen(current: np.ndarray, share: float) -> np.ndarray:
    """A block as such a CT gives it; `current`: with the three blocks before and the one after."""
    answer = np.convolve(current, _kernel(share))
    first = BEFORE * BLOCK + _AHEAD
    return answer[first : first + BLOCK]
