"""Planning of scans, constant rows and sinks."""

from __future__ import annotations

from engine.changes import Batch
from engine.connectors.ahead import Ahead
from engine.connectors.base import Term
from engine.connectors.constant import ConstantSource
from engine.errors import InternalError, NotSupported, UserError
from engine.expressions.evaluate import compile_expression
from engine.expressions.nodes import Expression, InputRef
from engine.operators.constraints import NotNull
from engine.operators.materialize import UpsertMaterialize
from engine.operators.sort import Sort
from engine.operators.source import Pipe, SinkWriter, SourceReader
from engine.plan.nodes import Relation, Scan, Sink, TableSpec, Values
from engine.plan.restrictions import restriction_of
from engine.planner.core import Built, NodeFunction, Planner


def plan_scan(planner: Planner, node: Scan) -> Built:
    if planner.is_pipe(node.table):
        return _scan_pipe(planner, node)
    connector, table = planner.connector(node.table)
    source = connector.source(table, planner.environment)
    if source is None:
        raise UserError("not_a_source", f"table {node.table.name} cannot be read: its connector "
                        f"'{node.table.option('connector')}' has no source")
    if node.filter or node.limit is not None:
        source.restrict([_term(e) for e in node.filter], node.limit)
    if node.parts:
        source.narrow(dict(node.parts))
    if source.blocking:
        source = Ahead(source)
    name = planner.name("Source", node) if node.nodes else planner.name(f"Source({node.table.name})", node)
    reader = SourceReader(name, node.schema, planner.settings(), source, node.columns,
                          planner.properties.ordered, node.nodes)
    planner.register(reader)
    planner.graph.sources.append(reader)
    return Built((reader,))


def _term(expression: Expression) -> Term:
    found = restriction_of(expression)
    if found is None:
        raise InternalError(f"{expression} is not what a source checks")
    return Term(*found)


def _scan_pipe(planner: Planner, node: Scan) -> Built:
    sink = planner.pipe(node.table)
    if sink is None:
        raise UserError(
            "unfed_pipe",
            f"table {node.table.name} lives inside a job, and no statement of this one writes it",
            hint="put the INSERT INTO it in the same statement set",
        )
    built = planner.build(sink)
    if node.columns == tuple(range(len(sink.schema))):
        return built
    from engine.operators.calc import Calc

    chosen = [InputRef(sink.schema[i].type, index=i) for i in node.columns]
    return planner.add(node, "Calc", [built], lambda name, settings: Calc(
        name, node.schema, settings, None, chosen, node.nodes))


def plan_values(planner: Planner, node: Values) -> Built:
    from engine.changes import concat_columns, null_column

    context = planner.settings().context
    columns = []
    for i, field in enumerate(node.schema):
        cells = [compile_expression(row[i])((), 1, context).with_type(field.type) for row in node.rows]
        columns.append(concat_columns(cells) if cells else null_column(field.type, 0))
    rows = Batch(tuple(columns), len(node.rows))
    reader = SourceReader(planner.name("Values", node), node.schema, planner.settings(), ConstantSource(rows),
                          range(len(node.schema)), planner.properties.ordered, node.nodes)
    planner.register(reader)
    planner.graph.sources.append(reader)
    return Built((reader,))


def plan_sink(planner: Planner, node: Sink) -> Built:
    """One writer, which sees all shards' rows merged."""
    built = planner.single(planner.build(node.input), node.input.schema)
    if planner.properties.settled(node):
        built = _settled(planner, node, built)
    built = _present(planner, node, built)
    keys = () if node.table.takes_before else node.table.primary_key
    if planner.properties.materialized(node):
        built = _materialized(planner, node, built)
    if planner.is_pipe(node.table):
        return planner.add(node, f"Pipe({node.table.name})", [built], lambda name, settings: Pipe(
            name, node.schema, settings, bool(keys), node.nodes))
    connector, table = planner.connector(node.table)
    sink = connector.sink(table, planner.environment)
    if sink is None:
        raise UserError("not_a_sink", f"table {node.table.name} cannot be written: its connector "
                        f"'{node.table.option('connector')}' has no sink")
    _check_changes(planner, node.input, node.table)

    def make(name: str, settings: object) -> SinkWriter:
        return SinkWriter(name, node.schema, planner.settings(), node.table.name, sink, keys, node.nodes)

    made = planner.add(node, f"Sink({node.table.name})", [built], make)
    planner.graph.sinks.extend(o for o in made.operators if isinstance(o, SinkWriter))
    return made


def _settled(planner: Planner, node: Sink, built: Built) -> Built:
    """What is left when the input has ended, in the order in which it came."""
    schema = node.input.schema
    return planner.add(node, "Settled", [built], lambda name, settings: Sort(
        name, schema, settings, order=(), input_types=schema.types, nodes=node.nodes))


def _present(planner: Planner, node: Sink, built: Built) -> Built:
    """Columns that are NOT NULL in the table and may be NULL in the query are watched."""
    types = zip(node.input.schema.types, node.table.physical.types, strict=True)
    columns = [i for i, (given, declared) in enumerate(types) if given.nullable and not declared.nullable]
    if not columns:
        return built
    drop = planner.program.setting("table.exec.sink.not-null-enforcer", "ERROR").upper() == "DROP"
    return planner.add(node, "NotNull", [built], lambda name, settings: NotNull(
        name, node.schema, settings, columns, drop, node.nodes))


def _materialized(planner: Planner, node: Sink, built: Built) -> Built:
    strategy = node.on_conflict or "DEDUPLICATE"
    return planner.add(node, "Materialize", [built], lambda name, settings: UpsertMaterialize(
        name, node.schema, settings, keys=node.table.primary_key, strategy=strategy, nodes=node.nodes))


def _check_changes(planner: Planner, rows: Relation, table: TableSpec) -> None:
    accepts = planner.connector(table)[0].accepts(planner.connector(table)[1])
    if accepts == "I" and not planner.program.batch and planner.properties.changelog(rows) != "I":
        raise NotSupported(f"writing updates to table {table.name} ('{table.option('connector')}' only appends)",
                           hint="write the changes to a table with a primary key, or aggregate in windows")


PLAN: dict[type[Relation], NodeFunction] = {Scan: plan_scan, Values: plan_values, Sink: plan_sink}
