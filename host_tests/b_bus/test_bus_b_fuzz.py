"""The B-bus master on random and mutated answers: `make fuzz TARGET=bus_b` in short."""

from gateway_host.fuzz import b_bus as fuzz_bus_b

SEQUENCES = 12_000


def test_the_master_takes_what_is_right_and_nothing_else():
    outcome = fuzz_bus_b.run(SEQUENCES, seed=2026)
    assert outcome.failed is None
    assert outcome.sequences == SEQUENCES
    assert outcome.growth is not None and outcome.growth <= 0
    assert min(outcome.counts.values()) > 100
