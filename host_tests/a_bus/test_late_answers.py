"""No answer is taken for another request's, however late it comes (docs/b-bus.md section 2)."""

import json
import random
from pathlib import Path

import pytest
from gateway_host import interpreter
from gateway_host.session import MODULE_PATH

SCRIPT = Path(__file__).parents[1] / "programs" / "late_answers.py"
METER = [200, 2000]  # ms: reply, late


@pytest.fixture
def ask(tmp_path):
    """What came in `rounds` seconds, five requests of equal length each."""

    def run(delays_ms, manner=METER, queues=False, lost=0, tries=3, rounds=40):
        task = {
            "delays": [int(1000 * delay) for delay in delays_ms],
            "manner": manner,
            "queues": queues,
            "lost": lost,
            "tries": tries,
            "rounds": rounds,
        }
        file = tmp_path / "task.json"
        file.write_text(json.dumps(task))
        with file.open() as stdin:
            done = interpreter.run([SCRIPT], bits=32, heap="1M", path=MODULE_PATH, stdin=stdin)
        assert done.returncode == 0, done.stderr
        *came, late = map(json.loads, done.stdout.splitlines())
        for address, values in came:
            assert values is None or values == list(range(address, address + 4))
        return {"rounds": came, "late": late}

    return run


def good(said):
    return sum(values is not None for _, values in said["rounds"])


@pytest.mark.parametrize("queues", [False, True], ids=["one at a time", "queues"])
@pytest.mark.parametrize("delay", [5, 150, 199, 203, 230, 300, 397, 410, 800, 1500, 1900])
def test_a_slave_of_one_delay(delay, queues, ask):
    """From some time on its answers are all taken: the time for them is doubled until it does."""
    said = ask([delay], queues=queues)
    assert good(said) >= 10, said["late"]
    assert (said["late"] > 0) == (delay >= 203)


@pytest.mark.parametrize("seed", range(8))
def test_a_slave_of_random_delays_on_a_line_that_loses_requests(seed, ask):
    dice = random.Random(seed)
    most = dice.choice([150, 250, 500, 1000, 1900])
    delays = [dice.uniform(2, most) for _ in range(53)]
    said = ask(delays, queues=seed % 2 == 0, lost=dice.choice([0, 3, 7]), rounds=60)
    assert good(said) >= 20


def test_a_power_box_of_many_delays(ask):
    """The reads of its slots have answers of one length."""
    for delay in (8, 98, 103, 230, 500, 1100, 1900):
        said = ask([delay], manner=[100, 2000], queues=True)
        assert good(said) >= 10
    for late in (130, 700, 1800):
        ask([8, 8, 8, late, 8, 8, 8], manner=[100, 2000], queues=True, lost=9)


def test_modules_are_asked_again_at_once(ask):
    """Their answers come within a known time, so a lost request costs little of it."""
    said = ask([4], manner=[20, 100], lost=6, rounds=10)
    assert good(said) == 50 and not said["late"]
    for late in (25, 35, 55, 95):
        ask([4, 4, late, 4, 4, 4, 4], manner=[20, 100], queues=True)
