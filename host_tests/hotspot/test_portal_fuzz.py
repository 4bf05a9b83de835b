"""The fuzzer of what listens during provisioning: a short run, and that it sees what is wrong."""

from __future__ import annotations

import shutil

from gateway_host.fuzz import portal as fuzz_portal


def test_a_short_run():
    outcome = fuzz_portal.run(40_000, seed=7)
    assert outcome.failed is None
    assert outcome.sequences == 40_000
    assert outcome.growth <= 0
    assert all(outcome.counts.values()), outcome.counts


def test_a_fault_is_seen(tmp_path, monkeypatch):
    """With a limit of the firmware taken away the run fails, and says at which bytes."""
    shutil.copytree(fuzz_portal.ROOT / "firmware", tmp_path, dirs_exist_ok=True)
    broken = tmp_path / "hotspot" / "http_request.py"
    source = broken.read_text()
    assert "_BODY = const(576)" in source
    broken.write_text(source.replace("_BODY = const(576)", "_BODY = const(99999)"))
    monkeypatch.setattr(fuzz_portal, "MODULE_PATH", [tmp_path, *fuzz_portal.MODULE_PATH])
    outcome = fuzz_portal.run(40_000, seed=7)
    assert "too much is kept" in outcome.failed
