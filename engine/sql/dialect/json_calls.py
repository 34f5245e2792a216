"""The JSON functions, whose clauses are a language of their own."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.sql.dialect.calls import CallParser
from engine.sql.dialect.cursor import Node
from engine.sql.dialect.nodes import JsonBehavior, JsonCall


class JsonParser(CallParser):
    """The grammar of JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_OBJECT[AGG] and JSON_ARRAY[AGG]."""

    def special_call(self, word: str) -> Node | None:
        """Adds the JSON functions to those with syntax of their own."""
        handler = _JSON.get(word)
        if handler is None or self.ahead().word != "(":
            return super().special_call(word)
        start = self.advance()
        self.expect("(")
        node = JsonCall(this=word)
        handler(self, node)
        self.expect(")")
        return self.call_clauses(self.placed(node, start), start)

    # -- reading

    def json_value(self, node: JsonCall) -> None:
        """JSON_VALUE(document, path [RETURNING type] [behaviour ON EMPTY] [behaviour ON ERROR])."""
        self._document_and_path(node)
        if self.accept("RETURNING"):
            node.set("returning", self.data_type())
        self._behaviours(node)

    def json_query(self, node: JsonCall) -> None:
        """As JSON_VALUE, with the wrapper between type and behaviours."""
        self._document_and_path(node)
        if self.accept("RETURNING"):
            node.set("returning", self.data_type())
        node.set("wrapper", self._wrapper())
        self._behaviours(node)

    def json_exists(self, node: JsonCall) -> None:
        """JSON_EXISTS(document, path [behaviour ON ERROR])."""
        self._document_and_path(node)
        self._behaviours(node)

    def _document_and_path(self, node: JsonCall) -> None:
        document = self._json_value()
        self.expect(",")
        node.set("expressions", [document, self.expression()])

    def _wrapper(self) -> str | None:
        if self.accept("WITHOUT"):
            self.accept("ARRAY")
            self.expect("WRAPPER")
            return "WITHOUT"
        if not self.accept("WITH"):
            return None
        kind = self.accept_any("CONDITIONAL", "UNCONDITIONAL") or "UNCONDITIONAL"
        self.accept("ARRAY")
        self.expect("WRAPPER")
        return kind

    def _behaviours(self, node: JsonCall) -> None:
        while self.word != ")":
            behaviour = self._behaviour()
            self.expect("ON")
            clause = "on_" + self.expect_any("EMPTY", "ERROR").lower()
            if node.args.get(clause) is not None or (clause == "on_empty" and node.args.get("on_error") is not None):
                self.fail_at(self.ahead(-1), "at most one ON EMPTY, then at most one ON ERROR")
            node.set(clause, behaviour)

    def _behaviour(self) -> JsonBehavior:
        start = self.token
        word = self.expect_any("NULL", "ERROR", "TRUE", "FALSE", "UNKNOWN", "DEFAULT", "EMPTY")
        if word == "EMPTY":
            word += " " + (self.accept_any("ARRAY", "OBJECT") or "ARRAY")
        value = self.expression() if word == "DEFAULT" else None
        return self.placed(JsonBehavior(this=word, expression=value), start)

    # -- building

    def json_object(self, node: JsonCall) -> None:
        """JSON_OBJECT(KEY k VALUE v, ... [NULL | ABSENT ON NULL])."""
        if not self._at_null_clause() and self.word != ")":
            node.set("expressions", self.listed(self._key_value))
        self._null_clause(node)

    def json_object_agg(self, node: JsonCall) -> None:
        """JSON_OBJECTAGG(KEY k VALUE v [NULL | ABSENT ON NULL])."""
        node.set("expressions", [self._key_value()])
        self._null_clause(node)

    def json_array(self, node: JsonCall) -> None:
        """JSON_ARRAY(a, ... [NULL | ABSENT ON NULL])."""
        if not self._at_null_clause() and self.word != ")":
            node.set("expressions", self.listed(self._json_value))
        self._null_clause(node)

    def json_array_agg(self, node: JsonCall) -> None:
        """JSON_ARRAYAGG(a [ORDER BY ...] [NULL | ABSENT ON NULL])."""
        node.set("expressions", [self._json_value()])
        if self.word == "ORDER":
            node.set("order", self.order_by())
        self._null_clause(node)

    def _key_value(self) -> exp.JSONKeyValue:
        start = self.token
        # KEY is no reserved word: a column of that name is told by what follows it.
        if self.word == "KEY" and self.ahead().word not in ("VALUE", ":", ",", ".", "("):
            self.advance()
        key = self.expression()
        if not self.accept(":") and not self.accept(","):
            self.expect("VALUE")
        return self.placed(exp.JSONKeyValue(this=key, expression=self._json_value()), start)

    def _json_value(self) -> Node:
        value = self.expression()
        return exp.FormatJson(this=value) if self.accept("FORMAT", "JSON") else value

    def _at_null_clause(self) -> bool:
        return self.word in ("NULL", "ABSENT") and self.ahead().word == "ON"

    def _null_clause(self, node: JsonCall) -> None:
        if self._at_null_clause():
            node.set("on_null", self.advance().word)
            self.expect("ON", "NULL")


_JSON: dict[str, Callable[[JsonParser, JsonCall], None]] = {
    "JSON_VALUE": JsonParser.json_value, "JSON_QUERY": JsonParser.json_query, "JSON_EXISTS": JsonParser.json_exists,
    "JSON_OBJECT": JsonParser.json_object, "JSON_OBJECTAGG": JsonParser.json_object_agg,
    "JSON_ARRAY": JsonParser.json_array, "JSON_ARRAYAGG": JsonParser.json_array_agg,
}
