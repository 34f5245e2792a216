"""From the logical plan to running operators: the frame. Each node has one short function in a sibling module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.changes import Array, Batch
from engine.connectors.base import Connector, Environment, TableOptions
from engine.errors import InternalError, NotSupported
from engine.expressions.functions.user_hosts import Tally
from engine.operators.base import Operator, Settings
from engine.operators.exchange import Exchange
from engine.operators.source import SinkWriter, SourceReader
from engine.plan.flow import NodeFlow
from engine.plan.hints import lifetimes
from engine.plan.nodes import Aggregate, Filter, Program, Project, Relation, SetOperation, Sink, TableSpec
from engine.plan.properties import Properties, relations
from engine.types import DataType, Schema


@dataclass(frozen=True)
class Options:
    """What the job's settings mean for planning. `numbered`: rows carry their source order."""

    shards: int = 1
    every_change: bool = True
    ttl: int = 0


@dataclass
class Graph:
    """A job's operators, ready to run. `exchanges` upstream first; `operators` all, by `uid` and shard; `flow`: the
    nodes of the pipeline, where it is known; `described`: by `uid`, what operators with state hold and what it means
    (`engine.planner.described`); `query`: the job's name, and the hash of its SQL text; `functions`: the work of users'
    functions; `origins`: what each operator was made for, by its name."""

    sources: list[SourceReader] = field(default_factory=list)
    sinks: list[SinkWriter] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    shards: int = 1
    flow: Mapping[str, NodeFlow] = field(default_factory=dict)
    functions: Tally | None = None
    described: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    origins: dict[str, Relation] = field(default_factory=dict)
    describe: Callable[[Mapping[str, str]], Mapping[str, Mapping[str, Any]]] = lambda names: {}

    @property
    def ticking(self) -> list[Operator]:
        """The operators that processing time moves."""
        return [o for o in self.operators if type(o).tick is not Operator.tick]


@dataclass(frozen=True)
class Built:
    """A relation's operators: one, or one a shard. `keys`: the columns by which rows are dealt to the shards, `types`
    the
    types under which they were hashed for it (nullability counts)."""

    operators: tuple[Operator, ...]
    keys: tuple[int, ...] | None = None
    types: tuple[DataType, ...] = ()


class Planner:
    """Builds the operators of a program. A relation that several others use is built once."""

    def __init__(self, program: Program, properties: Properties, connectors: Callable[[TableSpec], Connector],
                 environment: Environment, settings: Settings, options: Options) -> None:
        self.program = program
        self.properties = properties
        self.environment = environment
        if program.batch:  # no state lives past the end of its input, and none may go before
            settings, options = replace(settings, ttl=0), replace(options, ttl=0)
        self.options = options
        self.graph = Graph(shards=options.shards)
        self._connectors = connectors
        self._settings = [
            replace(settings, shard=i, shards=options.shards, numbered=properties.ordered)
            for i in range(options.shards)
        ]
        self._built: dict[int, Built] = {}
        self._building: set[int] = set()
        self._names: Counter[str] = Counter()
        self.origins = self.graph.origins
        self._pipes = {s.table.path: s for s in program.sinks if self.is_pipe(s.table)}
        self.functions = _functions()
        self._absorbed = absorbed(program, properties)

    def plan(self) -> Graph:
        """Build every sink with all below it: inputs first, as plans may be deeper than Python's stack."""
        from engine.planner.described import name_states

        for relation in relations(self.program):
            if id(relation) not in self._absorbed:
                self.build(relation)
        name_states(self)
        return self.graph

    def build(self, relation: Relation) -> Built:
        """The operators of a relation, made on first use."""
        known = self._built.get(id(relation))
        if known is not None:
            return known
        from engine.planner.upserts import complete

        function = self.functions.get(type(relation))
        if function is None:
            raise NotSupported(f"{type(relation).__name__} in a running job")
        if id(relation) in self._building:
            raise NotSupported("a table that is computed from itself", hint="break the cycle of INSERT and SELECT")
        self._building.add(id(relation))
        built = self._built[id(relation)] = complete(self, relation, function(self, relation))
        self._building.discard(id(relation))
        return built

    # ---- what node functions use ---------------------------------------------------------------------------------

    def add(self, relation: Relation, kind: str, inputs: Sequence[Built], make: Callable[[str, Settings], Operator],
            keys: tuple[int, ...] | None = None) -> Built:
        """One operator for each shard of the inputs (all of one width), connected port by port."""
        width = max(len(b.operators) for b in inputs)
        name = self.name(kind, relation)
        made = []
        for shard in range(width):
            operator = self.register(make(name, self._settings_of(relation, shard)))
            for port, built in enumerate(inputs):
                built.operators[min(shard, len(built.operators) - 1)].connect(operator, port)
            made.append(operator)
        return Built(tuple(made), keys, inputs[0].types)

    def _settings_of(self, relation: Relation, shard: int) -> Settings:
        """The job's settings, with the time that the state of one relation lives where a hint says it."""
        settings = self._settings[shard]
        life = self.lifetimes(relation)[0] if isinstance(relation, Aggregate) else settings.ttl
        return settings if life == settings.ttl else replace(settings, ttl=life)

    def lifetimes(self, relation: Relation) -> tuple[int, ...]:
        """How long the state of each input lives (microseconds, 0 = for ever): hints count for streams only."""
        ttl = self.options.ttl
        return (ttl,) * len(relation.inputs) if self.program.batch else lifetimes(relation, ttl)

    def register(self, operator: Operator) -> Operator:
        operator.uid = operator.name
        self.graph.operators.append(operator)
        return operator

    def name(self, kind: str, relation: Relation) -> str:
        """A name that is the same each time this program is planned: kind, pipeline nodes, a number if needed."""
        base = f"{kind}[{','.join(sorted(relation.nodes))}]" if relation.nodes else kind
        self._names[base] += 1
        count = self._names[base]
        name = base if count == 1 else f"{base}#{count}"
        self.origins[name] = relation
        return name

    def settings(self, shard: int = 0) -> Settings:
        return self._settings[shard]

    def keyed(self, built: Built, keys: tuple[int, ...], schema: Schema, types: Sequence[DataType] = ()) -> Built:
        """The rows dealt to shards by `keys`; nothing to do for one shard or where they are dealt so already.

        `types`: the types under which an operator holds its keys, where they are not the columns' (sides of a join)."""
        types = tuple(types) or tuple(schema[k].type for k in keys)
        if not self.moves(built, keys, schema, types):
            return built
        if not keys:
            return self.single(built, schema)
        from engine.state.hashing import KEY_GROUPS
        from engine.state.keys import KeyCodec

        shards = self.options.shards
        codec = KeyCodec(types)

        def owner(batch: Batch) -> Array:
            groups = codec.key_groups([batch.columns[k] for k in keys], batch.length)
            owners: Array = groups.astype("int64") * shards // KEY_GROUPS
            return owners

        return Built(self._exchange(built, schema, owner), keys, types)

    def moves(self, built: Built, keys: tuple[int, ...], schema: Schema, types: Sequence[DataType] = ()) -> bool:
        """Whether dealing rows by `keys` (as `keyed` does) takes an exchange."""
        if not keys:
            return len(built.operators) > 1
        types = tuple(types) or tuple(schema[k].type for k in keys)
        return self.options.shards > 1 and (built.keys != keys or built.types != types or len(built.operators) == 1)

    def single(self, built: Built, schema: Schema) -> Built:
        """All rows in one place, in source order."""
        if len(built.operators) == 1:
            return built
        return Built(self._exchange(built, schema, None))

    def _exchange(self, built: Built, schema: Schema, owner: Callable[[Batch], Array] | None) -> tuple[Operator, ...]:
        exchange = Exchange(
            f"Exchange#{len(self.graph.exchanges) + 1}", schema, self._settings, len(built.operators), owner
        )
        for operator, sender in zip(built.operators, exchange.senders, strict=True):
            operator.connect(sender, 0)
        self.graph.exchanges.append(exchange)
        return tuple(exchange.receivers)

    def connector(self, table: TableSpec) -> tuple[Connector, TableOptions]:
        options = TableOptions(table.name, table.physical, dict(table.options), table.primary_key, dict(table.metadata),
                               table.partitions, dict(table.places))
        return self._connectors(table), options

    def is_pipe(self, table: TableSpec) -> bool:
        return table.option("connector") == "pipe"

    def pipe(self, table: TableSpec) -> Sink | None:
        """The INSERT that feeds a table which lives inside the job."""
        return self._pipes.get(table.path)


def absorbed(program: Program, properties: Properties) -> set[int]:
    """Relations whose only consumer does their work: filters below a projection, parts of a union that expands."""
    from engine.planner.stateless import chain, expanded

    found = set()
    for relation in relations(program):
        if isinstance(relation, Project | Filter) and isinstance(relation.input, Filter):
            found.add(id(relation.input))
        elif isinstance(relation, SetOperation) and expanded(relation) is not None:
            found |= {id(part) for below in relation.relations for part in chain(below)}
    return {id(r) for r in relations(program) if id(r) in found and properties.uses(r) == 1}


NodeFunction = Callable[[Planner, Any], Built]


def _functions() -> dict[type[Relation], NodeFunction]:
    from engine.planner import aggregation, correlation, ends, joins, ranking, stateless

    tables = (stateless.PLAN, ends.PLAN, aggregation.PLAN, joins.PLAN, ranking.PLAN, correlation.PLAN)
    merged: dict[type[Relation], NodeFunction] = {}
    for table in tables:
        for node, function in table.items():
            if node in merged:
                raise InternalError(f"{node.__name__} is planned twice")
            merged[node] = function
    return merged
