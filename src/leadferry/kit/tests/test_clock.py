from pathlib import Path

import pytest

from leadferry.kit import clock


def test_a_file_moves_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "clock"
    monkeypatch.setattr(clock, "_OFFSET_FILE", str(path))
    before = clock.now_ms()
    path.write_text(str(365 * 24 * 3600 * 1000), encoding="ascii")
    moved = clock.now_ms() - before
    assert moved >= 365 * 24 * 3600 * 1000
    path.write_text("half-writ", encoding="ascii")
    assert clock.now_ms() - before < 365 * 24 * 3600 * 1000


def test_milliseconds_become_an_aware_time() -> None:
    moment = clock.from_ms(1_793_012_345_678)
    assert moment.isoformat() == "2026-10-26T10:59:05.678000+00:00"
