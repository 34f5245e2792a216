"""`benchmarks.chaos` with tables of a real Postgres among its sinks: processes are killed, at times connections cut."""

from __future__ import annotations

import pytest

from benchmarks import chaos


@pytest.mark.timeout(500)
def test_kills_while_runs_write_to_postgres(postgres: str) -> None:
    figures = chaos.run(quick=True, postgres=postgres)
    assert figures["unequal"] == []
    assert (figures["lost"], figures["doubled"], figures["wrong_status"]) == (0, 0, 0)
    assert {"postgres_windows", "postgres_counters"} < set(figures["sinks"])
    assert figures["kills"] >= 8
