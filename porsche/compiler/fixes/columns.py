"""Fixes for names of columns: another name, here or everywhere after, and a type that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sqlglot import exp

from engine.errors import UserError
from engine.sql.dialect import parse_expression
from porsche.compiler.diagnostics import Fix
from porsche.compiler.fixes.situation import Command, Situation, Wrong, at_path, replaced
from porsche.components.hints import CLOSE, Near
from porsche.components.table import table_name

MOST = 2
"""Names that are offered."""
WORDS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|\$\{[^}]*\}|`(?P<quoted>[^`]*)`|(?P<word>[A-Za-z_]\w*)")
CASTS = ("DOUBLE", "BIGINT", "STRING", "BOOLEAN", "TIMESTAMP(3)")
"""Types that a cast is tried to, in this order."""
MOST_COLUMNS = 6
TEXTS = ("expression", "query")


def other_name(wrong: Wrong) -> Iterator[Fix]:
    """A name that is near the wrong one, or that nothing reads; here, and everywhere after."""
    if wrong.declared is None:
        return
    word, known = _word(wrong)
    close = get_close_matches(word, known, n=MOST, cutoff=CLOSE)
    for name in close or _unread(wrong, word, known):
        value = _renamed(wrong.value, wrong.declared.kind, word, name)
        if value == wrong.value:
            continue
        here = wrong.set(value)
        behind = list(_after(wrong.at, wrong.node, word, name))
        if behind:
            count = len({node for node, _ in behind})
            yield Fix(f"Use '{name}' for '{word}', here and in {count} node{'s' if count > 1 else ''} after it",
                      (here, *(command for _, command in behind)))
        yield Fix(f"Use '{name}' for '{word}'" + (" here only" if behind else ""), (here,))


def without(wrong: Wrong) -> Iterator[Fix]:
    """A list of columns without the one that is wrong."""
    value = wrong.value
    if wrong.declared is None or wrong.declared.kind != "columns" or not isinstance(value, list):
        return
    word = _word(wrong)[0]
    left = [name for name in value if name != word]
    if left and left != value:
        yield Fix(f"Leave out '{word}'", (wrong.set(left),))


def without_taken(wrong: Wrong) -> Iterator[Fix]:
    """A list of columns without those that the rows have already."""
    place = wrong.at.connected.get(wrong.node)
    sources = place.inputs.get("rows", ()) if place else ()
    table = wrong.at.table(sources[0]) if len(sources) == 1 else None
    if table is None or not isinstance(wrong.value, list):
        return
    taken = [name for name in wrong.value if name in table.names]
    left = [name for name in wrong.value if name not in taken]
    if taken and left:
        shown = ", ".join(f"'{name}'" for name in taken)
        yield Fix(f"Leave out {shown}", (wrong.set(left),))


def _word(wrong: Wrong) -> tuple[str, tuple[str, ...]]:
    """The name that is wrong, and those that are known."""
    hint = wrong.diagnostic.hint
    if isinstance(hint, Near):
        return hint.word, hint.known
    own = _own(wrong.at, wrong.node)
    value = at_path(wrong.value, wrong.inside)
    words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return next((str(name) for name in words if name not in own), ""), own


def _own(at: Situation, node: str) -> tuple[str, ...]:
    """The columns that a source declares."""
    component = at.component(node)
    found: list[str] = []
    for name, property in (component.properties() if component else {}).items():
        value = at.nodes[node].properties.get(name)
        if property.kind in ("fields", "expressions") and isinstance(value, dict):
            found += value
    return tuple(found)


def _unread(wrong: Wrong, word: str, known: tuple[str, ...]) -> list[str]:
    """Columns that no node reads, if they are few: a column that was renamed is like that."""
    assert wrong.declared is not None
    source = wrong.at.input(wrong.node, wrong.declared)
    if source is None:
        return []
    read: set[str] = set()
    for node in wrong.at.after(source[0]):
        for value in wrong.at.nodes[node].properties.values() if node in wrong.at.nodes else ():
            read |= set(_names(value))
    times = {*source[1].times(), *source[1].clocks()}
    unread = [name for name in known if name not in read and name not in times]
    return unread if len(unread) <= MOST else []


def _names(value: Any) -> Iterator[str]:
    """Every word in a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
    elif isinstance(value, str):
        yield from (m["word"] or m["quoted"] for m in WORDS.finditer(value) if m["word"] or m["quoted"])


def _after(at: Situation, node: str, old: str, new: str) -> Iterator[tuple[str, Command]]:
    """The commands that rename a column where it goes on from a node, each with its node."""
    carrying = {node} if _carries(at, node, old) else set()
    for name in at.after(node):
        place = at.connected.get(name)
        if place is None:
            continue
        ports = {port for source in carrying for port in at.ports(source, name)}
        if not ports:
            continue
        for property, declared in place.component.properties().items():
            value = place.node.properties.get(property)
            if value is not None and declared.port in ports:
                made = _renamed(value, declared.kind, old, new)
                if made != value:
                    yield name, at.set(name, property, made)
        if _carries(at, name, old):
            carrying.add(name)


def _carries(at: Situation, node: str, column: str) -> bool:
    """Whether a column that comes in goes out under its name: not where the node makes one of this name itself."""
    component = at.component(node)
    if component is None or component.gives != "rows":
        return False
    properties = at.nodes[node].properties
    made = [properties.get(name) for name, p in component.properties().items() if p.kind in ("expressions", "fields")]
    return not any(isinstance(value, dict) and column in value for value in made)


def _renamed(value: Any, kind: str, old: str, new: str) -> Any:
    """A property's value with a column by another name."""
    if kind in TEXTS:
        return in_text(value, old, new) if isinstance(value, str) else value
    if kind in ("column", "time", "columns", "column_lists"):
        return _in_names(value, old, new)
    if kind == "expressions" and isinstance(value, dict):
        return {name: in_text(text, old, new) if isinstance(text, str) else text for name, text in value.items()}
    if kind == "number_lists" and isinstance(value, dict):
        return {new if name == old else name: numbers for name, numbers in value.items()}
    return value


def _in_names(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _in_names(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_names(inner, old, new) for inner in value]
    return new if value == old else value


def in_text(text: str, old: str, new: str) -> str:
    """SQL with a column by another name. Texts, comments, functions and fields of rows stay."""

    def other(match: re.Match[str]) -> str:
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        field = before.endswith(".") and not before[:-1].rstrip().endswith(old)
        if (match["word"] or match["quoted"]) != old or after.startswith("(") or field:
            return match[0]
        return f"`{new}`" if match["quoted"] or not re.fullmatch(r"[A-Za-z_]\w*", new) else new

    return WORDS.sub(other, text)


# ---- types -----------------------------------------------------------------------------------------------------------


def cast(wrong: Wrong) -> Iterator[Fix]:
    """A cast of one column, with which the expression is right."""
    if wrong.declared is None or wrong.declared.kind not in ("expression", "expressions"):
        return
    source = wrong.at.input(wrong.node, wrong.declared)
    text = at_path(wrong.value, wrong.inside)
    if source is None or not isinstance(text, str):
        return
    for column in _columns(text)[:MOST_COLUMNS]:
        for kind in CASTS:
            made = _cast(text, column, kind)
            if _fine(wrong, source[1].name, made):
                yield Fix(f"Cast '{column.name}' to {kind}", (wrong.set(replaced(wrong.value, wrong.inside, made)),))
                break


def _columns(text: str) -> list[exp.Column]:
    """The plain columns of an expression whose places are known, each name once."""
    try:
        tree = parse_expression(text)
    except UserError:
        return []
    found = {c.name: c for c in tree.find_all(exp.Column) if len(c.parts) == 1 and "start" in c.this.meta}
    return list(found.values())


def _cast(text: str, column: exp.Column, kind: str) -> str:
    start, end = column.this.meta["start"], column.this.meta["end"] + 1
    return f"{text[:start]}CAST({text[start:end]} AS {kind}){text[end:]}"


def _fine(wrong: Wrong, table: str, text: str) -> bool:
    try:
        tree = parse_expression(text)
        query = exp.Select(expressions=[tree], from_=exp.From(this=table_name(table)))
        return wrong.at.lowerer.fine(query)
    except UserError:
        return False


# ---- names of functions and types ------------------------------------------------------------------------------------

MEANT = re.compile(r"did you mean '?([A-Za-z_][A-Za-z_0-9]*)'?")


def other_word(wrong: Wrong) -> Iterator[Fix]:
    """The function or type that the engine says was meant."""
    meant, span = MEANT.match(wrong.diagnostic.hint), wrong.found.span
    text = at_path(wrong.value, wrong.inside)
    if meant is None or span is None or not isinstance(text, str) or "${" in text[: span[0]]:
        return  # a parameter's value may be longer than its name
    piece = text[span[0] : span[1]]
    word = re.match(r"[A-Za-z_]\w*", piece)
    if word is not None:
        made = text[: span[0]] + meant[1] + text[span[0] + word.end() :]
        yield Fix(f"Use {meant[1]} for {word[0]}", (wrong.set(replaced(wrong.value, wrong.inside, made)),))
