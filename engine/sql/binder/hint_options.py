"""What SQL hints may say: their names, and the options of LOOKUP and STATE_TTL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.errors import Place, UserError
from engine.options import boolean, duration, positive
from engine.sql.names import near_or_all

KNOWN = frozenset("""OPTIONS LOOKUP STATE_TTL MULTI_JOIN BROADCAST SHUFFLE_HASH SHUFFLE_MERGE NEST_LOOP""".split())
RETRY = frozenset(("retry-predicate", "retry-strategy", "fixed-delay", "max-attempts"))
"""All of them or none."""


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def read(text: str, name: str) -> str:
        if text not in allowed:
            raise UserError("bad_hint", f"'{name}' = '{text}' is not possible", hint="it is " + " or ".join(allowed))
        return text

    return read


def _text(text: str, name: str) -> str:
    return text


_LOOKUP: dict[str, Callable[[str, str], object]] = {
    "table": _text, "async": boolean, "output-mode": _one_of("ordered", "allow_unordered"), "capacity": positive,
    "timeout": duration, "shuffle": boolean, "retry-predicate": _one_of("lookup_miss"),
    "retry-strategy": _one_of("fixed_delay"), "fixed-delay": duration, "max-attempts": positive}  # fmt: skip


def check_hint(name: str, options: Mapping[str, str], place: Place | None = None) -> None:
    """UserError "bad_hint" for a hint that means nothing, as Flink refuses it."""
    if name not in KNOWN:
        raise UserError("bad_hint", f"there is no hint {name}", place=place,
                        hint=near_or_all(name, sorted(KNOWN), "hints"))
    try:
        if name == "LOOKUP":
            _check_lookup(options)
        elif name == "STATE_TTL":
            for table, value in options.items():
                duration(value, table)
    except UserError as error:
        raise UserError("bad_hint", f"Invalid {name} hint: {error.message}", hint=error.hint, place=place) from None


def _check_lookup(options: Mapping[str, str]) -> None:
    if "table" not in options:
        raise UserError("bad_hint", "it must name the table that is looked up", hint="LOOKUP('table' = 'name', ...)")
    for name, value in options.items():
        read = _LOOKUP.get(name)
        if read is None:
            raise UserError("bad_hint", f"there is no option '{name}'", hint=near_or_all(name, _LOOKUP, "options"))
        read(value, name)
    given = RETRY & set(options)
    if given and given != RETRY:
        raise UserError("bad_hint", "retry options can be both null or all not null",
                        hint="also say " + ", ".join(f"'{n}'" for n in sorted(RETRY - given)))
