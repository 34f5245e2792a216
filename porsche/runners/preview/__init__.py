"""Previews: a pipeline run over samples of its sources, with sinks off, and what each node gives.

- `rerun.rerun(Question(...), Samples(...))` runs it in this process, and holds columns and changes of every node.
- `shown.changes(node)` are a node's rows as JSON values.
- `asked.preview(...)` asks a process that is kept warm, within limits of time and memory.
"""
