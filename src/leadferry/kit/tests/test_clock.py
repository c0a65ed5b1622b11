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


def test_milliseconds_survive_the_way_there_and_back() -> None:
    assert clock.to_ms(clock.from_ms(1793012345678)) == 1793012345678
