"""Tests that are saved with pipelines: rows given to sources, the pipeline run over them, what nodes gave compared.

- `running.run(Order(document), case)` runs one in this process; `cases(document)` lists them.
- `comparing.compare(expected, found)` says how rows differ.
- `junit.report(results)` is what CI systems read.
"""
