"""Keyed state: a key index plus typed columns addressed by slot number, touched only by compiled kernels.

- `index.KeyIndex`: exact keys of any types to slots; `keys.KeyCodec`: keys as words, key groups;
- `table.StateTable`: keys, fields, dirty slots, TTL, and what is attached to slots:
  `rowstore.RowStore` (rows by key), `sorted.SortedRows` (order per key), `timers.Timers`, `paged.PagedArray`;
- `order.SortCodec`: ORDER BY as words or bytes that compare as unsigned;
- `protocol`, `parts`, `reload`: snapshots and back; `checkpoints.CheckpointStore`: checkpoints in a `storage`.

Each module's docstring is its reference. Importing them loads Numba; this package alone does not.
"""
