"""Printing queries, relations and row patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from engine.sql.dialect import nodes
from engine.sql.dialect.print_expressions import Node, Printer

if TYPE_CHECKING:
    from engine.sql.dialect.generator import FlinkGenerator

_SET_STRENGTH: dict[type[Node], int] = {exp.Union: 1, exp.Except: 1, exp.Intersect: 2}
_SET_WORDS: dict[type[Node], str] = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


# -- queries


def _query(g: FlinkGenerator, e: Node, body: list[str]) -> str:
    """WITH, the body, ORDER BY, OFFSET and LIMIT."""
    return g.joined([
        g.part(e, "with_"), *body, g.part(e, "order"),
        g.part(e, "limit"), g.part(e, "offset"),
    ])


def _select(g: FlinkGenerator, e: Node) -> str:
    args = e.args
    words = ["SELECT", g.part(e, "hint"), "DISTINCT" if args.get("distinct") else ""]
    head = " ".join([word for word in words if word])
    items = g.block([g.sql(item) for item in e.expressions]).rstrip()
    return _query(g, e, [
        head + items if items.startswith("\n") else f"{head} {items}",
        _from(g, e), g.part(e, "where"), g.part(e, "group"), g.part(e, "having"), _windows(g, e), g.part(e, "qualify"),
    ])


def _from(g: FlinkGenerator, e: Node) -> str:
    source = e.args.get("from_")
    if source is None:
        return ""
    return f"FROM {_relation(g, source.this)}{_joins(g, e)}"


def _relation(g: FlinkGenerator, e: Node) -> str:
    """A relation, a query without parentheses getting them."""
    text = g.sql(e)
    bare = isinstance(e, (exp.Select, exp.SetOperation)) or (isinstance(e, exp.Values) and e.args.get("alias") is None)
    return g.enclosed(text) if bare else text


def _joins(g: FlinkGenerator, e: Node) -> str:
    return "".join([g.sql(join) for join in e.args.get("joins") or ()])


def _join(g: FlinkGenerator, e: Node) -> str:
    words = [word for word in (e.args.get("method"), e.args.get("side"), e.args.get("kind")) if word]
    on, using = e.args.get("on"), e.args.get("using")
    table = _relation(g, e.this)
    if not words and on is None and not using:
        return f", {table}"
    if words == ["OUTER"]:
        words = ["FULL"]
    line = "\n" if g.pretty else " "
    text = f"{line}{' '.join([str(word).upper() for word in words if word != 'OUTER'] + ['JOIN'])} {table}"
    if on is not None:
        return f"{text} ON {g.sql(on)}"
    return f"{text} USING ({g.commas(using)})" if using else text


def _windows(g: FlinkGenerator, e: Node) -> str:
    windows = e.args.get("windows")
    if not windows:
        return ""
    return "WINDOW " + ", ".join([f"{g.sql(each.this)} AS ({_specification(g, each)})" for each in windows])


def _specification(g: FlinkGenerator, e: Node) -> str:
    keys = e.args.get("partition_by")
    return " ".join([part for part in (
        g.part(e, "alias") if e.args.get("first") else "", f"PARTITION BY {g.commas(keys)}" if keys else "",
        g.part(e, "order"), g.part(e, "spec"),
    ) if part])


def _window(g: FlinkGenerator, e: Node) -> str:
    alias = e.args.get("alias")
    plain = alias is not None and not (e.args.get("first") or e.args.get("partition_by") or e.args.get("order"))
    over = g.sql(alias) if plain else f"({_specification(g, e)})"
    return f"{g.sql(e.this)} OVER {over}"


def _frame(g: FlinkGenerator, e: Node) -> str:
    kind, start = e.args["kind"], _bound(g, e, "start")
    return f"{kind} BETWEEN {start} AND {_bound(g, e, 'end')}" if e.args.get("end") else f"{kind} {start}"


def _bound(g: FlinkGenerator, e: Node, which: str) -> str:
    value, side = e.args[which], e.args.get(f"{which}_side")
    return f"{g.sql(value)} {side}" if side else g.sql(value)


def _ordered(g: FlinkGenerator, e: Node) -> str:
    nulls = e.args.get("nulls_first")
    direction = "" if e.args.get("desc") is None else " DESC" if e.args["desc"] else " ASC"
    return f"{g.sql(e.this)}{direction}{'' if nulls is None else ' NULLS FIRST' if nulls else ' NULLS LAST'}"


def _set_operation(g: FlinkGenerator, e: Node) -> str:
    """Without recursion to the left, where chains grow long."""
    own = _SET_STRENGTH[type(e)]
    parts: list[str] = []
    node = e
    while _SET_STRENGTH.get(type(node)) == own and (node is e or not _modified(node)):
        word = _SET_WORDS[type(node)] + ("" if node.args.get("distinct", True) else " ALL")
        parts += [_operand(g, node.expression, own + 1), word]
        node = node.this
    parts.append(_operand(g, node, own))
    return _query(g, e, parts[::-1])


def _operand(g: FlinkGenerator, e: Node, least: int) -> str:
    """An operand of a set operation, in parentheses where it would be read differently without."""
    text = g.sql(e)
    if isinstance(e, exp.Subquery):
        return text
    return g.enclosed(text) if _SET_STRENGTH.get(type(e), least) < least or _modified(e) else text


def _modified(e: Node) -> bool:
    return any(e.args.get(key) is not None for key in ("with_", "order", "limit", "offset"))


def _with(g: FlinkGenerator, e: Node) -> str:
    word = "WITH RECURSIVE " if e.args.get("recursive") else "WITH "
    return word + (",\n" if g.pretty else ", ").join([g.sql(each) for each in e.expressions])


def _common_table(g: FlinkGenerator, e: Node) -> str:
    alias = e.args["alias"]
    columns = alias.args.get("columns")
    name = f"{g.sql(alias.this)} ({g.commas(columns)})" if columns else g.sql(alias.this)
    return f"{name} AS {g.enclosed(g.sql(e.this))}"


def _subquery(g: FlinkGenerator, e: Node) -> str:
    inner = e.this
    text = g.sql(inner)
    if inner.args.get("joins") and not isinstance(inner, exp.Select):
        text += _joins(g, inner)
    return _query(g, e, [f"{g.enclosed(text)}{_aliased(g, e)}"])


def _values(g: FlinkGenerator, e: Node) -> str:
    rows = g.block([g.sql(row) for row in e.expressions]).rstrip()
    text = _query(g, e, ["VALUES" + rows if rows.startswith("\n") else f"VALUES {rows}"])
    return f"{g.enclosed(text)}{_aliased(g, e)}" if e.args.get("alias") is not None else text


# -- relations


def _table(g: FlinkGenerator, e: Node) -> str:
    args = e.args
    name = ".".join([g.sql(args[key]) for key in ("catalog", "db", "this") if args.get(key) is not None])
    hints = args.get("hints")
    return f"{name}{f' /*+ {g.commas(hints)} */' if hints else ''}{g.part(e, 'version', ' ')}{_aliased(g, e)}"


def _aliased(g: FlinkGenerator, e: Node) -> str:
    return g.part(e, "alias", " AS ")


def _table_alias(g: FlinkGenerator, e: Node) -> str:
    columns = e.args.get("columns")
    return f"{g.sql(e.this)}({g.commas(columns)})" if columns else g.sql(e.this)


def _lateral(g: FlinkGenerator, e: Node) -> str:
    inner = e.this
    text = g.sql(inner)
    if isinstance(inner, (exp.Anonymous, exp.Func)) and not isinstance(inner, exp.Unnest):
        text = f"TABLE({text})"
    elif not isinstance(inner, (exp.Subquery, exp.Unnest)):
        text = g.enclosed(text)
    return f"LATERAL {text}{_aliased(g, e)}"


def _unnest(g: FlinkGenerator, e: Node) -> str:
    ordinality = " WITH ORDINALITY" if e.args.get("offset") else ""
    return f"UNNEST({g.commas(e.expressions)}){ordinality}{_aliased(g, e)}"


# -- MATCH_RECOGNIZE


def _match(g: FlinkGenerator, e: Node) -> str:
    args = e.args
    rows = args.get("rows")
    clauses = [
        f"PARTITION BY {g.commas(args['partition_by'])}" if args.get("partition_by") else "",
        g.part(e, "order"),
        f"MEASURES {g.commas(args['measures'])}" if args.get("measures") else "",
        f"{rows} {'ROW' if rows == 'ONE' else 'ROWS'} PER MATCH" if rows else "",
        g.part(e, "after", "AFTER MATCH SKIP "),
        f"PATTERN ({g.sql(args['pattern'])})",
        g.part(e, "within", "WITHIN "),
        f"SUBSET {g.commas(args['subsets'])}" if args.get("subsets") else "",
        "DEFINE " + ", ".join([f"{g.sql(each.args['alias'])} AS {g.sql(each.this)}" for each in args["definitions"]]),
    ]
    return f"{g.sql(e.this)} MATCH_RECOGNIZE {g.enclosed(g.joined(clauses))}{_aliased(g, e)}"


def _skip(g: FlinkGenerator, e: Node) -> str:
    kind = e.args["kind"]
    if e.this is None:
        return "PAST LAST ROW" if kind == "PAST LAST ROW" else "TO NEXT ROW"
    return f"TO {g.sql(e.this)}" if kind == "TO" else f"TO {kind} {g.sql(e.this)}"


def _sequence(g: FlinkGenerator, e: Node) -> str:
    text = " ".join([_grouped(g, each, (nodes.PatternAlternatives,)) for each in e.expressions])
    return ("^ " if e.args.get("anchored_start") else "") + text + (" $" if e.args.get("anchored_end") else "")


def _repeat(g: FlinkGenerator, e: Node) -> str:
    low = int(e.args["minimum"].this)
    maximum = e.args.get("maximum")
    high = None if maximum is None else int(maximum.this)
    marks = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    counted = f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
    inner = _grouped(g, e.this, (nodes.PatternAlternatives, nodes.PatternSequence, nodes.PatternRepeat))
    return f"{inner}{marks.get((low, high), counted)}{'?' if e.args.get('reluctant') else ''}"


def _grouped(g: FlinkGenerator, e: Node, weaker: tuple[type[Node], ...]) -> str:
    return f"({g.sql(e)})" if isinstance(e, weaker) else g.sql(e)


PRINTERS: dict[type[Node], Printer] = {
    exp.Select: _select, exp.Union: _set_operation, exp.Except: _set_operation, exp.Intersect: _set_operation,
    exp.Values: _values, exp.Subquery: _subquery, exp.With: _with, exp.CTE: _common_table, exp.Join: _join,
    exp.From: lambda g, e: f"FROM {_relation(g, e.this)}",
    exp.Where: lambda g, e: f"WHERE {g.sql(e.this)}", exp.Having: lambda g, e: f"HAVING {g.sql(e.this)}",
    exp.Qualify: lambda g, e: f"QUALIFY {g.sql(e.this)}", exp.Group: lambda g, e: f"GROUP BY {g.commas(e.expressions)}",
    exp.GroupingSets: lambda g, e: f"GROUPING SETS ({g.commas(e.expressions)})",
    exp.Rollup: lambda g, e: f"ROLLUP ({g.commas(e.expressions)})",
    exp.Cube: lambda g, e: f"CUBE ({g.commas(e.expressions)})",
    exp.Order: lambda g, e: f"ORDER BY {g.commas(e.expressions)}", exp.Ordered: _ordered,
    exp.Limit: lambda g, e: f"LIMIT {g.sql(e.expression)}", exp.Offset: lambda g, e: f"OFFSET {g.sql(e.expression)}",
    exp.Window: _window, exp.WindowSpec: _frame,
    exp.Hint: lambda g, e: f"/*+ {g.commas(e.expressions)} */",
    nodes.HintCall: lambda g, e: f"{g.name(e.this) if not g.identify else e.this}({g.commas(e.expressions)})",
    exp.Table: _table, exp.TableAlias: _table_alias, exp.Lateral: _lateral, exp.Unnest: _unnest,
    exp.TableFromRows: lambda g, e: f"TABLE({g.sql(e.this)}){_aliased(g, e)}",
    exp.Version: lambda g, e: f"FOR SYSTEM_TIME AS OF {g.sql(e.expression)}",
    nodes.Match: _match, nodes.SkipTo: _skip, nodes.PatternSequence: _sequence, nodes.PatternRepeat: _repeat,
    nodes.PatternAlternatives: lambda g, e: " | ".join([g.sql(each) for each in e.expressions]),
    nodes.PatternPermutation: lambda g, e: f"PERMUTE({g.commas(e.expressions)})",
    nodes.PatternExclusion: lambda g, e: f"{{- {g.sql(e.this)} -}}",
    nodes.Subset: lambda g, e: f"{g.sql(e.this)} = ({g.commas(e.expressions)})",
}
