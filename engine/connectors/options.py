"""WITH options: known names, values of a kind, errors that say what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from engine.connectors.base import TableOptions
from engine.errors import UserError

_UNITS = {"": 1e-3, "ms": 1e-3, "milli": 1e-3, "millisecond": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0,
          "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0}


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest, as a hint."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1, 0.6)
    return f"did you mean '{near[0]}'?" if near else (f"known are: {', '.join(names)}" if names else None)


class TableConfig:
    """The options of a table, checked against the names its connector knows."""

    def __init__(self, table: TableOptions) -> None:
        self.table = table
        self.values: Mapping[str, str] = table.options

    def check(self, known: Iterable[str], prefixes: tuple[str, ...] = ()) -> None:
        """Refuse options that neither are known nor start with a known prefix."""
        allowed = {"connector", *known}
        for name in self.values:
            if name not in allowed and not name.startswith(prefixes):
                raise UserError("unknown_option",
                                f"table {self.table.name}: connector '{self.values.get('connector')}' has no "
                                f"option '{name}'", hint=suggestion(name, allowed), place=self.table.places.get(name))

    def text(self, name: str, default: str | None = None) -> str:
        """An option; required where there is no default."""
        value = self.values.get(name, default)
        if value is None:
            wrong = next(iter(difflib.get_close_matches(name, self.values, 1, 0.8)), None)
            places = self.table.places
            raise UserError("missing_option", f"table {self.table.name}: option '{name}' is required by connector "
                            f"'{self.values.get('connector')}'",
                            hint=wrong and f"'{wrong}' is given instead: write '{name}'",
                            place=places.get(wrong or "connector"))
        return value

    def optional(self, name: str) -> str | None:
        return self.values.get(name)

    def integer(self, name: str, default: int) -> int:
        """A whole number that is not negative."""
        text = self.values.get(name)
        if text is None:
            return default
        if not text.strip().isdigit():
            raise self.wrong(name, "must be a whole number")
        return int(text)

    def duration(self, name: str, default: float | None = None) -> float | None:
        """Seconds, from '10 s', '5min', '500 ms' as Flink writes them; a bare number is milliseconds."""
        text = self.values.get(name)
        if text is None:
            return default
        match = re.fullmatch(r"(\d+)\s*([a-z]*)", text.strip().lower())
        unit = match[2] if match and match[2] in _UNITS else match[2].removesuffix("s") if match else ""
        if match is None or unit not in _UNITS:
            raise self.wrong(name, "must be a duration such as '10 s'")
        return int(match[1]) * _UNITS[unit]

    def flag(self, name: str, default: bool) -> bool:
        """'true' or 'false'."""
        text = self.values.get(name, str(default)).lower()
        if text not in ("true", "false"):
            raise self.wrong(name, "must be 'true' or 'false'")
        return text == "true"

    def wrong(self, name: str, what: str) -> UserError:
        return UserError("wrong_option", f"table {self.table.name}: option '{name}' = '{self.values.get(name)}' {what}",
                         place=self.table.places.get(name))
