"""SET and RESET: the job's options by Flink's names. Names that Flink has and this engine makes nothing of are kept;
what neither knows is refused."""

from __future__ import annotations

from difflib import get_close_matches

from sqlglot import exp

from engine.errors import UserError
from engine.options import JobProperties
from engine.sql import dialect as ast
from engine.sql.flink_settings import FAMILIES, FLINK
from engine.sql.places import place_of

KNOWN = FLINK | {"python.execution-mode", "python.fn-execution.timeout", "python.fn-execution.memory.limit",
                 "dead-letters.max-count", "dead-letters.max-size"}
"""Names that SET takes: Flink's, and this engine's own."""
_CLOSE = 0.6


def is_setting(statement: exp.Expr) -> bool:
    """Whether `apply_setting` handles the statement."""
    return isinstance(statement, ast.SetProperty | ast.ResetProperty)


def apply_setting(statement: exp.Expr, settings: dict[str, str]) -> list[tuple[str, str]]:
    """Change `settings` as SET or RESET says; what a bare SET lists."""
    name = statement.this.name if statement.this is not None else None
    if isinstance(statement, ast.ResetProperty):
        if name is None:
            settings.clear()
        else:
            settings.pop(name, None)
        return []
    if name is None:
        return sorted(settings.items())
    check_name(name, statement)
    check_value(name, statement.expression.name, statement)
    settings[name] = statement.expression.name
    return []


def check_value(name: str, value: str, node: exp.Expr | None = None) -> None:
    """UserError for a value that a job could not be run by."""
    from engine.expressions.zones import zone

    try:
        zone(JobProperties.of({name: value}).zone)
    except UserError as error:
        raise UserError(error.code, error.message, hint=error.hint, place=place_of(node)) from None


def check_name(name: str, node: exp.Expr | None = None) -> None:
    """UserError "unknown_setting" for a name that neither Flink nor this engine has."""
    if name in KNOWN or name.startswith(FAMILIES):
        return
    close = get_close_matches(name, KNOWN, n=2, cutoff=_CLOSE)
    hint = f"did you mean {' or '.join(repr(c) for c in close)}?" if close else (
        "names are Flink's, such as 'table.exec.state.ttl' or 'parallelism.default'")
    raise UserError("unknown_setting", f"there is no setting '{name}'", place=place_of(node), hint=hint)
