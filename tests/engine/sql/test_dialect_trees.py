"""Trees: which nodes come out, printing of trees that were not parsed, sqlglot's own functions."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.optimizer.scope import build_scope

from engine.errors import UserError
from engine.sql.dialect import RowValue, TableArgument, generate, parse, parse_expression, parse_one
from tests.engine.sql import test_dialect_queries, test_dialect_statements
from tests.profiles import examples

# -- nodes


def test_functions_stay_as_they_are_written() -> None:
    for text in ("to_timestamp(a)", "COUNT(a)", "Coalesce(a, b)", "DATE_FORMAT(a, 'x')", "a.b.f(1)"):
        assert type(parse_expression(text)) is exp.Anonymous
    assert parse_expression("Coalesce(a)").name == "Coalesce"
    assert parse_expression("a.b.`F g`(1)").name == "F g"


def test_columns() -> None:
    column = parse_expression("c.d.t.a.x")
    assert isinstance(column, exp.Dot)
    assert [column.this.text(part) for part in ("catalog", "db", "table", "this")] == ["c", "d", "t", "a"]
    assert column.expression.name == "x"


def test_rows_of_values_are_tuples() -> None:
    rows = parse_one("VALUES 1, (2), (3, 4), ROW(5)").expressions
    assert [[item.name for item in row.expressions] for row in rows] == [["1"], ["2"], ["3", "4"], ["5"]]
    assert {type(row) for row in rows} == {exp.Tuple}
    assert isinstance(parse_expression("ROW(5)"), RowValue)


def test_window_function_tables() -> None:
    query = parse_one("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) AS w")
    relation = query.args["from_"].this
    assert isinstance(relation, exp.TableFromRows)
    assert relation.this.name == "TUMBLE"
    assert isinstance(relation.this.expressions[0], TableArgument)
    assert relation.alias == "w"


def test_no_node_keeps_raw_text() -> None:
    for text in ("SHOW TABLES", "SET a = b", "ANALYZE TABLE t COMPUTE STATISTICS", "CALL p(1)", "USE d"):
        assert parse_one(text).find(exp.Command) is None


# -- printing

_NAMES = st.sampled_from(["a", "b"]).map(exp.column)
_BINARY = st.sampled_from([
    exp.And, exp.Or, exp.EQ, exp.LT, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.DPipe, exp.NullSafeEQ, exp.Like])


def _grown(inner: st.SearchStrategy[exp.Expression]) -> st.SearchStrategy[exp.Expression]:
    return st.one_of(
        st.builds(lambda kind, a, b: kind(this=a, expression=b), _BINARY, inner, inner),
        st.builds(lambda kind, a: kind(this=a), st.sampled_from([exp.Not, exp.Neg]), inner),
        st.builds(lambda a: exp.Is(this=a, expression=exp.Null()), inner),
        st.builds(lambda a, b, c: exp.Between(this=a, low=b, high=c), inner, inner, inner),
        st.builds(lambda a, b: exp.In(this=a, expressions=[b]), inner, inner),
        st.builds(lambda a, b: exp.Bracket(this=a, expressions=[b]), inner, inner),
        st.builds(lambda a: exp.Dot(this=a, expression=exp.to_identifier("x")), inner),
    )


def _without_parentheses(tree: exp.Expression) -> exp.Expression:
    for node in list(tree.find_all(exp.Paren)):
        if node is tree:
            return _without_parentheses(tree.this)
        node.replace(node.this)
    return tree


@pytest.mark.soak
@examples(200)
@given(st.recursive(_NAMES, _grown, max_leaves=12))
def test_parentheses_are_written_where_they_are_needed(tree: exp.Expression) -> None:
    expected = _as_text(tree)
    assert _as_text(_without_parentheses(parse_expression(generate(tree)))) == expected


def _as_text(node: exp.Expr) -> str:
    """A text of the tree's shape, in which a.x is one thing whether field or column of a table."""
    if isinstance(node, exp.Column):
        return ".".join(part.name for part in node.parts)
    if isinstance(node, exp.Dot):
        return f"{_as_text(node.this)}.{node.expression.name}"
    return f"{type(node).__name__}({', '.join(_as_text(child) for child in node.iter_expressions())})"


_TEXTS = [*test_dialect_queries.SAME.strip().splitlines(), *test_dialect_statements.SAME.strip().splitlines()]
_WORDS = sorted({word for text in _TEXTS for word in text.split()} | set("()[]{}<>,.;'`\"-*+/=|^?:@#\\é$0"))


@pytest.mark.soak
@examples(300)
@given(st.sampled_from(_TEXTS), st.integers(0), st.integers(0, 2), st.lists(st.sampled_from(_WORDS), max_size=2))
def test_a_changed_statement_is_read_or_refused(text: str, at: int, without: int, words: list[str]) -> None:
    parts = text.split()
    at %= len(parts)
    parts[at:at + without] = words
    try:
        trees = parse(" ".join(parts))
    except UserError as error:
        assert error.place  # noqa: PT017  # either outcome is right, but a refusal says where
        return
    for tree in trees:
        again = parse_one(generate(tree))
        assert _without_parentheses(again) == _without_parentheses(tree)


def test_operands_of_set_operations() -> None:
    def query(name: str) -> exp.Select:
        return exp.select("*").from_(name)

    union = exp.Union(this=query("a"), expression=query("b"), distinct=False)
    tree = exp.Intersect(this=union, expression=exp.Except(this=query("c"), expression=query("d")))
    assert generate(tree, quote=False) == (
        "(SELECT * FROM a UNION ALL SELECT * FROM b) INTERSECT (SELECT * FROM c EXCEPT SELECT * FROM d)")


def test_long_chains_need_no_deep_stack() -> None:
    sums = "SELECT " + " + ".join(["a"] * 3000)
    unions = " UNION ALL ".join(["SELECT 1"] * 1000)
    for text in (sums, unions):
        assert generate(parse_one(text), quote=False) == text


# -- sqlglot


def test_sqlglot_knows_the_dialect() -> None:
    assert sqlglot.transpile("select a from t; show tables", read="flink", write="flink") == [
        "SELECT a FROM t", "SHOW TABLES"]
    assert sqlglot.parse_one("a + 1 AS b", dialect="flink").sql("flink") == "a + 1 AS b"
    assert sqlglot.parse_one("SELECT DATE_FORMAT(a, 'yyyy') FROM t", read="flink").sql("flink", identify=True) == (
        "SELECT DATE_FORMAT(`a`, 'yyyy') FROM `t`")


def test_sqlglots_builders() -> None:
    query = (
        exp.select("a", "COUNT(*) AS c", dialect="flink")
        .from_("t AS x", dialect="flink")
        .join("u", on="x.a = u.a", join_type="left", dialect="flink")
        .where("b > 1", dialect="flink").where("c = 1 OR d = 2", dialect="flink")
        .group_by("a", dialect="flink").having("COUNT(*) > 2", dialect="flink")
        .order_by("c DESC", dialect="flink").limit(10, dialect="flink")
    )
    assert query.sql("flink") == (
        "SELECT a, COUNT(*) AS c FROM t AS x LEFT JOIN u ON x.a = u.a WHERE b > 1 AND (c = 1 OR d = 2) GROUP BY a "
        "HAVING COUNT(*) > 2 ORDER BY c DESC LIMIT 10")
    assert exp.DataType.build("MAP<STRING, INT>", dialect="flink").sql("flink") == "MAP<STRING, INT>"
    nested = exp.select("*").from_(query.subquery("q")).with_("w", as_=exp.select("1"))
    assert parse_one(nested.sql("flink")).sql("flink") == nested.sql("flink")


def test_sqlglots_own_nodes_are_printed() -> None:
    tree = exp.select(
        exp.Sum(this=exp.column("a")).as_("s"), exp.Coalesce(this=exp.column("b"), expressions=[exp.Literal.number(1)]),
        exp.cast(exp.column("c"), "bigint"), exp.func("f", exp.column("date")),
    ).from_(exp.values([(1, "x")], alias="t", columns=["a", "b"]))
    assert generate(tree, quote=False) == (
        "SELECT SUM(a) AS s, COALESCE(b, 1), CAST(c AS BIGINT), f(`date`) FROM (VALUES (1, 'x')) AS t(a, b)")


def test_scopes_of_the_optimizer() -> None:
    scope = build_scope(parse_one("SELECT x.a FROM t JOIN (SELECT a FROM u) AS x ON TRUE"))
    assert scope is not None
    assert set(scope.sources) == {"t", "x"}
