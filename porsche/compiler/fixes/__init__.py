"""What would mend a document."""

from __future__ import annotations

from collections.abc import Sequence

from porsche.compiler.diagnostics import Diagnostic, Fix, Found
from porsche.compiler.document import Document
from porsche.compiler.graph import Connected
from porsche.compiler.lowering import Lowerer


class Fixer:
    """Finds fixes for what is wrong with a document."""

    def __init__(self, document: Document, places: Sequence[Connected], lowerer: Lowerer) -> None:
        self.document, self.lowerer = document, lowerer

    def __call__(self, diagnostic: Diagnostic, found: Found) -> Sequence[Fix]:
        return ()
