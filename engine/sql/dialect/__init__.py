'''The Flink dialect for sqlglot: what Flink 2.3 writes, as trees, and back.

    parse(sql) -> [statement, ...]      parse_one(sql)      parse_expression("a + 1")      parse_type("ARRAY<INT>")
    generate(node, pretty=False, quote=True) -> text
    split(sql) -> [text, ...]           place_of(node) -> Place | None

Importing the package registers the dialect "flink" with sqlglot, whose own functions and builders then know it
(`sqlglot.parse_one(sql, dialect="flink")`, `node.sql(dialect="flink")`, `exp.select("a").from_("t", dialect="flink")`).
A text that is not Flink SQL is a `UserError` with code "syntax", its place, and what could have come instead.

Rules
- Identifiers are case-sensitive and keep their case; `Identifier.quoted` only says that the name needs quotes.
- A function is `exp.Anonymous`, its name as written (compare `node.name.upper()`), its arguments in `expressions`;
  nothing is renamed or rewritten. `this` is text, an Identifier (a name that needs quotes), or a Dot (`cat.db.f`).
- `place_of(node)` is where a node stood, from its first to its last part.
- No node keeps raw text. Comments before a statement are its `.comments`; others are dropped.

SQL -> node (`exp.` is sqlglot's, the others are of `nodes`, `statement_nodes` and `change_nodes`, all exported here)

Names and literals
  a, t.a, db.t.a, c.db.t.a          exp.Column(this, table, db, catalog); further parts exp.Dot. Which part is a column
                                    and which a field of a row is for the binder: `a.b` may be field b of column a
  (expr).f, f(x).g, a[1].b          exp.Dot(this, expression=Identifier)
  a[i]                              exp.Bracket(this, expressions=[i]) (1-based for arrays, as written)
  *, t.*                            exp.Star, exp.Column(this=Star, table)
  1, 1.5, 1e3, 'x'                  exp.Literal (`is_string`; number text as written); U&'..', _UTF16'..' are texts
  x'0aff'                           exp.HexString(this="0aff")
  TRUE, NULL, UNKNOWN               exp.Boolean, exp.Null, Unknown
  DATE '..', TIME '..', TIMESTAMP '..'
                                    TypedLiteral(this=Literal, kind="DATE")
  INTERVAL '1' DAY                  exp.Interval(this=Literal, unit=Var); -'1': this=Neg(Literal); unit `DAY TO
                                    SECOND(3)`: exp.IntervalSpan(this, expression), `SECOND(3)`: UnitPrecision
  CURRENT_TIMESTAMP, LOCALTIME, ...
                                    exp.Anonymous without arguments

Operators
  a AND b, OR, NOT, = <> < <= > >= + - * / % ||
                                    exp.And, Or, Not, EQ, NEQ, LT, LTE, GT, GTE, Add, Sub, Mul, Div, Mod, DPipe
  -a, (a), (a, b), ROW(a, b)        exp.Neg, exp.Paren, exp.Tuple, RowValue; +a is a
  a IS NULL / TRUE / UNKNOWN        exp.Is(this, expression); IS NOT: exp.Not(exp.Is(..)); likewise NOT IN, ...
  a IS [NOT] DISTINCT FROM b        exp.NullSafeNEQ, exp.NullSafeEQ
  a IS JSON [OBJECT ...]            JsonTest(this, kind)
  a IN (1, 2), a IN (query)         exp.In(this, expressions) or exp.In(this, query=Subquery)
  a = SOME (query), a > ALL (..)    exp.EQ(a, exp.Any(this=Subquery | Tuple)), exp.All
  a BETWEEN [SYMMETRIC] b AND c     exp.Between(this, low, high, symmetric)
  a LIKE b [ESCAPE c], SIMILAR TO   exp.Like, exp.SimilarTo; exp.Escape(this=Like, expression=c)
  (a, b) OVERLAPS (c, d)            exp.Overlaps(Tuple, Tuple)
  CASE, CAST, TRY_CAST, EXISTS      exp.Case(this, ifs=[exp.If(this, true)], default), exp.Cast(this, to), exp.TryCast,
                                    exp.Exists(this=query)
  ARRAY[..], MAP[k, v], MULTISET[..] exp.Array(expressions), MapValue, MultisetValue; ARRAY(query): Collected
  (query)                           exp.Subquery(this=query)

Calls
  f(a, b => 1)                      exp.Anonymous(this="f", expressions=[a, exp.Kwarg(Identifier, 1)]); DEFAULT: Default
  COUNT(*), COUNT(DISTINCT a)       expressions=[exp.Star()], expressions=[exp.Distinct(expressions=[a])]
  f(a) FILTER (WHERE c)             exp.Filter(this=call, expression=exp.Where(c))
  f(a) WITHIN GROUP (ORDER BY b)    exp.WithinGroup(this=call, expression=exp.Order); f(a ORDER BY b) is the same
  f(a) IGNORE NULLS / RESPECT NULLS
                                    exp.IgnoreNulls(this), exp.RespectNulls(this)
  f(a) OVER (PARTITION BY .. ORDER BY .. ROWS ..)
                                    exp.Window(this=call, partition_by, order, spec=exp.WindowSpec(kind, start,
                                    start_side, end, end_side)): bounds are "UNBOUNDED", "CURRENT ROW" or a node
  f(a) OVER w, OVER (w ..)          exp.Window(alias=Identifier w), with `first` in the second form
  EXTRACT(DAY FROM a)               exp.Extract(this=Var, expression); FLOOR(a TO DAY), CEIL: RoundToUnit(this, unit,
                                    kind)
  TIMESTAMPADD(DAY, 1, a), ..DIFF   exp.Anonymous, first argument exp.Var
  POSITION(a IN b), OVERLAY, TRIM   exp.StrPosition(this=b, substr=a, position), exp.Overlay(this, expression, from_,
                                    for_), exp.Trim(this, expression, position="BOTH"|..), also for TRIM(a)
  SUBSTRING(a FROM b FOR c)         exp.Anonymous with three arguments
  JSON_VALUE, JSON_OBJECT, ...      JsonCall (see there)
  DESCRIPTOR(a)                     Descriptor(expressions=[Identifier])
  TABLE t PARTITION BY a, MODEL m   TableArgument(this=Table | Subquery, partition_by, order), ModelArgument(this=Table)

Queries
  SELECT                            exp.Select(expressions, distinct, hint=exp.Hint([HintCall]), from_=exp.From, joins,
                                    where, group, having, windows, qualify, order, limit, offset, with_); items
                                    exp.Alias(this, alias)
  GROUP BY                          exp.Group(expressions): GroupingSets, Rollup, Cube among them, () is Tuple()
  ORDER BY                          exp.Order([exp.Ordered(this, desc, nulls_first)]): both None where not said
  LIMIT, FETCH FIRST                exp.Limit(expression); OFFSET exp.Offset(expression)
  UNION [ALL], EXCEPT, INTERSECT    exp.Union(this, expression, distinct), exp.Except (MINUS too), exp.Intersect
  VALUES (1, 'a'), ROW(..), 2       exp.Values(expressions=[Tuple, ...]): a Tuple for every row
  WITH a (x) AS (query)             exp.With([exp.CTE(this=query, alias=exp.TableAlias(this, columns))])
  WINDOW w AS (..)                  windows=[exp.Window(this=Identifier w, partition_by, order, spec)]

Relations (all but Join hold alias=exp.TableAlias(this, columns))
  t /*+ OPTIONS('k'='v') */         exp.Table(this, db, catalog, hints=[HintCall(this="OPTIONS", expressions=[Option])])
  t FOR SYSTEM_TIME AS OF x         exp.Table(version=exp.Version(this="TIMESTAMP", kind="AS OF", expression=x))
  TABLE(f(..)), f(..)               exp.TableFromRows(this=Anonymous): windows and process table functions
  LATERAL TABLE(f(x)) AS t(a)       exp.Lateral(this=Anonymous); LATERAL (query): this=Subquery
  UNNEST(a) [WITH ORDINALITY]       exp.Unnest(expressions, offset=True)
  (query) AS t, (VALUES ..) AS t    exp.Subquery(this=query); (t JOIN u ..): exp.Subquery(this=Table with `joins`)
  a JOIN b ON c                     exp.Join(this, side LEFT|RIGHT|FULL, kind INNER|CROSS, method NATURAL, on, using);
                                    comma: none
  t MATCH_RECOGNIZE (..)            Match (see there)

Types: exp.DataType(this=Type.X, expressions, nullable): nullable False for NOT NULL, None where not said
  STRING, BYTES, TIMESTAMP_LTZ      TEXT, BLOB, TIMESTAMPLTZ; DECIMAL(p, s), VARCHAR(n), ..: expressions=[DataTypeParam]
  ARRAY<T>, MAP<K, V>, ROW<a T>     ARRAY, MAP: expressions=[DataType ..]; STRUCT: expressions=[Field(this, kind,
                                    comment)]
  MULTISET<T>, RAW, STRUCTURED, ..  USERDEFINED with kind="MULTISET" ...; INTERVAL DAY TO SECOND:
                                    this=exp.Interval(unit)

Statements: see the docstrings of `statement_nodes` and `change_nodes`; UPDATE and DELETE are
exp.Update(this, expressions=[EQ], where) and exp.Delete(this, where). `EXECUTE <query>` is the query.
'''

from engine.sql.dialect.change_nodes import (
    AlterObject,
    ChangePartitions,
    ChangeSchema,
    DropColumns,
    DropObject,
    DropPart,
    Lifecycle,
    PartitionSpec,
    RenameColumn,
    RenameTo,
    ResetOptions,
    SetComment,
    SetImplementation,
    SetOptions,
    SetQuery,
    SetRefresh,
)
from engine.sql.dialect.flink import Flink, generate
from engine.sql.dialect.nodes import (
    Collected,
    Default,
    Descriptor,
    Field,
    Final,
    HintCall,
    JsonBehavior,
    JsonCall,
    JsonTest,
    MapValue,
    Match,
    ModelArgument,
    MultisetValue,
    Option,
    PatternAlternatives,
    PatternExclusion,
    PatternPermutation,
    PatternRepeat,
    PatternSequence,
    RoundToUnit,
    RowValue,
    Running,
    SkipTo,
    Subset,
    TableArgument,
    TypedLiteral,
    UnitPrecision,
    Unknown,
    WithinDistinct,
)
from engine.sql.dialect.parsing import parse, parse_expression, parse_one, parse_type, split
from engine.sql.dialect.statement_nodes import (
    Analyze,
    CallProcedure,
    ChangeJars,
    ComputedColumn,
    CreateFunction,
    CreateMaterializedTable,
    CreateModel,
    CreateNamespace,
    CreateTable,
    CreateView,
    DescribeObject,
    Distribution,
    ExecutePlan,
    ExplainPlan,
    InsertInto,
    KeyConstraint,
    LikeOption,
    LikeTable,
    LoadModule,
    MetadataColumn,
    PhysicalColumn,
    Positioned,
    ResetProperty,
    SetProperty,
    ShowObjects,
    StatementSet,
    StatementSetMark,
    StopJob,
    Truncate,
    UseObject,
    ViewColumn,
    Watermark,
)
from engine.sql.places import place_of

__all__ = [
    "AlterObject", "Analyze", "CallProcedure", "ChangeJars", "ChangePartitions", "ChangeSchema", "Collected",
    "ComputedColumn", "CreateFunction", "CreateMaterializedTable", "CreateModel", "CreateNamespace", "CreateTable",
    "CreateView", "Default", "DescribeObject", "Descriptor", "Distribution", "DropColumns", "DropObject",
    "DropPart", "ExecutePlan", "ExplainPlan", "Field", "Final", "Flink", "HintCall", "InsertInto", "JsonBehavior",
    "JsonCall", "JsonTest", "KeyConstraint", "Lifecycle", "LikeOption", "LikeTable", "LoadModule", "MapValue",
    "Match", "MetadataColumn", "ModelArgument", "MultisetValue", "Option", "PartitionSpec", "PatternAlternatives",
    "PatternExclusion", "PatternPermutation", "PatternRepeat", "PatternSequence", "PhysicalColumn", "Positioned",
    "RenameColumn", "RenameTo", "ResetOptions", "ResetProperty", "RoundToUnit", "RowValue", "Running", "SetComment",
    "SetImplementation", "SetOptions", "SetProperty", "SetQuery", "SetRefresh", "ShowObjects", "SkipTo",
    "StatementSet", "StatementSetMark", "StopJob", "Subset", "TableArgument", "Truncate", "TypedLiteral",
    "UnitPrecision", "Unknown", "UseObject", "ViewColumn", "Watermark", "WithinDistinct", "generate", "parse",
    "parse_expression", "parse_one", "parse_type", "place_of", "split",
]
