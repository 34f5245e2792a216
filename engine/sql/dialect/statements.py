"""Statements: which one it is, INSERT and the other data statements, session commands."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.inspection import InspectionParser
from engine.sql.dialect.statement_nodes import (
    Analyze,
    CallProcedure,
    ChangeJars,
    ExecutePlan,
    InsertInto,
    LoadModule,
    ResetProperty,
    SetProperty,
    StatementSet,
    StatementSetMark,
    StopJob,
    Truncate,
    UseObject,
)


class StatementParser(InspectionParser):
    """The whole grammar."""

    def statements(self) -> list[Node]:
        """Statements with semicolons between; comments before a statement stay with it."""
        found = []
        while self._skip_separators():
            found.append(self._commented())
            if self.token.token_type is not TokenType.END and self.word != ";":
                self.fail(";", "end of the text")
        return found

    @property
    def begins_statement(self) -> bool:
        """Whether the current word begins a statement."""
        return self.word in _STATEMENTS and not (self.word == "(" and not self.is_query)

    def _skip_separators(self) -> bool:
        while self.accept(";"):
            pass
        return self.token.token_type is not TokenType.END

    def _commented(self) -> Node:
        comments = self.token.comments
        node = self.statement()
        if comments:
            node.comments = comments
        return node

    def statement(self) -> Node:
        """One statement."""
        start = self.token
        handler = _STATEMENTS.get(self.word)
        if handler is None:
            self.fail("a statement")
        return self.placed(handler(self), start)

    # -- data

    def insert(self) -> Node:
        """INSERT INTO | OVERWRITE."""
        self.expect("INSERT")
        overwrite = self.expect_any("INTO", "OVERWRITE") == "OVERWRITE"
        node = InsertInto(this=self._target(), overwrite=overwrite or None)
        if self.word == "PARTITION":
            node.set("partition", self.partition_spec())
        if self.word == "(" and not self.is_query:
            node.set("columns", self.parenthesised(self.field_path))
        node.set("expression", self.query())
        if self.accept("ON"):
            self.expect("CONFLICT", "DO")
            node.set("conflict", self.expect_any("ERROR", "NOTHING", "DEDUPLICATE"))
        return node

    def _target(self) -> exp.Table:
        start = self.token
        table = self.table_name()
        if hints := self.hints():
            table.set("hints", hints)
        return self.placed(table, start)

    def update(self) -> Node:
        """UPDATE table SET column = value, ... [WHERE ...]."""
        self.expect("UPDATE")
        table = self._target_with_alias()
        self.expect("SET")
        assignments = self.listed(self._assignment)
        where = exp.Where(this=self.expression()) if self.accept("WHERE") else None
        return exp.Update(this=table, expressions=assignments, where=where)

    def delete(self) -> Node:
        """DELETE FROM table [WHERE ...]."""
        self.expect("DELETE", "FROM")
        table = self._target_with_alias()
        where = exp.Where(this=self.expression()) if self.accept("WHERE") else None
        return exp.Delete(this=table, where=where)

    def _target_with_alias(self) -> exp.Table:
        table = self._target()
        table.set("alias", self.table_alias())
        return table

    def _assignment(self) -> Node:
        target = self.field_path()
        self.expect("=")
        return exp.EQ(this=target, expression=self.expression())

    def truncate(self) -> Node:
        """TRUNCATE TABLE."""
        self.expect("TRUNCATE", "TABLE")
        return Truncate(this=self.table_name())

    def analyze(self) -> Node:
        """ANALYZE TABLE."""
        self.expect("ANALYZE", "TABLE")
        node = Analyze(this=self.table_name())
        if self.word == "PARTITION":
            node.set("partition", self.partition_spec())
        self.expect("COMPUTE", "STATISTICS")
        if self.accept("FOR"):
            if self.accept("ALL"):
                node.set("all_columns", True)
                self.expect("COLUMNS")
            else:
                self.expect("COLUMNS")
                node.set("columns", self.listed(self.name))
        return node

    def call_procedure(self) -> Node:
        """CALL procedure(arguments)."""
        self.expect("CALL")
        start = self.token
        names = self.path()
        if self.word != "(":
            self.fail("(")
        return CallProcedure(this=self.call(names, start))

    # -- statement sets and plans

    def statement_set(self) -> Node:
        """BEGIN STATEMENT SET; INSERT ...; ... END, and STATEMENT SET BEGIN INSERT ...; ... END."""
        if self.accept("BEGIN"):
            self.expect("STATEMENT", "SET")
            if self.token.token_type is TokenType.END:
                return StatementSetMark(this="BEGIN")
            self.expect(";")
        else:
            self.expect("STATEMENT", "SET", "BEGIN")
        inserts = []
        while self.word != "END":
            if self.word != "INSERT":
                self.fail("INSERT", "END")
            inserts.append(self._commented())
            if self.word != "END":
                self.expect(";")
        if not inserts:
            self.fail("INSERT")
        self.expect("END")
        return StatementSet(expressions=inserts)

    def end_of_set(self) -> Node:
        """END alone."""
        self.expect("END")
        return StatementSetMark(this="END")

    def execute(self) -> Node:
        """EXECUTE STATEMENT SET, EXECUTE PLAN, EXECUTE statement: the last is the statement itself."""
        self.expect("EXECUTE")
        if self.word == "STATEMENT":
            return self.statement_set()
        if self.accept("PLAN"):
            return ExecutePlan(kind="EXECUTE", this=self.string())
        if self.word not in ("SELECT", "WITH", "VALUES", "INSERT", "("):
            self.fail("STATEMENT SET", "PLAN", "INSERT", "SELECT")
        return self.statement()

    def compile_plan(self) -> Node:
        """COMPILE [AND EXECUTE] PLAN 'file' FOR statement."""
        self.expect("COMPILE")
        kind = "COMPILE AND EXECUTE" if self.accept("AND", "EXECUTE") else "COMPILE"
        self.expect("PLAN")
        path = self.string()
        exists = (kind == "COMPILE" and self.if_not_exists()) or None
        self.expect("FOR")
        target = self.statement_set() if self.word == "STATEMENT" else self.insert()
        return ExecutePlan(kind=kind, this=path, exists=exists, expression=target)

    # -- the session

    def set_property(self) -> Node:
        """SET, SET 'k' = 'v', SET k = v."""
        self.expect("SET")
        if self._at_end:
            return SetProperty()
        key = self._word_or_text("=")
        self.expect("=")
        return SetProperty(this=key, expression=self._word_or_text())

    def reset_property(self) -> Node:
        """RESET, RESET 'k'."""
        self.expect("RESET")
        return ResetProperty(this=None if self._at_end else self._word_or_text())

    @property
    def _at_end(self) -> bool:
        return self.word == ";" or self.token.token_type is TokenType.END

    def _word_or_text(self, until: str = ";") -> exp.Literal:
        """A text literal, or the characters up to `until` without quotes around them."""
        if self.token.token_type is TokenType.STRING:
            return self.string()
        start = self.token
        while not self._at_end and self.word != until:
            self.advance()
        if self.token is start:
            self.fail("a text")
        text = self.sql[start.start:self.ahead(-1).end + 1]
        return self.placed(exp.Literal(this=text, is_string=True), start)

    def use(self) -> Node:
        """USE database, USE CATALOG catalog, USE MODULES a, b."""
        self.expect("USE")
        if self.accept("CATALOG"):
            return UseObject(kind="CATALOG", this=exp.Table(this=self.name()))
        if self.accept("MODULES"):
            return UseObject(kind="MODULES", expressions=self.listed(self.name))
        return UseObject(kind="DATABASE", this=self.table_name())

    def module(self) -> Node:
        """LOAD MODULE, UNLOAD MODULE."""
        kind = self.advance().word
        self.expect("MODULE")
        node = LoadModule(kind=kind, this=self.name())
        if kind == "LOAD" and self.accept("WITH"):
            node.set("options", self.options())
        return node

    def jar(self) -> Node:
        """ADD JAR, REMOVE JAR."""
        kind = self.advance().word
        self.expect("JAR")
        return ChangeJars(kind=kind, this=self.string())

    def stop_job(self) -> Node:
        """STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN]."""
        self.expect("STOP", "JOB")
        node = StopJob(this=self.string())
        node.set("savepoint", self.accept("WITH", "SAVEPOINT") or None)
        node.set("drain", self.accept("WITH", "DRAIN") or None)
        return node


_STATEMENTS: dict[str, Callable[[StatementParser], Node]] = {
    "SELECT": StatementParser.query, "WITH": StatementParser.query, "VALUES": StatementParser.query,
    "TABLE": StatementParser.query, "(": StatementParser.query,
    "CREATE": StatementParser.create, "REPLACE": StatementParser.replace_table, "ALTER": StatementParser.alter,
    "DROP": StatementParser.drop, "INSERT": StatementParser.insert, "UPDATE": StatementParser.update,
    "DELETE": StatementParser.delete, "TRUNCATE": StatementParser.truncate, "ANALYZE": StatementParser.analyze,
    "CALL": StatementParser.call_procedure, "BEGIN": StatementParser.statement_set, "END": StatementParser.end_of_set,
    "STATEMENT": StatementParser.statement_set, "EXECUTE": StatementParser.execute,
    "COMPILE": StatementParser.compile_plan, "SET": StatementParser.set_property,
    "RESET": StatementParser.reset_property, "USE": StatementParser.use, "LOAD": StatementParser.module,
    "UNLOAD": StatementParser.module, "ADD": StatementParser.jar, "REMOVE": StatementParser.jar,
    "STOP": StatementParser.stop_job, "SHOW": StatementParser.show, "DESCRIBE": StatementParser.describe,
    "DESC": StatementParser.describe, "EXPLAIN": StatementParser.explain,
}
