"""OPTIONS hints: a table's options, for one statement."""

from __future__ import annotations

from pathlib import Path

from engine.session import Session


def test_options_of_a_source_and_of_a_sink_for_one_statement(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n")
    (tmp_path / "b.csv").write_text("3;4\n")
    session = Session(folder=tmp_path / "state")
    table = f"WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{tmp_path}/%s');"
    other = f"'path' = '{tmp_path}/%s'"
    for _ in session.script(f"""
        CREATE TABLE a (x INT) {table % "a.csv"}
        CREATE TABLE b (x INT, y INT) {table % "a.csv"}
        CREATE TABLE o (x INT) {table % "out"}
        INSERT INTO o SELECT x FROM a;
        INSERT INTO o /*+ OPTIONS({other % "elsewhere"}) */
          SELECT x + y FROM b /*+ OPTIONS({other % "b.csv"}, 'csv.field-delimiter' = ';') */ AS t;"""):
        pass
    session.run()
    found = {name: "".join(p.read_text() for p in sorted((tmp_path / name).iterdir())).split()
             for name in ("out", "elsewhere")}
    assert found == {"out": ["1", "2"], "elsewhere": ["7"]}
