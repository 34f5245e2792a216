"""The state of a program's operators, described in JSON: what they hold, how it is laid out, and what it means.

A checkpoint keeps the description; when a program is changed, `engine.upgrade` holds the old one against the new one.
The layout is read off the operators' own state objects, the meaning comes from their relations. See
`engine.upgrade.described` for the form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.operators.base import Operator
from engine.operators.normalize import ChangelogNormalize
from engine.operators.source import SinkWriter, SourceReader
from engine.plan import nodes as n
from engine.plan.carried import CARRIED, DECIDES, UNUSED, Uses
from engine.plan.explain import describe as line
from engine.plan.meaning import Meanings, digest
from engine.plan.tree import walk
from engine.planner.holdings import FAMILIES, HOLDINGS, Holding, Store, View, unknown
from engine.state.protocol import StateObject
from engine.state.rowstore import RowStore
from engine.state.table import StateTable

if TYPE_CHECKING:
    from engine.planner.core import Planner

_CALL = re.compile(r"c(\d+)(?=$|[._])")
Json = dict[str, Any]


class Describer:
    """Describes the operators of a planned program. `names`: what tables were called before."""

    def __init__(self, planner: Planner, names: Mapping[str, str] | None = None) -> None:
        self._planner = planner
        self._meanings = Meanings(planner.program, names)
        self._uses = Uses(planner.program)
        self._once_only: dict[int, str] = {}  # relations whose rows do not come twice, and why
        self._readers = {id(planner.origins[s.name]): s.name for s in planner.graph.sources}

    def operators(self) -> dict[str, Json]:
        """The description of each operator that has state, by its name."""
        return {o.name: self._operator(o) for o in self._planner.graph.operators
                if o.settings.shard == 0 and (isinstance(o, SourceReader) or o.states())}

    def _operator(self, operator: Operator) -> Json:
        relation = self._planner.origins[operator.name]
        inputs = (relation,) if isinstance(operator, ChangelogNormalize) else relation.inputs
        view = View(operator, relation, inputs, self._meanings)
        kind = type(operator).__name__
        holding = HOLDINGS.get(kind, unknown)(view)
        append_only = [self._planner.properties.append_only(r) for r in inputs]
        layout = Layout(view, holding, self._uses, append_only)
        states = operator.saved() if isinstance(operator, SourceReader) else operator.states()
        described: Json = {
            "kind": FAMILIES.get(kind, kind), "nodes": sorted(operator.nodes), "what": line(relation),
            "rows": self._rows(kind, view, holding),
            "fixed": dict(holding.fixed),
            "once": self._once(relation, holding, states),
            "reads": sorted(self._reads(relation)),
            "states": {name: layout.state(name, state) for name, state in states.items()},
        }
        if isinstance(operator, SourceReader):
            described["source"] = self._source(operator, relation)
        described["identity"] = digest(described["kind"], described["rows"], described["fixed"],
                                       sorted(k[2] for s in described["states"].values() for k in s.get("keys", [])))
        described["digest"] = digest(described["identity"], described["states"])
        return described

    def _rows(self, kind: str, view: View, holding: Holding) -> list[str]:
        """Which rows an operator sees. Of those below a watermark only the times count, which its expression tells."""
        if kind == "AssignWatermarks":
            return []
        return [g.rows.timed if holding.timed else g.rows.digest for g in view.given]

    def _once(self, relation: n.Relation, holding: Holding, states: Mapping[str, StateObject]) -> str:
        """Why an operator's rows do not come out the same when its sources are read again; "" where they do."""
        attached = [t for s in states.values() if isinstance(s, StateTable) for t in s.attached.values()]
        why = next((self._once_only[id(r)] for r in self._below(relation) if id(r) in self._once_only), "")
        if holding.clock:
            why = "it depends on when rows are processed"
        elif any(hasattr(thing, "publisher") for thing in attached):
            why = "models publish what they learn once"
        if why:
            self._once_only[id(relation)] = why
        return why

    def _source(self, operator: SourceReader, relation: n.Relation) -> Json:
        """Which table a source reads, where its rows are (as a digest: options may hold secrets), and whether it can
        be read again from the start."""
        if not isinstance(relation, n.Scan):
            return {"table": "", "place": "", "again": "yes"}
        table = relation.table
        folder = self._planner.environment.folder  # a state restored elsewhere is the same one
        place = digest(sorted((k, v.replace(folder, "${state}")) for k, v in table.options if k not in _READING))
        return {"table": table.name, "connector": table.option("connector"), "place": place,
                "again": operator.source.again}

    def _reads(self, relation: n.Relation) -> set[str]:
        """The names of the sources that rows of a relation come from."""
        return {self._readers[id(below)] for below in self._below(relation) if id(below) in self._readers}

    def _below(self, relation: n.Relation) -> Iterator[n.Relation]:
        """A relation and all that its rows come from, also through tables inside the job."""
        waiting = [relation]
        while waiting:
            for below in walk([waiting.pop()]):
                yield below
                if isinstance(below, n.Scan) and (sink := self._planner.pipe(below.table)) is not None:
                    waiting.append(sink.input)


_READING = frozenset({"format", "scan.startup.mode", "source.monitor-interval", "json.ignore-parse-errors"})
"""Options that do not say which rows there are."""


class Layout:
    """The layout of an operator's state objects, each part with its meaning: [name, type, meaning]. Parts without a
    meaning of their own are of use to nobody. Of fields and columns a fourth value says what they are good for
    (`engine.plan.carried`), of fields a fifth what people call them."""

    def __init__(self, view: View, holding: Holding, uses: Uses, append_only: Sequence[bool]) -> None:
        self._view = view
        self._holding = holding
        self._uses = uses
        self._append_only = append_only

    def state(self, name: str, state: StateObject) -> Json:
        if not isinstance(state, StateTable):
            return {"kind": type(state).__name__, "meaning": self._field(name), "shown": self._shown(name)}
        types, fields = state.index.codec.types, state.fields
        keys = [[name, str(t), meaning] for (name, meaning), t in zip(self._keys(len(types)), types, strict=True)]
        parts = [[f.name, str(f.type), self._field(f.name), self._field_use(f.name),
                  self._shown(f.name)] for f in fields]
        stores = {name: self._attached(name, thing) for name, thing in state.attached.items()}
        columns = [k[:2] for k in keys] + [[self._shown(f.name), str(f.type)] for f in fields]
        return {"kind": "table", "meaning": self._field(name), "columns": columns, "keys": keys, "fields": parts,
                "stores": stores, "ttl": 0 if state.expiry is None else state.expiry.ttl}

    def _keys(self, width: int) -> Iterator[tuple[str, str]]:
        """Name and meaning of the keys: the input's columns, then those that the operator adds (its windows)."""
        whole = self._holding.whole_keys
        if whole is not None:
            schema = self._view.inputs[0].schema
            left = getattr(self._view.relation, "left_keys", range(len(schema)))
            names = [schema[i].name for i in left]
            meanings = list(whole)
        else:
            columns = self._holding.keys
            names = [self._view.inputs[0].schema[i].name for i in columns]
            meanings = self._view.given[0].at(columns) if columns else []
        for i in range(width):
            yield (names[i], meanings[i]) if i < len(names) else (f"${i - len(names)}", f"own {i - len(names)}")

    def _field(self, name: str) -> str:
        match = _CALL.match(name)
        if match and int(match[1]) < len(self._holding.calls):
            return f"{self._holding.calls[int(match[1])]}{name[match.end():]}"
        if self._holding.numbered and name.isdigit():
            return self._view.given[0].columns[int(name)]
        return f"own {name}"

    def _field_use(self, name: str) -> str:
        if self._holding.numbered and name.isdigit():
            return self._uses.of(self._view.inputs[0], int(name))
        return DECIDES

    def _column_use(self, store: Store, column: int, taken_back: bool) -> str:
        """What a column of a store's rows is good for. Rows that are taken back are found by all their columns."""
        if store.whole:
            return DECIDES
        use = self._uses.by(self._view.relation, store.port, column)
        return CARRIED if use == UNUSED and taken_back else use

    def _shown(self, name: str) -> str:
        """A field as people read it: the column that it makes."""
        match, relation = _CALL.match(name), self._view.relation
        calls = getattr(relation, "calls", ())
        if match and int(match[1]) < len(calls):
            return f"{self._written(calls[int(match[1])])}{name[match.end():]}"
        if self._holding.numbered and name.isdigit():
            return self._view.inputs[0].schema[int(name)].name
        return name

    def _written(self, call: n.AggregateCall) -> str:
        names = [self._view.inputs[0].schema[a].name for a in call.args] or ["*"]
        return f"{call.function}({'DISTINCT ' if call.distinct else ''}{', '.join(names)})"

    def _attached(self, name: str, thing: object) -> Json:
        store = self._holding.stores.get(name)
        if not isinstance(thing, RowStore):
            return {"kind": type(thing).__name__, "meaning": self._field(name), "shown": self._shown(name)}
        if store is None:
            columns = [[f"c{i}", str(t), f"{self._field(name)} {i}", DECIDES] for i, t in enumerate(thing.types)]
            return {"kind": "rows", "meaning": self._field(name), "shown": self._shown(name), "taken_back": True,
                    "columns": columns}
        return {"kind": "rows", "meaning": f"own {name}", "taken_back": self._taken_back(store, thing),
                "columns": list(self._store(store, thing))}

    def _taken_back(self, store: Store, thing: RowStore) -> bool:
        return thing.finds and not self._append_only[store.port]

    def _store(self, store: Store, thing: RowStore) -> Iterator[list[Any]]:
        """The columns of a store of rows; the fourth says whether they decide anything."""
        relation, meaning = self._view.inputs[store.port], self._view.given[store.port]
        which = range(len(relation.schema)) if store.which is None else store.which
        types, taken_back = iter(thing.types), self._taken_back(store, thing)
        for i in which:
            use = self._column_use(store, i, taken_back)
            yield [relation.schema[i].name, str(next(types)), meaning.columns[i], use]
        for own, type in zip(store.own, types, strict=True):
            yield [f"${own[:8]}", str(type), f"own {own}" if own else "", DECIDES]


def name_states(planner: Planner) -> None:
    """Give each operator with state the id by which its state is found again: its name as far as no number counts
    operators of its kind, and a digest of what its state is keyed by. Another operator elsewhere does not change it."""
    described = Describer(planner).operators()
    ids = _ids(described)
    for operator in planner.graph.operators:
        operator.uid = ids.get(operator.name, operator.name)
        if isinstance(operator, SinkWriter):
            operator.uid = operator.name
    planner.graph.described = _by_id(described, ids)
    planner.graph.describe = lambda names: _by_id(Describer(planner, names).operators(), ids)


def _ids(described: Mapping[str, Json]) -> dict[str, str]:
    used: Counter[str] = Counter()
    ids = {}
    for name, one in described.items():
        base, numbered, _ = name.partition("#")
        several = numbered or any(other != name and other.partition("#")[0] == base for other in described)
        named = one["nodes"] or "(" in base
        uid = base if named and not several else f"{base}#{one['identity'][:8]}"
        used[uid] += 1
        ids[name] = uid if used[uid] == 1 else f"{uid}-{used[uid]}"
    return ids


def _by_id(described: Mapping[str, Json], ids: Mapping[str, str]) -> dict[str, Json]:
    """Descriptions by the operators' ids; each has the operator's name."""
    return {ids[name]: {"name": name, **one, "reads": sorted(ids[r] for r in one["reads"])}
            for name, one in described.items()}
