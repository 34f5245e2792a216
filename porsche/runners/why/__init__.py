"""Why no output? The first node that swallows the rows on their way to a sink that gets none, and why it does.

    found = explained(Plan.of(graph), snapshot)          # of a run: its graph, and its job's last status
    found = explained(Plan.of(graph), snapshot, counts)  # `counts`: rows of each node over a sample, as previews have
    endings(plan, figures, ["filtered"])                 # of nodes that give no rows, in a preview
    [cause.as_json() for cause in found]

Pure: a graph and figures in, sentences out.
"""

from porsche.runners.why.cause import Cause
from porsche.runners.why.causes import endings, explained
from porsche.runners.why.place import place
from porsche.runners.why.plan import Figures, Plan

__all__ = ["Cause", "Figures", "Plan", "endings", "explained", "place"]
