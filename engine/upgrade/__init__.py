"""What becomes of a job's state when its program is changed: known beforehand, operator by operator.

    report = check(checkpoint.meta, graph.described)     # pure: starts nothing
    report.verdicts                                      # {"kept", "migrated", "recomputed", "lost", ...}
    print(report.table())
    report.refusal(allow={"recomputed"})                 # UserError with the table, or None

`engine.planner.described` says what an operator holds and means, `engine.runtime.recovery` does what a report says.
"""

from __future__ import annotations

from engine.upgrade.check import check, renamed
from engine.upgrade.report import CONSENTS, Entry, Report, Verdict

__all__ = ["CONSENTS", "Entry", "Report", "Verdict", "check", "renamed"]
