"""Arrays, maps and rows made and taken apart, over whole columns: constructors, elements, fields, sizes, keys and
values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column, Mask, concat_columns, merge_owners
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Arguments, Constant, Context, Function
from engine.expressions.functions.comparison import compared
from engine.expressions.functions.signatures import bad_arguments, constant_of, signature
from engine.expressions.nodes import Call, Expression, Literal
from engine.expressions.rules import common_type
from engine.types import ARRAY, INT, MAP, NULL, DataType, Kind, RowField, is_nullable


def _merged_type(arguments: Arguments, positions: Sequence[int]) -> DataType:
    if not positions:
        return NULL
    type = common_type([arguments.types[p] for p in positions])
    if type is None:
        raise bad_arguments(arguments, "the elements have no common type")
    arguments.coercions.update(dict.fromkeys(positions, type))
    return type


def _infer_array(arguments: Arguments) -> DataType:
    return ARRAY(_merged_type(arguments, range(len(arguments.values)))).as_nullable(False)


def interleaved(type: DataType, columns: Sequence[Column], length: int) -> Column:
    """The values of a row's columns one after another, row by row."""
    count = len(columns)
    if count == 1:
        return columns[0].with_type(type)
    same = [Column(type, c.values, c.validity, c.owners, c.children) for c in columns]
    order = (np.arange(length)[:, None] + length * np.arange(count)).ravel()
    return concat_columns(same).take(order)


def _array(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.changes import null_column

    element = type.element or NULL
    child = interleaved(element, args, length) if args else null_column(element, 0)
    return Column(type, np.arange(length + 1, dtype=np.int64) * len(args), None, (), (child,))


def _infer_map(arguments: Arguments) -> DataType:
    count = len(arguments.values)
    if count % 2 or not count:
        raise bad_arguments(arguments, "it takes keys with values")
    key, value = (_merged_type(arguments, range(i, count, 2)) for i in (0, 1))
    return MAP(key, value).as_nullable(False)


def _map(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    assert type.key is not None and type.element is not None
    keys, values = interleaved(type.key, args[::2], length), interleaved(type.element, args[1::2], length)
    offsets = np.arange(length + 1, dtype=np.int64) * (len(args) // 2)
    column = Column(type, offsets, None, (), (keys, values))
    return column if len(args) == 2 else distinct_keys(column)


def distinct_keys(column: Column) -> Column:
    """A map whose repeated keys are gone: the last value of each, at the place of the first."""
    from engine.expressions.values import column_to_internal, frozen

    keys = [frozen(k) for k in column_to_internal(column.children[0])]
    kept: list[int] = []
    offsets = np.zeros(len(column) + 1, np.int64)
    ends = column.values.tolist()
    for row, (start, end) in enumerate(zip(ends, ends[1:], strict=False)):
        last = {keys[i]: i for i in range(start, end)}
        kept.extend(last.values())
        offsets[row + 1] = len(kept)
    if len(kept) == len(keys):
        return column
    rows = np.array(kept, np.int64)
    return Column(column.type, offsets, column.validity, column.owners, tuple(c.take(rows) for c in column.children))


def _infer_row(arguments: Arguments) -> DataType:
    if not arguments.values or any(t.kind is Kind.NULL for t in arguments.types):
        raise bad_arguments(arguments, "a row has fields of known types")
    fields = tuple(RowField(f"EXPR${i}", t) for i, t in enumerate(arguments.types))
    return DataType(Kind.ROW, nullable=False, fields=fields)


def _row(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    children = tuple(Column(f.type, c.values, c.validity, c.owners, c.children)
                     for f, c in zip(type.fields, args, strict=True))
    return Column(type, np.zeros(length, np.int8), None, (), children)


def _infer_field(arguments: Arguments) -> DataType:
    row, position = arguments.types[0], constant_of(arguments, 1)
    if row.kind is not Kind.ROW or not isinstance(position, int) or not 0 <= position < len(row.fields):
        raise bad_arguments(arguments, "it takes a row and the position of a field")
    type = row.fields[position].type
    return type.as_nullable(row.nullable or type.nullable)


def _field(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    row, position = args
    assert isinstance(position, Constant) and isinstance(position.scalar, int)
    child = row.children[position.scalar]
    validity = child.validity if row.validity is None else row.validity & child.valid()
    return Column(type, child.values, validity, (*row.owners, *child.owners), child.children)


def _item_expansion(arguments: Arguments) -> Expression:
    """ITEM: an array's element (from 1), a map's value, a row's field by name or place."""
    from engine.expressions.binding import implicit_cast, resolve_call

    if len(arguments.values) != 2:
        raise bad_arguments(arguments, "it takes 2 arguments")
    container, index = arguments.values
    type, nodes = container.type, container.nodes | index.nodes
    if type.kind is Kind.ROW:
        return resolve_call("FIELD", (container, _place_of(arguments, type)), arguments.config)
    if type.kind is Kind.ARRAY and type.element is not None:
        if not (index.type.is_integer or index.type.kind is Kind.NULL):
            raise bad_arguments(arguments, "an array's index is an integer")
        if isinstance(index, Literal) and isinstance(index.value, int) and index.value < 1:
            raise UserError("bad_arguments",
                            f"Array element access needs an index starting at 1 but was {index.value}.")
        args = (container, implicit_cast(index, INT))
        return Call(type.element.as_nullable(), function="ARRAY ITEM", args=args, nodes=nodes)
    if type.kind is Kind.MAP and type.key is not None and type.element is not None:
        if common_type((type.key, index.type)) is None:
            raise bad_arguments(arguments, f"the keys are {type.key}")
        args = (container, implicit_cast(index, type.key))
        return Call(type.element.as_nullable(), function="MAP ITEM", args=args, nodes=nodes)
    if type.kind is Kind.VARIANT:
        return resolve_call("VARIANT ITEM", (container, index), arguments.config)
    raise bad_arguments(arguments, "only arrays, maps, rows and VARIANTs have elements")


def _place_of(arguments: Arguments, row: DataType) -> Literal:
    wanted = constant_of(arguments, 1)
    names = [f.name for f in row.fields]
    place = names.index(wanted) if isinstance(wanted, str) and wanted in names else (
        wanted - 1 if isinstance(wanted, int) else -1)
    if not 0 <= place < len(names):
        raise UserError("unknown_column", f"the row has no field {wanted}", hint=f"it has {', '.join(names)}")
    return Literal(INT.as_nullable(False), place)


def _array_item(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    array, index = args
    starts, sizes = array.values[:-1], np.diff(array.values)
    wanted = index.values.astype(np.int64)
    present = (wanted >= 1) & (wanted <= sizes)
    return _picked(array.children[0], starts + wanted - 1, present, type)


def _picked(child: Column, positions: Array, present: Mask, type: DataType) -> Column:
    """Elements at positions; NULL where not `present`."""
    from engine.changes import null_column

    if len(child) == 0:
        return null_column(type, len(positions))
    found = child.take(np.where(present, positions, 0))
    validity = present if found.validity is None else present & found.validity
    return Column(type, found.values, validity, found.owners, found.children)


def _map_item(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    column, key = args
    keys, values = column.children
    rows = np.repeat(np.arange(length), np.diff(column.values))
    wanted = Column(key.type, key.values, None, key.owners, key.children).take(rows)
    same = compared(np.equal, keys, wanted)
    if keys.validity is not None:
        same = same & keys.validity
    places = np.full(length, -1, np.int64)
    hits = np.flatnonzero(same)
    places[rows[hits]] = hits
    return _picked(values, places, places >= 0, type)


def _cardinality(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, np.diff(args[0].values).astype(np.int32))


def _infer_element(arguments: Arguments) -> DataType:
    signature(INT, "array")(arguments)
    element = arguments.types[0].element
    assert element is not None
    return element.as_nullable()


def _element(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    sizes = np.diff(args[0].values)
    if (sizes > 1).any():
        raise RuntimeFault("Array has more than one element.")
    return _picked(args[0].children[0], args[0].values[:-1], sizes == 1, type)


def _infer_map_part(position: int) -> Function:
    """MAP_KEYS (0), MAP_VALUES (1)."""

    def infer(arguments: Arguments) -> DataType:
        signature(INT, "map")(arguments)
        type = arguments.types[0]
        part = type.key if position == 0 else type.element
        assert part is not None
        return ARRAY(part).as_nullable(type.nullable)

    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        column = args[0]
        return Column(type, column.values, None, column.owners, (column.children[position],))

    return Function(infer, evaluate)


def _infer_entries(arguments: Arguments) -> DataType:
    signature(INT, "map")(arguments)
    type = arguments.types[0]
    assert type.key is not None and type.element is not None
    entry = DataType(Kind.ROW, fields=(RowField("key", type.key), RowField("value", type.element)))
    return ARRAY(entry).as_nullable(type.nullable)


def _entries(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    column = args[0]
    assert type.element is not None
    rows = Column(type.element, np.zeros(len(column.children[0]), np.int8), None, (), column.children)
    return Column(type, column.values, None, column.owners, (rows,))


def _infer_from_arrays(arguments: Arguments) -> DataType:
    signature(INT, "array", "array")(arguments)
    key, value = (t.element or NULL for t in arguments.types)
    return MAP(key, value).as_nullable(is_nullable(*arguments.types))


def _from_arrays(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    keys, values = args
    if not np.array_equal(np.diff(keys.values), np.diff(values.values)):
        raise RuntimeFault("Invalid function MAP_FROM_ARRAYS call: The length of the keys array is not equal to the "
                           "length of the values array")
    owners = merge_owners((keys.owners, values.owners))
    return distinct_keys(Column(type, keys.values, None, owners, (_whole(keys), _whole(values))))


def _whole(column: Column) -> Column:
    return column.children[0].slice(int(column.values[0]), int(column.values[-1]))


FUNCTIONS: dict[str, Function] = {
    "ARRAY": Function(_infer_array, _array, strict=False),
    "MAP": Function(_infer_map, _map, strict=False),
    "ROW": Function(_infer_row, _row, strict=False),
    "FIELD": Function(_infer_field, _field, strict=False),
    "ITEM": Function(_infer_element, expand=_item_expansion),
    "ARRAY ITEM": Function(_infer_element, _array_item),
    "MAP ITEM": Function(_infer_element, _map_item),
    "CARDINALITY": Function(signature(INT, "collection"), _cardinality),
    "ELEMENT": Function(_infer_element, _element, fallible=True),
    "MAP_KEYS": _infer_map_part(0),
    "MAP_VALUES": _infer_map_part(1),
    "MAP_ENTRIES": Function(_infer_entries, _entries),
    "MAP_FROM_ARRAYS": Function(_infer_from_arrays, _from_arrays, fallible=True),
}
