"""Random pipelines over all components, and random ways of writing the same SQL.

A pipeline is a number: the same one each time. Some say what they need not: a default, all columns by name, the time
column that would be found by itself. Their SQL does not show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from typing import Any

from engine.sql.dialect import generate, parse
from engine.sql.dialect.keywords import RESERVED
from engine.sql.dialect.lexer import tokenize
from porsche.components import catalogue

NAMES = ("user", "item", "price", "kind", "amount", "Shop", "order", "größe", "value", "q_1", "value of it")
TYPES = ("BIGINT", "INT", "DOUBLE", "STRING")
TAKEN = {"label", "known_at", "label_time", "window_start", "window_end", "window_time"}
"""Columns that windows and labels add, and that a query over them cannot have twice."""
UNITS = ("second", "minute", "hour", "day")


@dataclass(frozen=True)
class Rows:
    """What a node gives: columns with their types, its event time and clock, whether rows change later."""

    node: str
    columns: dict[str, str]
    time: str = ""
    clock: str = ""
    changing: bool = False
    vector: str = ""
    labelled: bool = False

    def named(self, *types: str) -> list[str]:
        return [name for name, kind in self.columns.items() if kind in types]


@dataclass
class Pipeline:
    """A document as it grows."""

    random: Random
    wordy: Random
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, str]] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    dimensions: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)
    models: list[tuple[str, Rows]] = field(default_factory=list)

    def add(self, component: str, properties: dict[str, Any], *inputs: tuple[str, str]) -> str:
        name = f"{self.random.choice(('a', 'Node', 'step', 'join', 'view'))}_{len(self.nodes)}"
        node = {"id": name, "component": component}
        for each, declared in catalogue()[component].properties().items():
            if not declared.required and declared.default is not None:
                default = declared.default
                self.spell(properties, each, list(default) if isinstance(default, tuple) else default)
        self.nodes.append({**node, "properties": properties} if properties else node)
        self.edges += [{"from": source, "to": f"{name}.{port}" if port else name} for source, port in inputs]
        return name

    def spell(self, properties: dict[str, Any], name: str, value: Any) -> None:
        """Perhaps say what goes without saying."""
        if name not in properties and self.wordy.random() < 0.2:
            properties[name] = value

    def some(self, names: list[str], least: int = 1) -> list[str]:
        return self.random.sample(names, self.random.randint(min(least, len(names)), len(names)))

    def new(self, rows: Rows, *others: str) -> str:
        """The name of a column that is not there yet."""
        names = (*NAMES, *(f"c{i}" for i in range(9)))
        return self.random.choice([name for name in names if name not in rows.columns and name not in others])

    def duration(self, least: int = 1) -> str:
        count = self.random.randint(least, 40)
        return f"{count} {self.random.choice(UNITS)}{'' if count == 1 else 's'}"


def document(seed: int) -> dict[str, Any]:
    """A valid pipeline."""
    made = Pipeline(Random(seed), Random(f"wordy {seed}"))
    _source(made)
    if made.random.random() < 0.5:
        _dimension(made)
    for _ in range(made.random.randint(1, 7)):
        made.random.choice(STEPS)(made)
    if made.random.random() < 0.3:
        for step in (_vector, _label, _train, _predict):
            step(made)
    _use(made)
    settings = {"execution.checkpointing.interval": "5 s"} if made.random.random() < 0.3 else None
    return {"version": 1, "name": f"random-{seed}", **({"settings": settings} if settings else {}),
            "nodes": made.nodes, "edges": made.edges}


# ---- expressions -----------------------------------------------------------------------------------------------------


def quoted(name: str) -> str:
    return name if name.isidentifier() and name.isascii() and name.upper() not in RESERVED else f"`{name}`"


def number(p: Pipeline, rows: Rows, depth: int = 2) -> str:
    """A numeric expression."""
    columns = rows.named("BIGINT", "INT", "DOUBLE")
    if depth == 0 or p.random.random() < 0.3:
        if columns and p.random.random() < 0.7:
            return quoted(p.random.choice(columns))
        return p.random.choice(("1", "2.5", "1E0", "-3", "0.05"))
    one, other = number(p, rows, depth - 1), number(p, rows, depth - 1)
    return p.random.choice((
        f"{one} + {other}", f"({one} - {other}) * 2", f"{one} - ({other} - 1)", f"ABS({one})", f"-({one})",
        f"COALESCE({one}, {other})", f"CASE WHEN {one} > {other} THEN {one} ELSE {other} END",
        f"CAST({one} AS DOUBLE)", f"{one} * {other}"))


def truth(p: Pipeline, rows: Rows, depth: int = 2) -> str:
    """A condition."""
    if depth and p.random.random() < 0.5:
        word = p.random.choice(("AND", "OR"))
        return f"{_grouped(p, rows, depth)} {word} {_grouped(p, rows, depth)}"
    texts = rows.named("STRING")
    if texts and p.random.random() < 0.5:
        name = quoted(p.random.choice(texts))
        return p.random.choice((f"{name} = 'it''s'", f"{name} <> '-- no comment'", f"{name} IN ('a', 'b')",
                                f"{name} IS NOT NULL", f"UPPER({name}) LIKE 'A%'", f"NOT {name} = '/* x */'"))
    return f"{number(p, rows, 1)} {p.random.choice(('>', '<=', '<>'))} {number(p, rows, 1)}"


def _grouped(p: Pipeline, rows: Rows, depth: int) -> str:
    inner = truth(p, rows, depth - 1)
    return f"({inner})" if p.random.random() < 0.5 or " OR " in inner else inner


def aggregate(p: Pipeline, rows: Rows) -> str:
    return p.random.choice(("COUNT(*)", f"SUM({number(p, rows, 1)})", f"MAX({number(p, rows, 1)})",
                            f"AVG(CAST({number(p, rows, 1)} AS DOUBLE))",
                            f"COUNT(*) FILTER (WHERE {truth(p, rows, 0)})"))


def aggregates(p: Pipeline, rows: Rows, *taken: str) -> dict[str, str]:
    names = [name for name in ("n", "total", "most", "größte") if name not in rows.columns and name not in taken]
    return {name: aggregate(p, rows) for name in p.random.sample(names, p.random.randint(1, min(2, len(names))))}


# ---- steps -----------------------------------------------------------------------------------------------------------


def _source(p: Pipeline) -> None:
    names = p.random.sample(NAMES, p.random.randint(2, 6))
    columns = {name: p.random.choice(TYPES) for name in names}
    columns[names[0]] = "BIGINT"
    timed, clock = p.random.random() < 0.85, p.random.random() < 0.6
    options = p.random.choice(({"connector": "datagen", "rows-per-second": "5"},
                               {"connector": "filesystem", "path": "a'b;c", "format": "json"}))
    found: dict[str, Any] = {"columns": {**columns, **({"ts": "TIMESTAMP(3)"} if timed else {})}, "options": options}
    if p.random.random() < 0.3:
        found["computed"] = {"made": f"CAST({number(p, Rows('', columns), 1)} AS DOUBLE)"}
        columns = {**columns, "made": "DOUBLE"}
    if timed:
        delay = p.duration(0)
        found |= {"time": "ts", **({"delay": delay} if delay != "1 second" else {})}
        columns = {**columns, "ts": "TIME"}
    if clock:
        found["clock"] = "now_at"
        columns = {**columns, "now_at": "CLOCK"}
    node = p.add("event_source", found)
    p.rows.append(Rows(node, columns, "ts" if timed else "", "now_at" if clock else ""))


def _dimension(p: Pipeline) -> None:
    names = {f"d{i}_{p.random.choice('abc')}": p.random.choice(TYPES) for i in range(p.random.randint(1, 3))}
    columns = {"id": "BIGINT", **names}
    found: dict[str, Any] = {"columns": columns, "key": "id"}
    if p.random.random() < 0.5:
        found["path"] = "items.csv"
        if p.random.random() < 0.5:
            found["format"] = "json"
        if p.random.random() < 0.5:
            found["file_columns"] = {**columns, "more": "STRING"}
    p.spell(found, "file_columns", columns)
    if p.random.random() < 0.3:
        found["column_family"] = "f"
    if p.random.random() < 0.3:
        found["options"] = {"table-name": "elsewhere"}
    p.dimensions.append((p.add("dimension_table", found), "id", "BIGINT", names))


def _pick(p: Pipeline, good: Callable[[Rows], Any] = lambda rows: True) -> Rows | None:
    fitting = [rows for rows in p.rows if good(rows)]
    return p.random.choice(fitting) if fitting else None


def _filter(p: Pipeline) -> None:
    rows = _pick(p)
    assert rows is not None
    p.rows.append(replace(rows, node=p.add("filter", {"condition": truth(p, rows)}, (rows.node, ""))))


def _select(p: Pipeline) -> None:
    rows = _pick(p)
    assert rows is not None
    new = {p.new(rows): number(p, rows) for _ in range(p.random.randint(0, 2))}
    columns = dict(rows.columns)
    found: dict[str, Any] = {}
    replaced = rows.named("DOUBLE", "BIGINT", "INT") if p.random.random() < 0.3 else []
    if replaced:
        new = {replaced[0]: f"CAST({number(p, rows, 1)} AS DOUBLE)", **new}
    everything = list(columns)
    if p.random.random() < 0.5 or not new:
        apart = (rows.time, rows.clock, *replaced[:1])
        keep = p.some([name for name in columns if name not in apart])
        keep += [name for name in (rows.time, rows.clock) if name and name in columns]
        if replaced:
            keep.insert(p.random.randint(0, max(0, len(keep) - 1)), replaced[0])
        if keep == list(columns) and new:
            keep = keep[:-1] if len(keep) < 2 or keep[-2] not in new else [keep[-2], *keep[:-2], keep[-1]]
        found["keep"] = keep
        columns = {name: columns[name] for name in keep}
    if new:
        found["compute"] = {name: f"CAST({tree} AS DOUBLE)" for name, tree in new.items()}
        columns |= dict.fromkeys(new, "DOUBLE")
    if replaced:
        p.spell(found, "keep", everything)
    node = p.add("select", found, (rows.node, ""))
    vector = rows.vector if rows.vector in columns else ""
    labelled = rows.labelled and {"label", "known_at"} <= columns.keys()
    time, clock = (name if name in columns else "" for name in (rows.time, rows.clock))
    left = replace(rows, time=time, clock=clock)
    p.rows.append(replace(left, node=node, columns=columns, vector=vector, labelled=labelled))


def _union(p: Pipeline) -> None:
    rows = _pick(p)
    assert rows is not None
    others = [each for each in p.rows if list(each.columns.items()) == list(rows.columns.items())]
    chosen = [rows, *(p.random.choice(others) for _ in range(p.random.randint(1, 2)))]
    columns = {name: kind for name, kind in rows.columns.items() if kind != "CLOCK"}
    node = p.add("union", {}, *((each.node, "") for each in chosen))
    changing = any(each.changing for each in chosen)
    p.rows.append(replace(rows, node=node, columns=columns, clock="", changing=changing))


def _custom(p: Pipeline) -> None:
    rows = _pick(p, lambda each: each.named("BIGINT"))
    if rows is None:
        return
    key = quoted(rows.named("BIGINT")[0])
    query = p.random.choice((
        f"SELECT DISTINCT {key} FROM {rows.node}",
        f"SELECT x.{key}, COUNT(*) AS hits FROM {rows.node} AS x GROUP BY x.{key} HAVING COUNT(*) > 1",
        f"WITH w AS (SELECT {key} FROM {rows.node}) SELECT {key} FROM w WHERE {key} > (SELECT MAX({key}) FROM w)",
        f"SELECT {key} FROM {rows.node} WHERE {key} BETWEEN 1 AND 3"))
    p.add("custom_sql", {"query": query}, (rows.node, ""))


def _counters(p: Pipeline) -> None:
    rows = _pick(p)
    assert rows is not None
    keys = p.some(rows.named("BIGINT", "STRING", "INT"), 0)[:2]
    found = {**({"keys": keys} if keys else {}), "aggregates": aggregates(p, rows)}
    node = p.add("keyed_counters", found, (rows.node, ""))
    columns = {**{key: rows.columns[key] for key in keys}, **dict.fromkeys(found["aggregates"], "DOUBLE")}
    p.rows.append(Rows(node, columns, changing=True))


def _timed(rows: Rows) -> bool:
    return bool(rows.time) and not rows.changing


def _windows(p: Pipeline) -> None:
    rows = _pick(p, _timed)
    if rows is None or TAKEN & rows.columns.keys():
        return
    keys = p.some(rows.named("BIGINT", "STRING", "INT"), 0)[:2]
    made = aggregates(p, rows)
    sizes = p.random.choice(({"size": p.duration()}, {"size": "1 hour", "every": "10 minutes"}))
    found = {**({"keys": keys} if keys else {}), "time": rows.time, **sizes, "aggregates": made}
    node = p.add("window_aggregate", found, (rows.node, ""))
    columns = {**{key: rows.columns[key] for key in keys}, **dict.fromkeys(made, "DOUBLE"),
               "window_start": "PLAIN", "window_end": "PLAIN", "window_time": "TIME"}
    p.rows.append(Rows(node, columns, "window_time"))


def _rolling(p: Pipeline) -> None:
    rows = _pick(p, _timed)
    if rows is None:
        return
    keys = p.some(rows.named("BIGINT", "STRING", "INT"), 0)[:2]
    made = {p.new(rows): f"SUM({number(p, rows, 1)})" for _ in range(p.random.randint(1, 2))}
    length: dict[str, Any] = p.random.choice(({}, {"within": p.duration()}, {"preceding": p.random.randint(1, 20)}))
    if p.random.random() < 0.25 and rows.named("BIGINT"):
        length, made = {}, {p.new(rows): f"LAG({quoted(rows.named('BIGINT')[0])})"}
    found = {**({"keys": keys} if keys else {}), "time": rows.time, **length, "features": made}
    node = p.add("rolling_feature", found, (rows.node, ""))
    p.rows.append(replace(rows, node=node, columns={**rows.columns, **dict.fromkeys(made, "DOUBLE")}))


def _deduplicate(p: Pipeline) -> None:
    rows = _pick(p, _timed)
    if rows is None or not rows.named("BIGINT", "STRING"):
        return
    last = p.random.random() < 0.5
    found = {"keys": p.some(rows.named("BIGINT", "STRING")), "time": rows.time, **({"keep": "last"} if last else {})}
    p.rows.append(replace(rows, node=p.add("deduplicate", found, (rows.node, "")), changing=last))


def _top(p: Pipeline) -> None:
    rows = _pick(p, lambda each: each.named("BIGINT", "DOUBLE"))
    if rows is None or "rank_number" in rows.columns:
        return
    found: dict[str, Any] = {"order": p.random.choice(rows.named("BIGINT", "DOUBLE")), "limit": p.random.randint(1, 9)}
    groups = p.some(rows.named("STRING", "INT"), 0)
    found |= {**({"groups": groups} if groups else {}),
              **({"direction": "smallest"} if p.random.random() < 0.5 else {}),
              **({"with_rank": True} if p.random.random() < 0.5 else {})}
    columns = {**rows.columns, **({"rank_number": "BIGINT"} if "with_rank" in found else {})}
    p.rows.append(replace(rows, node=p.add("top_n", found, (rows.node, "")), columns=columns, changing=True))


def _lookup(p: Pipeline) -> None:
    rows = _pick(p, lambda each: each.clock and not each.changing and each.named("BIGINT"))
    if rows is None or not p.dimensions:
        return
    node, _, _, columns = p.random.choice(p.dimensions)
    chosen = [name for name in p.some(list(columns)) if name not in rows.columns]
    if not chosen:
        return
    found = {"key": p.random.choice(rows.named("BIGINT")), "columns": chosen,
             **({"unknown": "drop"} if p.random.random() < 0.5 else {})}
    p.spell(found, "clock", rows.clock)
    made = p.add("dimension_join", found, (rows.node, "rows"), (node, "dimension"))
    p.rows.append(replace(rows, node=made, columns={**rows.columns, **{name: columns[name] for name in chosen}}))


def _label(p: Pipeline) -> None:
    events = _pick(p, lambda each: _timed(each) and not TAKEN & each.columns.keys())
    if events is None:
        return
    outcomes = _pick(p, lambda each: _timed(each) and set(each.named("BIGINT")) & set(events.named("BIGINT")))
    if outcomes is None:
        return
    both = [name for name in events.named("BIGINT") if name in outcomes.named("BIGINT")]
    found = {"match": p.some(both), "time": events.time, "outcome_time": outcomes.time, "within": p.duration()}
    node = p.add("label_join", found, (events.node, "events"), (outcomes.node, "outcomes"))
    columns = {name: "PLAIN" if kind == "TIME" else kind for name, kind in events.columns.items() if kind != "CLOCK"}
    columns |= {"label": "INT", "known_at": "PLAIN", "label_time": "TIME"}
    p.rows.append(Rows(node, columns, "label_time", vector=events.vector, labelled=True))


def _vector(p: Pipeline) -> None:
    rows = _pick(p, lambda each: not each.vector)
    if rows is None:
        return
    discrete, numbers = rows.named("BIGINT", "STRING", "INT"), rows.named("DOUBLE")
    found: dict[str, Any] = {}
    if discrete and p.random.random() < 0.7:
        found["categories"] = p.some(discrete)
    if len(discrete) > 1 and p.random.random() < 0.5:
        found["crosses"] = {"x": p.some(discrete, 2)}
    used = set(found.get("categories", ()))
    if numbers and p.random.random() < 0.5:
        found["buckets"] = {numbers[0]: p.random.choice(([1, 5.5], [-2, 0, 0.001]))}
        used.add(numbers[0])
    if len(numbers) > 1 and p.random.random() < 0.5:
        found["scaled"] = {numbers[1]: [p.random.choice((0, -3.5)), 2]}
    if p.random.random() < 0.5 or not found:
        found["features"] = {"f": f"LN({number(p, rows, 1)})"}
    if p.random.random() < 0.3:
        found["bits"] = 20
    columns = dict(rows.columns)
    if p.random.random() < 0.4:
        found["keep"] = [*p.some([name for name in columns if name != rows.time]), *([rows.time] if rows.time else [])]
        columns = {name: columns[name] for name in found["keep"]}
    node = p.add("feature_vector", found, (rows.node, ""))
    clock = rows.clock if rows.clock in columns else ""
    labelled = rows.labelled and {"label", "known_at"} <= columns.keys()
    p.rows.append(replace(rows, node=node, columns={**columns, "features": "VECTOR"}, vector="features", clock=clock,
                          labelled=labelled))


def _train(p: Pipeline) -> None:
    rows = _pick(p, lambda each: bool(each.labelled and each.vector and not each.changing))
    if rows is None:
        return
    found = p.random.choice(({}, {"learner": "gaussian", "parameters": {"variance": "0.1"}},
                             {"publish_every": 7, "bits": 20, "parameters": {"alpha": "0.05", "beta": "1"}}))
    p.models.append((p.add("train_online_model", found, (rows.node, "")), rows))


def _predict(p: Pipeline) -> None:
    rows = _pick(p, lambda each: each.vector and _timed(each) and "p" not in each.columns)
    if rows is None or not p.models:
        return
    model, _ = p.random.choice(p.models)
    found = {"prediction": "chance"} if p.random.random() < 0.3 and "chance" not in rows.columns else {}
    p.spell(found, "time", rows.time)
    node = p.add("predict", found, (rows.node, "rows"), (model, "model"))
    p.rows.append(replace(rows, node=node, columns={**rows.columns, found.get("prediction", "p"): "DOUBLE"}))


STEPS: tuple[Callable[[Pipeline], None], ...] = (
    _filter, _select, _union, _custom, _lookup, _lookup, _counters, _windows, _rolling, _deduplicate, _top, _label,
    _vector, _train, _predict, _source)


# ---- sinks -----------------------------------------------------------------------------------------------------------


def _use(p: Pipeline) -> None:
    """Sinks, for one relation at least."""
    for _ in range(p.random.randint(1, 3)):
        rows = p.rows[-1] if p.random.random() < 0.5 else p.random.choice(p.rows)
        p.random.choice((_write, _write, _measure, _keep))(p, rows)
    _write(p, p.rows[-1])


def _write(p: Pipeline, rows: Rows) -> None:
    names = [name for name, kind in rows.columns.items() if kind not in ("CLOCK", "VECTOR")]
    found: dict[str, Any] = {}
    chosen = p.some(names)
    if rows.vector or (p.random.random() < 0.5 and chosen != names):
        found["columns"] = chosen
    p.spell(found, "columns", names)
    keyed = [name for name in found.get("columns", names) if rows.columns[name] in ("BIGINT", "STRING")]
    if keyed and (rows.changing or p.random.random() < 0.3):
        found |= {"key": keyed[:1], "options": {"connector": "blackhole"}}
    elif rows.changing:
        found["options"] = {"connector": "print"}
    p.add("table_sink", found, (rows.node, ""))


def _measure(p: Pipeline, rows: Rows) -> None:
    found: dict[str, Any] = {"metrics": aggregates(p, rows)}
    if p.random.random() < 0.4:
        found["where"] = truth(p, rows)
    if _timed(rows) and p.random.random() < 0.4 and not TAKEN & rows.columns.keys():
        found["every"] = p.duration()
    if _timed(rows):
        p.spell(found, "time", rows.time)
    p.add("metric_sink", found, (rows.node, ""))


def _keep(p: Pipeline, rows: Rows) -> None:
    keys = rows.named("BIGINT", "STRING")
    features = [name for name in rows.named("BIGINT", "STRING", "DOUBLE", "INT") if name != keys[0]] if keys else []
    if _timed(rows) and features:
        chosen = p.some(features)
        everything = [n for n, kind in rows.columns.items() if kind not in ("CLOCK",) and n not in (keys[0], rows.time)]
        more = {"options": {"connector": "blackhole"}} if p.random.random() < 0.3 else {}
        found = {"key": keys[0], **({"features": chosen} if chosen != everything else {}), **more}
        p.spell(found, "features", everything)
        p.spell(found, "time", rows.time)
        p.add("feature_table", found, (rows.node, ""))


# ---- the same in other words -----------------------------------------------------------------------------------------


def rewritten(sql: str, seed: int) -> str:
    """The same SQL without its comments, every name quoted anew, spaces and the case of keywords changed."""
    random = Random(seed)
    texts = [generate(tree, quote=random.random() < 0.7, pretty=random.random() < 0.5, comments=False)
             for tree in parse(sql)]
    text = ";\n".join(texts) + ";"
    pieces: list[str] = []
    tokens = tokenize(text)
    for token, after in pairwise(tokens):
        piece = text[token.start:token.end + 1]
        if token.word in RESERVED and after.word != "(":  # COUNT is a keyword, and a function's name
            piece = random.choice((piece.lower(), piece.upper(), piece.capitalize()))
        pieces.append(piece + random.choice((" ", " ", "\n", "\t ", "\n\n    ", " /* x; */ ", " -- it's\n")))
    return "".join(pieces)


def mistyped(sql: str, seed: int) -> str:
    """The SQL with some names, texts and numbers in the place of others of it."""
    random = Random(seed)
    pieces = [sql[token.start:token.end + 1] for token in tokenize(sql)[:-1]]
    kinds: dict[str, list[int]] = {}
    for i, piece in enumerate(pieces):
        kinds.setdefault(_kind(piece), []).append(i)
    for _ in range(random.randint(1, 3)):
        places = kinds[random.choice([kind for kind in kinds if kind != "mark"])]
        pieces[random.choice(places)] = pieces[random.choice(places)]
    return " ".join(pieces)


def _kind(piece: str) -> str:
    if piece[0] == "'" or piece[0].isdigit():
        return "text" if piece[0] == "'" else "number"
    return "name" if piece[0] == "`" or (piece[0].isalpha() and piece.upper() not in RESERVED) else "mark"
