"""Batch verification: is what a stream wrote what one bounded run of the same SQL over the same input writes?

    report = verify(compiled, state=folder, work=Path("check"), rows=rows_read(status))
    report.equal                 # every table that could be compared is the same
    report.tables[0].differences # rows that only one side has

The bounded run reads what the stream read: all of a finished run's input, of a stopped run's the rows it had taken from
each source. Where DuckDB can say a table's query it is asked too, as an oracle that shares no code with the engine;
views that only the engine can say (models, feature vectors) are then DuckDB's input.
"""

from __future__ import annotations

from porsche.runners.verify.check import Report, TableReport, rows_read, verify

__all__ = ["Report", "TableReport", "rows_read", "verify"]
