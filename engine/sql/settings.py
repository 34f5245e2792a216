"""SET and RESET: the job's properties."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from engine.sql.dialect import statement_nodes as st


def is_setting(statement: exp.Expr) -> bool:
    """Whether the statement is SET or RESET."""
    return isinstance(statement, st.SetProperty | st.ResetProperty)


def apply_setting(statement: exp.Expr, settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Change the settings; a SET without a name gives all of them."""
    name = statement.this.name if statement.this is not None else None
    if isinstance(statement, st.ResetProperty):
        if name is None:
            settings.clear()
        else:
            settings.pop(name, None)
    elif name is None:
        yield from sorted(settings.items())
    else:
        settings[name] = statement.args["expression"].name
